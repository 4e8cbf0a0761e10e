#include "analysis/row_approximation.hpp"

#include <algorithm>
#include <cmath>

#include "attention/approx/weight_limit.hpp"
#include "kernels/kept_kernels.hpp"

namespace attn::analysis {
namespace {

// The largest values of a row in falling order, of equal ones the lower key first.
template <class Value>
class Largest {
  public:
    Largest(std::vector<std::size_t>& top, std::size_t most, const Value& value)
        : top_(top), most_(most), value_(value) {
        top_.clear();
    }

    bool is_larger(std::size_t key) const {
        return top_.size() < most_ || value_(key) > value_(top_.back());
    }
    // Adds a key; keys come in rising order.
    void add(std::size_t key) {
        if (!is_larger(key)) return;
        if (top_.size() == most_) top_.pop_back();
        std::size_t place = top_.size();
        while (place > 0 && value_(key) > value_(top_[place - 1])) --place;
        top_.insert(top_.begin() + static_cast<std::ptrdiff_t>(place), key);
    }

  private:
    std::vector<std::size_t>& top_;
    std::size_t most_;  // 1 or more
    const Value& value_;
};

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

// Rows that keep less than one key in so many are summed key by key.
constexpr std::size_t kFewKept = 4;
// What is lost is the rest of the row, but where that would be rounding and little else.
constexpr double kMuchLost = 1e-3;

KeptSums sum_places(const double* weights, const std::uint32_t* places, std::size_t count) {
    // Several of each sum: an addition need not wait for the one before.
    constexpr std::size_t kLanes = 4;
    double sums[kLanes] = {}, squares[kLanes] = {};
    const auto add = [&](std::size_t i, std::size_t lane) {
        const double weight = weights[places[i]];
        sums[lane] += weight;
        squares[lane] += weight * weight;
    };
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
    for (; i < count; ++i) add(i, 0);
    KeptSums result;
    result.sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    result.squares = (squares[0] + squares[1]) + (squares[2] + squares[3]);
    result.count = count;
    return result;
}

// Sums over what a row keeps of `keys`, and the squares of all else.
KeptSums sums_of(const ExactRow& exact, KeyRange keys, const std::uint8_t* keep,
                 const std::uint32_t* places, std::size_t count) {
    const approx::ExactRows::Row& row = exact.row;
    const double* const weights = row.weights.data();
    if (count == exact.cells) return {exact.sum, exact.squares, 0, count};
    const bool few = count * kFewKept < keys.size();
    KeptSums kept = few ? sum_places(weights + keys.begin, places, count)
                        : kept_kernels<double>().sum_kept(weights + keys.begin, keep, keys.size());
    const double rest = exact.squares - kept.squares;
    if (rest > kMuchLost * exact.squares) {
        kept.lost_squares = rest;
        return kept;
    }
    if (few) kept = kept_kernels<double>().sum_kept(weights + keys.begin, keep, keys.size());
    kept.lost_squares += sum_squares(weights + row.allowed.begin, keys.begin - row.allowed.begin) +
                         sum_squares(weights + keys.end, row.allowed.end - keys.end);
    return kept;
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

namespace {

// Sets row.largest, and returns where among the allowed keys they are.
Span<const std::uint32_t> find_largest(ExactRow& exact, std::size_t wanted) {
    approx::ExactRows::Row& row = exact.row;
    const Span<const double> weights(row.weights.data() + row.allowed.begin, row.allowed.size());
    row.largest_count = std::min(wanted, weights.size());
    const double least = row.largest_count < weights.size()
                             ? approx::limit_of_count(weights, row.largest_count).limit
                             : 0;
    exact.places.resize(std::max(exact.places.size(), weights.size() + kPlacesBehind));
    const std::size_t count = kept_kernels<double>().list_from(weights.data(), weights.size(),
                                                               least, exact.places.data());
    exact.values.resize(count);
    for (std::size_t i = 0; i < count; ++i) exact.values[i] = weights[exact.places[i]];
    row.largest = {exact.values.data(), count};
    return {exact.places.data(), count};
}

// The `most` largest keys among these places, whose weights are row.largest.
void take_top(ExactRow& exact, Span<const std::uint32_t> places, std::size_t most) {
    const approx::ExactRows::Row& row = exact.row;
    const auto weight = [&](std::size_t key) { return row.weights[key]; };
    const double least =
        most < row.largest.size() ? approx::limit_of_count(row.largest, most).limit : 0;
    Largest<decltype(weight)> top(exact.top, most, weight);
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (row.largest[i] >= least) top.add(row.allowed.begin + places[i]);
    }
}

}  // namespace

void look_at_row(ExactRow& exact, std::size_t top_keys, std::size_t wanted) {
    approx::ExactRows::Row& row = exact.row;
    exact.cells = 0;
    exact.sum = 0;
    row.largest = {};
    row.largest_count = 0;
    if (row.allowed.empty()) return;
    const WeightSums sums = kernels<double>().sum_weights(row.weights.data() + row.allowed.begin,
                                                          row.allowed.size(), 0);
    exact.sum = sums.sum;
    exact.squares = sums.squares;
    const std::size_t most = std::max<std::size_t>(top_keys, 1);
    if (row.blocked.empty()) {
        exact.cells = row.allowed.size();
        exact.first = row.allowed.begin;
        take_top(exact, find_largest(exact, std::max(most, wanted)), most);
    } else {
        const auto weight = [&](std::size_t key) { return row.weights[key]; };
        Largest<decltype(weight)> top(exact.top, most, weight);
        for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key) {
            if (!row.may_attend(key)) continue;
            if (exact.cells++ == 0) exact.first = key;
            top.add(key);
        }
        if (exact.cells == 0) return;
    }
    exact.largest = exact.top.front();
    exact.top.resize(std::min(exact.top.size(), top_keys));
}

namespace {

// `is_kept` is asked of the keys with the largest weights.
template <class IsKept>
KeptRow measured(const ExactRow& exact, const KeptSums& kept, const IsKept& is_kept) {
    const approx::ExactRows::Row& row = exact.row;
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
    error.weights_error_squares = (f - 1) * (f - 1) * kept.squares + kept.lost_squares;
    error.mass = exact.sum;
    error.kept_mass = std::min(f, 1.0) * kept.sum;
    error.tv = (std::abs(f - 1) * kept.sum + (exact.sum - kept.sum)) / 2;
    error.row_sum_error = std::abs(f * kept.sum - 1);
    error.top1 = any ? is_kept(exact.largest) : exact.largest == exact.first;
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

}  // namespace

KeptRow keep_row(const ExactRow& exact, KeyRange keys, std::uint8_t* keep, std::uint32_t* places) {
    clear_masked(exact.row, keys, keep);
    const std::size_t count = kept_kernels<double>().list_kept(keep, keys.size(), places);
    return measured(exact, sums_of(exact, keys, keep, places, count), [&](std::size_t key) {
        return keys.contains(key) && keep[key - keys.begin] && exact.row.weights[key] > 0;
    });
}

KeptRow keep_all_of(const ExactRow& exact) {
    return measured(exact, {exact.sum, exact.squares, 0, exact.cells},
                    [&](std::size_t key) { return exact.row.weights[key] > 0; });
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
    error.mass = exact.sum;
    error.kept_mass = kept;
    error.tv = tv / 2;
    error.row_sum_error = std::abs(sum - 1);
    const auto value = [&](std::size_t key) {
        return keys.contains(key) ? implied[key - keys.begin] : 0.0;
    };
    const auto may = [&](std::size_t key) { return row.may_attend(key); };
    std::vector<std::size_t> top;
    Largest<decltype(value)> largest(top, std::max<std::size_t>(exact.top.size(), 1), value);
    for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key) {
        if (largest.is_larger(key) && may(key)) largest.add(key);
    }
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

template <class T>
void compare_context(RowError& error, Span<const T> exact, Span<const T> implied) {
    const PairSums sums = kept_kernels<T>().compare(exact.data(), implied.data(), exact.size());
    error.context_squares = sums.squares;
    error.context_error_squares = sums.differences;
    if (sums.squares == 0) return;
    error.cosine =
        sums.other_squares > 0 ? sums.products / std::sqrt(sums.squares * sums.other_squares) : 0.0;
}

template void compare_context(RowError&, Span<const float>, Span<const float>);
template void compare_context(RowError&, Span<const double>, Span<const double>);

}  // namespace attn::analysis
