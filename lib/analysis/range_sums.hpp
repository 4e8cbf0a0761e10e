// Sums over ranges of numbers that are not negative, of sums of parts and never of differences: so
// a small sum keeps its digits beside large ones. O(log n) a range.
#pragma once

#include <cstddef>
#include <vector>

#include "attention/tile.hpp"

namespace attn::analysis {

// A tree over places 0 … size - 1: each node stands for the two below it.
class RangeSums {
  public:
    explicit RangeSums(std::size_t size) : size_(size), nodes_(2 * size) {}

    // Adds a number to every place of a range; `places` then gives what each place has, [size].
    void add(KeyRange range, double number);
    std::vector<double> places() const;

    // Sums of these numbers [size], over the ranges that are asked for.
    static RangeSums of(const std::vector<double>& numbers);
    double sum(KeyRange range) const;

  private:
    std::size_t size_;
    std::vector<double>
        nodes_;  // node i stands for nodes 2 i and 2 i + 1; place p is node size + p
};

}  // namespace attn::analysis
