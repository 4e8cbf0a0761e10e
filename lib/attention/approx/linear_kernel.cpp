#include "attention/approx/linear_kernel.hpp"

#include <algorithm>
#include <cmath>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/scaled_inputs.hpp"

namespace attn::approx {
namespace {

void apply_elu_plus_one(Matrix<double>& x) {
    for (double& value : x.values) value = value > 0 ? value + 1 : std::exp(value);
}

// relu(x) times the cosine, then times the sine of the angle of each row's position.
Matrix<double> turned_features(MatrixView<const double> x, std::ptrdiff_t first, double angle) {
    Matrix<double> features(x.rows, 2 * x.columns);
    for (std::size_t i = 0; i < x.rows; ++i) {
        const double turn = angle * static_cast<double>(static_cast<std::ptrdiff_t>(i) + first);
        for (std::size_t c = 0; c < x.columns; ++c) {
            const double positive = std::max(x.row(i)[c], 0.0);
            features.at(i, c) = positive * std::cos(turn);
            features.at(i, x.columns + c) = positive * std::sin(turn);
        }
    }
    return features;
}

}  // namespace

Factors linear_kernel(const Options& options, const HeadInput& head) {
    const bool scaled = options.flag("scaled");
    Factors factors;
    factors.left = scaled ? root_scaled_queries(head) : times(head.q, 1);
    Matrix<double> keys = scaled ? root_scaled_keys(head) : times(head.k, 1);
    apply_elu_plus_one(factors.left);
    apply_elu_plus_one(keys);
    factors.right = transposed(keys.view());
    return factors;
}

Factors cosformer(const Options& /*options*/, const HeadInput& head) {
    const Sizes& sizes = head.sizes;
    const std::ptrdiff_t length =
        std::max(static_cast<std::ptrdiff_t>(sizes.queries) + sizes.offset,
                 static_cast<std::ptrdiff_t>(sizes.keys));
    const double angle = std::acos(-1.0) / (2 * static_cast<double>(length));
    Factors factors;
    factors.left = turned_features(head.q, sizes.offset, angle);
    factors.right = transposed(turned_features(head.k, 0, angle).view());
    return factors;
}

}  // namespace attn::approx
