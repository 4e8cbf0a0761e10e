#include "analysis/row_approximation.hpp"

#include <algorithm>
#include <cmath>

#include "attention/approx/weight_limit.hpp"
#include "kernels/kept_kernels.hpp"

namespace attn::analysis {
namespace {

// The largest values of a row in falling order, of equal ones the lower key first.
template <class Value, class May>
void collect_largest(std::vector<std::size_t>& top, std::size_t most, KeyRange keys,
                     const Value& value, const May& may) {
    top.clear();
    if (most == 0) return;
    for (std::size_t key = keys.begin; key < keys.end; ++key) {
        if (top.size() == most && !(value(key) > value(top.back()))) continue;
        if (!may(key)) continue;
        if (top.size() == most) top.pop_back();
        std::size_t place = top.size();
        while (place > 0 && value(key) > value(top[place - 1])) --place;
        top.insert(top.begin() + static_cast<std::ptrdiff_t>(place), key);
    }
}

double sum_squares(const double* values, std::size_t size) {
    return size == 0 ? 0 : kernels<double>().sum_weights(values, size, 0).squares;
}

// Bits of keys that a mask array forbids are cleared.
void clear_masked(const approx::ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) {
    if (row.blocked.empty()) return;
    for (std::size_t key = keys.begin; key < keys.end; ++key) {
        if (row.blocked[key]) keep[key - keys.begin] = 0;
    }
}

double log_ratio(double a, double b) {
    return a > 0 ? a * std::log(a / b) : 0.0;
}

// The Jensen-Shannon divergence's share of one cell, in bits; both are 0 or more.
double cell_divergence(double a, double b) {
    const double middle = (a + b) / 2;
    if (!(middle > 0)) return 0;
    return (log_ratio(a, middle) + log_ratio(b, middle)) / 2 / std::log(2.0);
}

}  // namespace

void look_at_row(ExactRow& exact, std::size_t top_keys) {
    const approx::ExactRows::Row& row = exact.row;
    const auto weight = [&](std::size_t key) { return row.weights[key]; };
    const auto may = [&](std::size_t key) { return row.may_attend(key); };
    exact.cells = 0;
    exact.sum = 0;
    if (row.allowed.empty()) return;
    if (row.blocked.empty()) {
        exact.cells = row.allowed.size();
    } else {
        for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key)
            exact.cells += may(key);
    }
    if (exact.cells == 0) return;
    exact.first = row.allowed.begin;
    while (!may(exact.first)) ++exact.first;
    const WeightSums sums = kernels<double>().sum_weights(row.weights.data() + row.allowed.begin,
                                                          row.allowed.size(), 0);
    exact.sum = sums.sum;
    exact.squares = sums.squares;
    const std::size_t most = std::max<std::size_t>(top_keys, 1);
    const auto weights =
        Span<const double>(row.weights.data() + row.allowed.begin, row.allowed.size());
    // Most weights are too small to be among them, whoever may be attended.
    const double least = most < weights.size() ? approx::limit_of_count(weights, most).limit : 0;
    if (row.blocked.empty())
        collect_largest(exact.top, most, row.allowed, weight,
                        [&](std::size_t key) { return row.weights[key] >= least; });
    else
        collect_largest(exact.top, most, row.allowed, weight, may);
    exact.largest = exact.top.front();
    exact.top.resize(std::min(exact.top.size(), top_keys));
}

KeptRow keep_row(const ExactRow& exact, KeyRange keys, std::uint8_t* keep) {
    const approx::ExactRows::Row& row = exact.row;
    clear_masked(row, keys, keep);
    const double* const weights = row.weights.data();
    const KeptSums kept = kept_kernels<double>().sum_kept(weights + keys.begin, keep, keys.size());
    const double lost_squares =
        kept.lost_squares +
        sum_squares(weights + row.allowed.begin, keys.begin - row.allowed.begin) +
        sum_squares(weights + keys.end, row.allowed.end - keys.end);

    KeptRow result;
    RowError& error = result.error;
    error.query = row.query;
    error.cells = exact.cells;
    error.kept = kept.count;
    const double all = kept.sum + row.missing;
    const bool any = kept.sum > 0 && all > 0;
    // All that is kept is as it was, whatever sums of weights round to.
    const double f = kept.count == exact.cells ? 1 : any ? 1 / all : 0;
    result.factor = f;
    error.weights_squares = exact.squares;
    error.weights_error_squares = (f - 1) * (f - 1) * kept.squares + lost_squares;
    error.kept_mass = std::min(f, 1.0) * kept.sum;
    error.tv = (std::abs(f - 1) * kept.sum + (exact.sum - kept.sum)) / 2;
    error.row_sum_error = std::abs(f * kept.sum - 1);
    const auto is_kept = [&](std::size_t key) {
        return keys.contains(key) && keep[key - keys.begin] && row.weights[key] > 0;
    };
    const bool zero_row = !any;
    error.top1 = zero_row ? exact.largest == exact.first : is_kept(exact.largest);
    std::size_t common = 0;
    for (const std::size_t key : exact.top) common += any && is_kept(key);
    error.top = exact.top.empty()
                    ? kNoMeasure
                    : static_cast<double>(common) / static_cast<double>(exact.top.size());
    // Where the missing mass is a key of its own, both sides always sum to 1.
    const bool same_sums = row.missing != 0 || (any && std::abs(1 - exact.sum) <= 1e-6);
    if (!same_sums || !(all > 0)) return result;
    if (any) {
        const double g = std::log(2 / (1 + f));
        const double lost = (exact.sum - kept.sum) * std::log(2.0);
        error.kl = std::log(f);
        error.js = std::max(0.0, (all * g + lost + std::log(f) + g) / 2 / std::log(2.0));
        if (row.missing >= 0) error.kl = std::max(0.0, error.kl);
    } else if (row.missing > 0) {
        // All that is left is the missing mass.
        error.kl = -std::log(row.missing);
        error.js = exact.sum / 2 + cell_divergence(1, row.missing);
    }
    return result;
}

