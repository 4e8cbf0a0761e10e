#include "attention/normalisation_backward.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kRows = 300, kFeatures = 5;  // more rows than a block has

double sum_of_products(const Array<double>& a, const Array<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a.data()[i] * b.data()[i];
    return sum;
}

Array<double> moved(const Array<double>& array, std::size_t place, double by) {
    std::vector<double> values(array.values().begin(), array.values().end());
    values[place] += by;
    return Array<double>(array.shape(), std::move(values));
}

// The largest error of a sample of entries of both gradients.
double worst_norm_error(const Norm<double>& norm) {
    constexpr double step = 1e-5;
    const Array<double> x = random_array<double>({1, kRows, kFeatures}, 1);
    const Array<double> dy = random_array<double>({1, kRows, kFeatures}, 2);
    const NormGradients<double> found = normalise_backward(x, norm, dy);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); i += 7) {
        const double slope = (sum_of_products(normalise(moved(x, i, step), norm), dy) -
                              sum_of_products(normalise(moved(x, i, -step), norm), dy)) /
                             (2 * step);
        worst = std::max(worst, std::abs(slope - found.x.data()[i]));
    }
    for (std::size_t i = 0; i < norm.weight.size(); ++i) {
        Norm<double> up = norm, down = norm;
        up.weight = moved(norm.weight, i, step);
        down.weight = moved(norm.weight, i, -step);
        const double slope =
            (sum_of_products(normalise(x, up), dy) - sum_of_products(normalise(x, down), dy)) /
            (2 * step);
        worst = std::max(worst, std::abs(slope - found.weight.data()[i]));
    }
    return worst;
}

}  // namespace

TEST_CASE("gradients of norms are what central differences say") {
    const Array<double> weight = random_array<double>({kFeatures}, 3);
    const Array<double> bias = random_array<double>({kFeatures}, 4);
    CHECK(worst_norm_error({NormKind::layer, weight, bias, 0, 1e-5}) < 1e-6);
    CHECK(worst_norm_error({NormKind::layer, {}, {}, 0, 1e-2}) < 1e-6);
    CHECK(worst_norm_error({NormKind::rms, weight, {}, 0, 1e-6}) < 1e-6);
    CHECK(worst_norm_error({NormKind::rms, weight, {}, 1, 1e-6}) < 1e-6);
}

TEST_CASE("where there is no norm the gradient passes as it is") {
    const Array<double> x = random_array<double>({1, 2, 3}, 1);
    const Array<double> dy = random_array<double>({1, 2, 3}, 2);
    const NormGradients<double> found = normalise_backward(x, {}, dy);
    CHECK(max_difference(found.x, dy) == 0);
    CHECK(found.weight.empty());
}
