#include "analysis/differences.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {

namespace {

constexpr std::size_t kMostRatios = 100000;  // more tell nothing new

// The place of the value with this number: an index for each axis, among all heads and queries.
Shape place_of(const Observation& observation, std::size_t number) {
    Shape place = index_of(number, observation.values.shape());
    const bool output = observation.kind == Observed::output;
    if (!output) place[1] = observation.head(place[1]);
    std::size_t& query = place[output ? 1 : 2];
    query = observation.query(query);
    return place;
}

// The median, where half of all are near to it.
double usual_ratio(std::vector<double> ratios) {
    constexpr double kNear = 0.01;
    if (ratios.size() < 2) return 0;
    const double middle = median(ratios);
    const auto near = std::count_if(ratios.begin(), ratios.end(), [&](double ratio) {
        return std::abs(ratio - middle) <= kNear * std::abs(middle);
    });
    return 2 * static_cast<std::size_t>(near) >= ratios.size() ? middle : 0;
}

}  // namespace

NonFinite find_non_finite(const Observation& observation) {
    constexpr std::size_t kFew = 8;
    const ObservedValues& values = observation.values;
    const std::size_t width = values.shape().back();
    NonFinite found;
    for (std::size_t first = 0; first < values.size(); first += width) {
        std::size_t nan = 0;
        for (std::size_t i = first; i < first + width; ++i) {
            const double value = values[i];
            const bool masked = observation.kind == Observed::scores && value <= kMask;
            if (std::isfinite(value) || masked) continue;
            if (found.count() == 0) found.first = place_of(observation, i);
            (std::isnan(value) ? nan : found.infinite) += 1;
            if (std::isnan(value)) ++found.nan;
        }
        if (nan < width) {
            found.in_parts += nan;
            continue;
        }
        if (found.whole_rows++ >= kFew) continue;
        Shape row = place_of(observation, first);
        row.pop_back();
        found.rows.push_back(std::move(row));
    }
    return found;
}

DifferenceCount::DifferenceCount(const Observation& observation, double tolerance, double of_zeros,
                                 Rounding saved)
    : observation_(observation), tolerance_(tolerance), of_zeros_(of_zeros), saved_(saved) {
    const Shape& shape = observation.values.shape();
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        const std::size_t last = place_of(observation, observation.values.size() - 1)[axis];
        counts_.emplace_back(std::max(shape[axis], last + 1));
    }
    result_.cells = observation.values.size();
}

double DifferenceCount::times_allowed(double away, double expected) const {
    if (expected != 0) return away / (tolerance_ + step_of(saved_, expected) / 2);
    if (of_zeros_ > 0) return away / of_zeros_;
    // Nothing is allowed, and yet it counts how much it is.
    return away > 0 ? std::max(std::nextafter(1.0, 2.0), away / tolerance_) : 0;
}

void DifferenceCount::add(const Piece& piece, const Faced& faced) {
    const bool output = observation_.kind == Observed::output;
    for (std::size_t first = 0; first < faced.expected.size(); first += faced.width) {
        const std::size_t row = first / faced.width;
        Shape place{piece.sequence};
        if (!output) place.push_back(piece.heads[row / piece.rows.size()]);
        place.push_back(piece.rows[row % piece.rows.size()]);
        place.push_back(0);
        double sum = 0;
        for (std::size_t i = first; i < first + faced.width; ++i) {
            const double expected = faced.expected[i], seen = faced.seen[i];
            sum += seen;
            const double away = distance(expected, seen);
            const double times = times_allowed(away, expected);
            place.back() = i - first;
            if (times > farthest_) {
                farthest_ = times;
                result_.place = place;
                result_.expected = expected;
                result_.observed = seen;
            }
            if (!(times > 1)) continue;
            ++result_.differing;
            for (std::size_t axis = 0; axis < place.size(); ++axis) ++counts_[axis][place[axis]];
            if (!std::isfinite(seen)) continue;
            result_.finite_agree = false;
            if (away >= kNoMatch) continue;
            square_ += away * away;
            result_.largest = std::max(result_.largest, away);
            result_.above += seen > expected ? 1 : 0;
            if (expected != 0 && ratios_.size() < kMostRatios) ratios_.push_back(seen / expected);
        }
        if (observation_.kind != Observed::weights || !std::isfinite(sum)) continue;
        result_.lowest_sum = std::min(result_.lowest_sum, sum);
        result_.highest_sum = std::max(result_.highest_sum, sum);
    }
}

Differences DifferenceCount::differences() const {
    Differences result = result_;
    if (result.differing > 0)
        result.typical = std::sqrt(square_ / static_cast<double>(result.differing));
    result.ratio = usual_ratio(ratios_);
    for (const std::vector<std::size_t>& counts : counts_) {
        Affected axis;
        axis.of = observation_.values.extent(result.axes.size());
        for (std::size_t i = 0; i < counts.size(); ++i) {
            if (counts[i] == 0) continue;
            if (axis.count++ == 0) axis.first = i;
            axis.last = i;
        }
        result.axes.push_back(axis);
    }
    return result;
}

}  // namespace attn::analysis
