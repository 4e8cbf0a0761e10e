#include "analysis/jacobian.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace attn::analysis {
namespace {

// The row without its largest weight.
struct Row {
    double largest = 0;
    double second = 0;
    double rest = 0;  // δ
    std::vector<double> others;
};

template <class T>
Row split_row(Span<const T> weights, double sink) {
    Row row;
    const auto place = std::max_element(weights.begin(), weights.end());
    row.largest = static_cast<double>(*place);
    row.others.reserve(weights.size());
    row.rest = sink;
    for (const T* weight = weights.begin(); weight != weights.end(); ++weight) {
        if (weight == place || *weight == T{0}) continue;
        const auto value = static_cast<double>(*weight);
        row.others.push_back(value);
        row.rest += value;
        row.second = std::max(row.second, value);
    }
    return row;
}

// The root of Σ p²/(p - λ) = 1 between the two largest weights. Written with δ it is F(λ) = (aδ -
// λ)/(a - λ) + Σ r²/(λ - r) = 0, which falls from one pole to the other; the poles are multiplied
// away for Newton's steps, and a step that leaves the bracket becomes a bisection.
double largest_eigenvalue(const Row& row, double trace) {
    const double a = row.largest, product = row.largest * row.rest;
    if (row.others.empty()) return product;
    if (row.second == a) return a;
    double low = std::max(row.second, product), high = std::min(a, trace);
    if (!(low < high)) return low;
    double at = std::min(high, 2 * product);
    if (!(at > low && at < high)) at = (low + high) / 2;
    constexpr int kMostSteps = 200;
    for (int step = 0; step < kMostSteps && high - low > 1e-15 * high; ++step) {
        double sum = (product - at) / (a - at);
        double slope = (product - a) / ((a - at) * (a - at));
        for (const double r : row.others) {
            const double part = r / (at - r);
            sum += r * part;
            slope -= part * part;
        }
        if (sum == 0) return at;
        (sum > 0 ? low : high) = at;
        const double poles = (at - row.second) * (a - at);
        const double of_poles = a + row.second - 2 * at;
        const double next = at - sum * poles / (slope * poles + sum * of_poles);
        if (std::abs(next - at) <= 1e-15 * at) return next;
        at = next > low && next < high ? next : (low + high) / 2;
    }
    return at;
}

}  // namespace

template <class T>
Jacobian measure_jacobian(Span<const T> weights, double sink, bool spectral) {
    if (weights.empty()) return {};
    const Row row = split_row(weights, sink);
    const double a = row.largest, product = a * row.rest;
    double squares = 0, fourths = 0, diagonal = 0;
    Jacobian jacobian;
    jacobian.trace = product;
    for (const double r : row.others) {
        const double square = r * r, own = r * (1 - r);
        squares += square;
        fourths += square * square;
        diagonal += own * own;
        jacobian.trace += own;
    }
    jacobian.norm =
        std::sqrt(product * product + diagonal + 2 * a * a * squares + squares * squares - fourths);
    if (spectral) jacobian.spectral = largest_eigenvalue(row, jacobian.trace);
    return jacobian;
}

template Jacobian measure_jacobian(Span<const float>, double, bool);
template Jacobian measure_jacobian(Span<const double>, double, bool);

}  // namespace attn::analysis
