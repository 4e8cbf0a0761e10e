#include "analysis/value_matching.hpp"

#include <algorithm>
#include <cmath>

#include "attention/blas.hpp"

namespace attn::analysis {
namespace {

// Solves the symmetric system in place by Cholesky's decomposition; false where it has no one
// solution.
bool solve(std::vector<double>& matrix, std::vector<double>& right) {
    const std::size_t n = right.size();
    const auto at = [&](std::size_t row, std::size_t column) -> double& {
        return matrix[row * n + column];
    };
    for (std::size_t row = 0; row < n; ++row) {
        for (std::size_t column = 0; column <= row; ++column) {
            double sum = at(row, column);
            for (std::size_t i = 0; i < column; ++i) sum -= at(row, i) * at(column, i);
            if (row != column) {
                at(row, column) = sum / at(column, column);
            } else if (sum > 0) {
                at(row, row) = std::sqrt(sum);
            } else {
                return false;
            }
        }
    }
    for (std::size_t row = 0; row < n; ++row) {
        for (std::size_t i = 0; i < row; ++i) right[row] -= at(row, i) * right[i];
        right[row] /= at(row, row);
    }
    for (std::size_t row = n; row-- > 0;) {
        for (std::size_t i = row + 1; i < n; ++i) right[row] -= at(i, row) * right[i];
        right[row] /= at(row, row);
    }
    return true;
}

}  // namespace

std::optional<std::vector<std::size_t>> match_values(const ValueParts& all) {
    const std::size_t unknowns = all.heads * all.heads, cells = all.seen.size();
    std::vector<double> numbers;
    numbers.reserve(unknowns * cells);
    for (const std::vector<double>& part : all.parts)
        numbers.insert(numbers.end(), part.begin(), part.end());
    const MatrixView<const double> parts(numbers.data(), unknowns, cells);
    std::vector<double> products(unknowns * unknowns), shares(unknowns);
    multiply_transposed<double>(1, parts, parts, {products.data(), unknowns, unknowns});
    multiply_transposed<double>(1, parts, {all.seen.data(), 1, cells},
                                {shares.data(), unknowns, 1});
    double largest = 0;
    for (std::size_t i = 0; i < unknowns; ++i)
        largest = std::max(largest, products[i * unknowns + i]);
    constexpr double kRidge = 1e-10;  // parts that are alike share what they explain
    for (std::size_t i = 0; i < unknowns; ++i) products[i * unknowns + i] += kRidge * largest;
    if (!(largest > 0) || !solve(products, shares)) return std::nullopt;
    std::vector<std::size_t> order;
    std::vector<bool> taken(all.heads, false);
    for (std::size_t place = 0; place < all.heads; ++place) {
        const auto first = shares.begin() + static_cast<std::ptrdiff_t>(place * all.heads);
        const auto most = std::max_element(first, first + static_cast<std::ptrdiff_t>(all.heads));
        const auto head = static_cast<std::size_t>(most - first);
        if (taken[head]) return std::nullopt;
        taken[head] = true;
        order.push_back(head);
    }
    return order;
}

std::vector<std::size_t> thin_out(std::size_t numbers, std::size_t most) {
    std::vector<std::size_t> chosen;
    const std::size_t step = std::max<std::size_t>(1, numbers / std::max<std::size_t>(1, most));
    for (std::size_t i = 0; i < numbers; i += step) chosen.push_back(i);
    return chosen;
}

}  // namespace attn::analysis
