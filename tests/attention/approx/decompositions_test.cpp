#include "attention/approx/decompositions.hpp"

#include <catch2/catch.hpp>

#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using attn::test::random_matrix;
using attn::test::relative_error;

TEST_CASE("singular values and vectors make the matrix again") {
    for (const auto& [rows, columns] : {std::pair{5, 3}, std::pair{3, 7}, std::pair{4, 4}}) {
        const Matrix<double> a =
            random_matrix(static_cast<std::size_t>(rows), static_cast<std::size_t>(columns), 3);
        SingularValues parts = decompose(a.view());
        CHECK(std::is_sorted(parts.values.rbegin(), parts.values.rend()));
        CHECK(singular_values(a.view())[1] == Approx(parts.values[1]));
        for (std::size_t t = 0; t < parts.values.size(); ++t) {
            for (double& x : parts.right.row(t)) x *= parts.values[t];
        }
        CHECK(relative_error(product(parts.left.view(), parts.right.view()), a) < 1e-14);
    }
}

TEST_CASE("what is not finite has no singular values") {
    Matrix<double> a = random_matrix(3, 2, 1);
    a.at(1, 1) = std::nan("");
    for (const double value : decompose(a.view()).values) CHECK(std::isnan(value));
    for (const double value : singular_values(a.view())) CHECK(std::isnan(value));
}

TEST_CASE("rows become orthonormal in their order") {
    Matrix<double> rows = random_matrix(4, 4, 5);
    const Matrix<double> before = rows;
    make_orthonormal(rows, 1, 4);
    CHECK(rows.at(0, 2) == before.at(0, 2));
    const Matrix<double> gram = product_transposed(rows.view(), rows.view());
    for (std::size_t i = 1; i < 4; ++i) {
        for (std::size_t j = 1; j < 4; ++j)
            CHECK(gram.at(i, j) == Approx(i == j ? 1.0 : 0.0).margin(1e-15));
    }
    // The first keeps its direction.
    CHECK(rows.at(1, 0) / rows.at(1, 3) == Approx(before.at(1, 0) / before.at(1, 3)));
    CHECK(rows.at(1, 0) * before.at(1, 0) > 0);
}
