#include "analysis/drift.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/observation.hpp"

namespace attn::analysis {

void Drift::add_row(const double* expected, const double* moved, const double* left,
                    std::size_t count, double step) {
    Row row;
    for (std::size_t i = 0; i < count; ++i) {
        const double slope = (moved[i] - expected[i]) / step;
        if (expected[i] <= kMask || !std::isfinite(slope) || !std::isfinite(left[i])) continue;
        row.product += slope * left[i];
        row.square += slope * slope;
        left_ += left[i] * left[i];
        steepest_ = std::max(steepest_, std::abs(slope));
    }
    if (row.square > 0) rows_.push_back(row);
}

double Drift::change() const {
    double product = 0, square = 0;
    for (const Row& row : rows_) {
        product += row.product;
        square += row.square;
    }
    return square > 0 ? product / square : 0;
}

bool Drift::is_real() const {
    // A number in float32 is off by 6e-8 of itself, what comes out of it by a few times that.
    constexpr double kLeast = 1e-6, kClear = 6;
    constexpr std::size_t kFewRows = 6;
    const double change = this->change();
    const double effect = std::abs(change) * steepest_ / unit_;
    if (std::abs(change) < kLeast || effect < kLeast) return false;
    double square = 0, scatter = 0;
    for (const Row& row : rows_) {
        square += row.square;
        scatter += std::pow(row.product - change * row.square, 2);
    }
    if (rows_.size() < kFewRows) {
        // Too few to tell how far chance goes: it must be almost all.
        constexpr double kAlmostAll = 0.98;
        return effect >= 3 * kLeast && change * change * square >= kAlmostAll * left_;
    }
    const double rows = static_cast<double>(rows_.size());
    const double error = std::sqrt(scatter * rows / (rows - 1)) / square;
    return std::abs(change) > kClear * (1 + 6 / rows) * error;
}

}  // namespace attn::analysis
