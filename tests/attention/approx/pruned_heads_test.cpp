#include "attention/approx/pruned_heads.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/decompositions.hpp"
#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

TEST_CASE("errors without heads are those of the outputs themselves") {
    const Matrix<double> a = random_matrix(5, 2, 1), b = random_matrix(5, 2, 2),
                         c = random_matrix(5, 2, 3);
    const Matrix<double> w_o = random_matrix(6, 4, 4);
    const auto output = [&](const Matrix<double>& context, std::size_t head) {
        return product(context.view(), {w_o.row(2 * head).data(), 2, 4});
    };
    const Matrix<double> of_a = output(a, 0), of_b = output(b, 1), of_c = output(c, 2);
    Matrix<double> whole = of_a, left = of_b, constant = of_b;
    for (std::size_t i = 0; i < whole.values.size(); ++i) {
        left.values[i] += of_c.values[i];
        whole.values[i] += left.values[i];
        double mean = 0;
        for (std::size_t r = 0; r < 5; ++r) mean += of_a.at(r, i % 4) / 5;
        constant.values[i] = left.values[i] + mean;
    }
    const HeadProducts products = head_products({a.view(), b.view(), c.view()}, w_o.view());
    CHECK(error_without(products, std::vector<std::size_t>{0}) ==
          Approx(relative_error(left, whole)));
    CHECK(error_with_means(products, std::vector<std::size_t>{0}) ==
          Approx(relative_error(constant, whole)));
    CHECK(output_shares(products)[0] == Approx(relative_error(left, whole)));
    CHECK(error_without(products, std::vector<std::size_t>{}) == 0);
    CHECK(error_without(products, std::vector<std::size_t>{0, 1, 2}) == Approx(1));
}

TEST_CASE("without an output projection heads stand side by side") {
    Matrix<double> a(1, 1), b(1, 1);
    a.values = {3};
    b.values = {4};
    const std::vector<double> shares = output_shares(head_products({a.view(), b.view()}, {}));
    CHECK(shares[0] == Approx(0.6));
    CHECK(shares[1] == Approx(0.8));
}

TEST_CASE("the least important heads are dropped first, of equal ones the lower") {
    CHECK(drop_order({0.5, 0.1, 0.5, 0.1}) == std::vector<std::size_t>{1, 3, 0, 2});
}
