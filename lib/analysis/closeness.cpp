#include "analysis/closeness.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {

bool row_agrees(const Faced& faced, std::size_t first, Rounding saved) {
    for (std::size_t i = first; i < first + faced.width; ++i) {
        const double expected = faced.expected[i];
        if (distance(round_to(saved, expected), faced.seen[i]) > kExact + step_of(saved, expected))
            return false;
    }
    return true;
}

Closeness::Closeness(double unit, Rounding saved, Dropout dropout, bool weights)
    : unit_(unit), saved_(saved), dropout_(dropout), weights_(weights) {}

// How far float32 takes a number from what is expected. A weight moves with its score, so by a
// share of itself; and text has six digits after the point.
double Closeness::allowance(double expected) const {
    constexpr double kOfWeight = 3e-4, kOfText = 6e-7;
    if (!weights_) return kExact * unit_;
    return std::min(kExact, kOfWeight * std::abs(expected) + kOfText);
}

// A number that is no mask, finite on both sides.
void Closeness::add_cell(double expected, double seen) {
    constexpr double kHalf = 0.501, kArithmetic = 0.1;  // of kExact
    const double apart = std::abs(expected - seen);
    cells_ += 1;
    if (saved_ == Rounding::none) {
        worst_over_ = std::max(worst_over_, apart - allowance(expected));
        return;
    }
    const double step = std::max(step_of(saved_, expected), step_of(saved_, seen));
    const double steps = (apart - kArithmetic * kExact * unit_) / step;
    worst_over_ = std::max(worst_over_, apart - allowance(expected) - kHalf * step);
    beyond_ += steps > kHalf ? 1 : 0;
    steps_ = std::max(steps_, steps);
    blurred_steps_ = std::max(blurred_steps_, (apart - step_of(saved_, unit_) / 4) / step);
}

void Closeness::add(const Faced& faced) {
    for (std::size_t first = 0; first < faced.expected.size(); first += faced.width) {
        std::vector<double> expected(
            faced.expected.begin() + static_cast<std::ptrdiff_t>(first),
            faced.expected.begin() + static_cast<std::ptrdiff_t>(first + faced.width));
        const double* const seen = faced.seen.data() + first;
        if (dropout_.factor > 0 && !(dropout_.in_rows && row_agrees(faced, first, saved_))) {
            for (std::size_t i = 0; i < faced.width; ++i)
                expected[i] = seen[i] == 0 ? 0 : expected[i] * dropout_.factor;
        }
        add_row(expected.data(), seen, faced.width);
    }
}

void Closeness::add_row(const double* expected, const double* seen, std::size_t count) {
    double mean = 0, middle = 0, cells = 0;
    const auto counts = [&](std::size_t i) {
        return expected[i] != 0 && expected[i] > kMask && std::isfinite(expected[i]) &&
               std::isfinite(seen[i]);
    };
    for (std::size_t i = 0; i < count; ++i) {
        const double away = distance(round_to(saved_, expected[i]), seen[i]);
        worst_ = std::max(worst_, away);
        // Half of the smallest number, and what float32 and bfloat16 hold without fewer digits.
        const double smallest = saved_ == Rounding::float16 ? 0x1p-25
                                : is_decimal(saved_)        ? step_of(saved_, 1) / 2
                                                            : 2e-38;
        vanished_ = vanished_ || (seen[i] == 0 && expected[i] > 2 * smallest);
        if (expected[i] == 0) on_zeros_ = std::max(on_zeros_, std::abs(seen[i]));
        if (away >= kNoMatch) {
            steps_ = blurred_steps_ = worst_over_ = kNoMatch;
            continue;
        }
        square_ += away * away;
        if (!counts(i)) continue;
        mean += expected[i];
        middle += static_cast<double>(i);
        cells += 1;
        add_cell(expected[i], seen[i]);
    }
    if (cells == 0) return;
    mean /= cells;
    middle /= cells;
    for (std::size_t i = 0; i < count; ++i) {
        if (!counts(i)) continue;
        const double apart = expected[i] - mean, missing = seen[i] - expected[i];
        // A weight moves with its score, and the more the larger it is.
        const double places[] = {apart, expected[i] * (static_cast<double>(i) - middle)};
        variation_ += apart * apart;
        size_ += expected[i] * expected[i];
        by_value_[0] += missing * places[0];
        by_value_[1] += places[0] * places[0];
        by_place_[0] += missing * places[1];
        by_place_[1] += places[1] * places[1];
    }
}

bool Closeness::explains_variation() const {
    constexpr double kUnexplained = 0.25;  // of the squares
    // Of the numbers themselves; of decimals whatever they are.
    const double noise = saved_ == Rounding::none ? 3e-6 : 2 * step_of(saved_, 1);
    if (variation_ <= noise * noise * (is_decimal(saved_) ? cells_ : size_)) return true;
    return square_ <= kUnexplained * variation_;
}

bool Closeness::is_unbiased() const {
    constexpr double kCorrelated = 0.35;
    const auto correlation = [&](const double(&sums)[2]) {
        return sums[1] > 0 && square_ > 0 ? std::abs(sums[0]) / std::sqrt(sums[1] * square_) : 0;
    };
    return correlation(by_value_) < kCorrelated && correlation(by_place_) < kCorrelated;
}

}  // namespace attn::analysis
