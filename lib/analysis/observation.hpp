// What another program produced, and how far it is from what we compute.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "analysis/rounding.hpp"
#include "core/array.hpp"

namespace attn::analysis {

enum class Observed { weights, scores, output };

// Numbers of either type, where they lie: a file of gigabytes is not copied.
class ObservedValues {
  public:
    ObservedValues() = default;
    ObservedValues(Array<double> values) : doubles_(std::move(values)) {}
    ObservedValues(Array<float> values) : floats_(std::move(values)) {}

    const Shape& shape() const { return floats_.empty() ? doubles_.shape() : floats_.shape(); }
    std::size_t extent(std::size_t axis) const { return shape().at(axis); }
    std::size_t size() const { return floats_.empty() ? doubles_.size() : floats_.size(); }
    double operator[](std::size_t i) const {
        return floats_.empty() ? doubles_.data()[i] : static_cast<double>(floats_.data()[i]);
    }

    // Calls action(span) with all numbers in their own type.
    template <class Action>
    auto with_span(const Action& action) const {
        return floats_.empty() ? action(doubles_.values()) : action(floats_.values());
    }

  private:
    Array<double> doubles_;
    Array<float> floats_;
};

struct Observation {
    Observed kind = Observed::weights;
    // weights and scores [batch, heads, queries, keys]; output [batch, queries, d_model]. In scores
    // -inf and anything below kMask is a mask.
    ObservedValues values;
    // Which heads and queries the values are of, in rising order, where those are not all.
    std::vector<std::size_t> heads = {}, queries = {};
    bool mapped = false;  // the values are bytes of a mapped file

    // The head and the query at a place of the values.
    std::size_t head(std::size_t place) const { return heads.empty() ? place : heads[place]; }
    std::size_t query(std::size_t place) const { return queries.empty() ? place : queries[place]; }
};

// Takes the values of a mapped file out of this process's memory; they are read again when needed.
void forget(const Observation& observation);

// Where an item stands in a list in rising order, or would; an empty list holds everything.
std::size_t place_in(const std::vector<std::size_t>& list, std::size_t item);

// Scores at or below it are masked: some programs add -1e4.
constexpr double kMask = -9e3;

// The distance where only one side masks a cell, or only one is NaN.
constexpr double kNoMatch = 1e6;

// In the header, for it is asked of every number.
inline double distance(double a, double b) {
    const bool a_masked = a <= kMask, b_masked = b <= kMask;
    if (a_masked || b_masked) return a_masked == b_masked ? 0 : kNoMatch;
    const double difference = std::abs(a - b);
    if (!std::isnan(difference)) return std::min(difference, kNoMatch);
    return std::isnan(a) && std::isnan(b) ? 0 : kNoMatch;
}

// 1 for weights; for scores and outputs the largest of their finite values.
double unit_of(const Observation& observation);

// What all that was observed was rounded to when it was saved; none where that cannot be told.
Rounding precision_of(const Observation& observation);

// Whether all numbers are the same, of at least two: nothing was written, or it is no attention.
bool is_constant(const Observation& observation);

// The median of any numbers, at least one; changes their order.
double median(std::vector<double>& values);

}  // namespace attn::analysis
