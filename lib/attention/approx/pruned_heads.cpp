#include "attention/approx/pruned_heads.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/scaled_inputs.hpp"

namespace attn::approx {
namespace {

double sum_of_products(MatrixView<const double> a, MatrixView<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.rows; ++i)
        sum += std::inner_product(a.row(i).begin(), a.row(i).end(), b.row(i).begin(), 0.0);
    return sum;
}

double root_of_sum(const Matrix<double>& products, Span<const std::size_t> heads) {
    double sum = 0;
    for (const std::size_t a : heads) {
        for (const std::size_t b : heads) sum += products.at(a, b);
    }
    return std::sqrt(std::max(0.0, sum));
}

double norm_of_layer(const HeadProducts& products) {
    std::vector<std::size_t> all(products.whole.rows);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return root_of_sum(products.whole, all);
}

double ratio(double part, double whole) {
    return whole == 0 ? 0 : part / whole;
}

}  // namespace

HeadProducts head_products(const std::vector<MatrixView<const double>>& contexts,
                           MatrixView<const double> w_o) {
    const std::size_t heads = contexts.size();
    HeadProducts products{Matrix<double>(heads, heads), Matrix<double>(heads, heads)};
    std::vector<Matrix<double>> centred;
    for (const auto& context : contexts) {
        centred.push_back(times(context, 1));
        subtract_mean_row(centred.back());
    }
    for (std::size_t a = 0; a < heads; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            if (w_o.empty() && a != b) continue;  // in columns of their own
            const std::size_t d = contexts[a].columns;
            // C_a W_a (C_b W_b)ᵀ = (C_a W_a W_bᵀ) C_bᵀ, and the middle is [d, d].
            const auto of_head = [&](std::size_t h) {
                return MatrixView<const double>(w_o.row(h * d).data(), d, w_o.columns, w_o.stride);
            };
            const auto sum_through = [&](MatrixView<const double> x, MatrixView<const double> y) {
                if (w_o.empty()) return sum_of_products(x, y);
                const Matrix<double> middle = product_transposed(of_head(a), of_head(b));
                const Matrix<double> moved = product(x, middle.view());
                return sum_of_products(moved.view(), y);
            };
            products.whole.at(a, b) = products.whole.at(b, a) =
                sum_through(contexts[a], contexts[b]);
            products.varying.at(a, b) = products.varying.at(b, a) =
                sum_through(centred[a].view(), centred[b].view());
        }
    }
    return products;
}

std::vector<double> output_shares(const HeadProducts& products) {
    const double layer = norm_of_layer(products);
    std::vector<double> shares(products.whole.rows);
    for (std::size_t h = 0; h < shares.size(); ++h)
        shares[h] = ratio(std::sqrt(products.whole.at(h, h)), layer);
    return shares;
}

std::vector<std::size_t> drop_order(const std::vector<double>& importance) {
    std::vector<std::size_t> order(importance.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return importance[a] < importance[b]; });
    return order;
}

double error_without(const HeadProducts& products, Span<const std::size_t> dropped) {
    return ratio(root_of_sum(products.whole, dropped), norm_of_layer(products));
}

double error_with_means(const HeadProducts& products, Span<const std::size_t> dropped) {
    return ratio(root_of_sum(products.varying, dropped), norm_of_layer(products));
}

}  // namespace attn::approx
