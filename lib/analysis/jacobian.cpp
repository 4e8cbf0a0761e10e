#include "analysis/jacobian.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

// The row without its largest weight.
struct SplitRow {
    double largest = 0;
    double second = 0;
    double rest = 0;  // δ
    std::vector<double> others;
};

template <class T>
SplitRow split_row(const Kernels<T>& kernels, Span<const T> weights, std::size_t place,
                   double rest) {
    const T* const found = weights.begin() + place;
    const T second = std::max(kernels.largest(weights.begin(), place),
                              kernels.largest(found + 1, weights.size() - place - 1));
    SplitRow row;
    row.largest = static_cast<double>(*found);
    row.second = std::max(0.0, static_cast<double>(second));  // there may be no other
    row.rest = rest;
    if (row.second == 0) return row;
    row.others.resize(weights.size() - 1);
    std::copy(found + 1, weights.end(), std::copy(weights.begin(), found, row.others.begin()));
    return row;
}

// Σ r²/(λ - r), and minus its slope.
struct Secular {
    double sum = 0;
    double slope = 0;
};

Secular secular_at(const std::vector<double>& others, double at) {
    constexpr std::size_t kLanes = 4;  // side by side, so that they go through SIMD
    double sums[kLanes] = {}, slopes[kLanes] = {};
    std::size_t i = 0;
    for (; i + kLanes <= others.size(); i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const double r = others[i + lane], part = r / (at - r);
            sums[lane] += r * part;
            slopes[lane] += part * part;
        }
    }
    for (; i < others.size(); ++i) {
        const double part = others[i] / (at - others[i]);
        sums[0] += others[i] * part;
        slopes[0] += part * part;
    }
    return {sums[0] + sums[1] + sums[2] + sums[3], slopes[0] + slopes[1] + slopes[2] + slopes[3]};
}

// The root of Σ p²/(p - λ) = 1 between the two largest weights. Written with δ it is F(λ) = (aδ -
// λ)/(a - λ) + Σ r²/(λ - r) = 0, which falls from one pole to the other; the poles are multiplied
// away for Newton's steps, and a step that leaves the bracket becomes a bisection.
double largest_eigenvalue(const SplitRow& row, double trace) {
    const double a = row.largest, product = row.largest * row.rest;
    if (row.others.empty()) return product;
    if (row.second == a) return a;
    double low = std::max(row.second, product), high = std::min(a, trace);
    if (!(low < high)) return low;
    double at = std::min(high, 2 * product);
    if (!(at > low && at < high)) at = (low + high) / 2;
    constexpr int kMostSteps = 200;
    for (int step = 0; step < kMostSteps && high - low > 1e-15 * high; ++step) {
        const Secular others = secular_at(row.others, at);
        const double sum = (product - at) / (a - at) + others.sum;
        const double slope = (product - a) / ((a - at) * (a - at)) - others.slope;
        if (sum == 0) return at;
        (sum > 0 ? low : high) = at;
        const double poles = (at - row.second) * (a - at);
        const double of_poles = a + row.second - 2 * at;
        const double next = at - sum * poles / (slope * poles + sum * of_poles);
        const bool inside = next > low && next < high;
        // Newton's next step would be the square of this one.
        if (inside && std::abs(next - at) <= 1e-8 * at) return next;
        at = inside ? next : (low + high) / 2;
    }
    return at;
}

}  // namespace

template <class T>
Jacobian measure_jacobian(Span<const T> weights, double sink, bool spectral) {
    if (weights.empty()) return {};
    const Kernels<T>& kernels = attn::kernels<T>();
    const T largest = kernels.largest(weights.data(), weights.size());
    const T* found = std::find(weights.begin(), weights.end(), largest);
    if (found == weights.end()) {  // no numbers, which is not a row that lets nothing through
        constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
        return {kNone, kNone, kNone, kNone};
    }
    const auto place = static_cast<std::size_t>(found - weights.begin());
    const PowerSums before = kernels.power_sums(weights.data(), place);
    const PowerSums behind = kernels.power_sums(found + 1, weights.size() - place - 1);
    // Sums over all but the largest, each of which is at most 1/2: these differences lose nothing.
    const double first = before.first + behind.first, second = before.second + behind.second;
    const double third = before.third + behind.third, fourth = before.fourth + behind.fourth;
    const auto a = static_cast<double>(largest);
    const double rest = first + sink, product = a * rest;
    Jacobian jacobian;
    jacobian.largest = a;
    jacobian.trace = product + first - second;
    jacobian.norm = std::sqrt(product * product + (second - 2 * third + fourth) +
                              2 * a * a * second + (second * second - fourth));
    if (spectral)
        jacobian.spectral =
            largest_eigenvalue(split_row(kernels, weights, place, rest), jacobian.trace);
    return jacobian;
}

template Jacobian measure_jacobian(Span<const float>, double, bool);
template Jacobian measure_jacobian(Span<const double>, double, bool);

}  // namespace attn::analysis