RowError compare_row(const ExactRow& exact, KeyRange keys, Span<const double> implied) {
    const approx::ExactRows::Row& row = exact.row;
    RowError error;
    error.query = row.query;
    error.cells = exact.cells;
    error.kept = exact.cells;
    error.weights_squares = exact.squares;
    double sum = 0, kept = 0, tv = 0, kl = 0, js = 0, lost = 0;
    bool negative = false;
    const auto add = [&](std::size_t key, double other) {
        const double weight = row.weights[key];
        lost += (other - weight) * (other - weight);
        tv += std::abs(other - weight);
        sum += other;
        if (other < 0) {
            negative = true;
            error.negative_mass -= other;
            return;
        }
        kept += std::min(weight, other);
        js += cell_divergence(weight, other);
        if (other > 0) {
            const double log_weight =
                exact.log_weights.empty() ? std::log(weight) : exact.log_weights[key];
            kl += other * (std::log(other) - log_weight);
        }
    };
    for (std::size_t key = keys.begin; key < keys.end; ++key) {
        const double other = implied[key - keys.begin];
        add(key, other);
        if (other > error.leak && !row.may_attend(key)) error.leak = other;
    }
    for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key) {
        if (!keys.contains(key)) add(key, 0);
    }
    error.weights_error_squares = lost;
    error.kept_mass = kept;
    error.tv = tv / 2;
    error.row_sum_error = std::abs(sum - 1);
    const auto value = [&](std::size_t key) {
        return keys.contains(key) ? implied[key - keys.begin] : 0.0;
    };
    const auto may = [&](std::size_t key) { return row.may_attend(key); };
    std::vector<std::size_t> top;
    collect_largest(top, std::max<std::size_t>(exact.top.size(), 1), row.allowed, value, may);
    error.top1 = top.front() == exact.largest;
    std::size_t common = 0;
    for (const std::size_t key : top) {
        const bool member = std::find(exact.top.begin(), exact.top.end(), key) != exact.top.end();
        common += member && value(key) > 0;
    }
    error.top = exact.top.empty()
                    ? kNoMeasure
                    : static_cast<double>(common) / static_cast<double>(exact.top.size());
    const double missing = row.missing != 0 ? 1 - sum : 0;
    const bool same_sums =
        row.missing != 0 ? missing >= 0 && row.missing > 0 : std::abs(sum - exact.sum) <= 1e-6;
    if (negative || !same_sums) return error;
    if (row.missing != 0) {
        kl += log_ratio(missing, row.missing);
        js += cell_divergence(row.missing, missing);
    }
    error.kl = std::isfinite(kl) ? kl : kNoMeasure;
    error.js = js;
    return error;
}

template <class T, class U>
void compare_context(RowError& error, Span<const T> exact, Span<const U> implied) {
    // Several of each sum: an addition need not wait for the one before.
    constexpr std::size_t kLanes = 4;
    double sums[4][kLanes] = {};
    const auto add = [&](std::size_t i, std::size_t lane) {
        const auto a = static_cast<double>(exact[i]), b = static_cast<double>(implied[i]);
        sums[0][lane] += a * a;
        sums[1][lane] += b * b;
        sums[2][lane] += (a - b) * (a - b);
        sums[3][lane] += a * b;
    };
    std::size_t i = 0;
    for (; i + kLanes <= exact.size(); i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
    for (; i < exact.size(); ++i) add(i, 0);
    const auto total = [&](std::size_t k) {
        return (sums[k][0] + sums[k][1]) + (sums[k][2] + sums[k][3]);
    };
    const double squares = total(0), other_squares = total(1), lost = total(2), product = total(3);
    error.context_squares = squares;
    error.context_error_squares = lost;
    if (squares == 0) return;
    error.cosine = other_squares > 0 ? product / std::sqrt(squares * other_squares) : 0.0;
}

template void compare_context(RowError&, Span<const float>, Span<const float>);
template void compare_context(RowError&, Span<const double>, Span<const double>);

}  // namespace attn::analysis
