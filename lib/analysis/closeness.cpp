#include "analysis/closeness.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {

Closeness::Closeness(double unit, Rounding saved, double dropout)
    : unit_(unit), saved_(saved), dropout_(dropout) {}

void Closeness::add(const Faced& faced) {
    for (std::size_t first = 0; first < faced.expected.size(); first += faced.width) {
        std::vector<double> expected(
            faced.expected.begin() + static_cast<std::ptrdiff_t>(first),
            faced.expected.begin() + static_cast<std::ptrdiff_t>(first + faced.width));
        const double* const seen = faced.seen.data() + first;
        if (dropout_ > 0) {
            for (std::size_t i = 0; i < faced.width; ++i)
                expected[i] = seen[i] == 0 ? 0 : expected[i] * dropout_;
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
        if (expected[i] == 0) on_zeros_ = std::max(on_zeros_, std::abs(seen[i]));
        if (away >= kNoMatch) {
            steps_ = blurred_steps_ = kNoMatch;
            continue;
        }
        square_ += away * away;
        if (!counts(i)) continue;
        mean += expected[i];
        middle += static_cast<double>(i);
        cells += 1;
        if (saved_ == Rounding::none) continue;
        const double step = std::max(step_of(saved_, expected[i]), step_of(saved_, seen[i]));
        const double apart = std::abs(expected[i] - seen[i]);
        steps_ = std::max(steps_, (apart - 0.1 * kExact * unit_) / step);
        blurred_steps_ = std::max(blurred_steps_, (apart - step_of(saved_, unit_) / 4) / step);
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
    const double noise =
        saved_ == Rounding::none ? 3e-6 : 2 * step_of(saved_, 1);  // of the numbers themselves
    if (variation_ <= noise * noise * size_) return true;
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
