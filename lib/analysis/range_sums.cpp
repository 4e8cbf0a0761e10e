#include "analysis/range_sums.hpp"

#include <algorithm>
#include <cassert>

namespace attn::analysis {
namespace {

// Calls take(node) for the nodes that make up a range, at most two of each level.
template <class Take>
void for_nodes(std::size_t size, KeyRange range, const Take& take) {
    assert(range.end <= size);
    std::size_t first = size + range.begin, end = size + range.end;
    for (; first < end; first /= 2, end /= 2) {
        if (first % 2 == 1) take(first++);
        if (end % 2 == 1) take(--end);
    }
}

}  // namespace

void RangeSums::add(KeyRange range, double number) {
    if (range.empty()) return;
    for_nodes(size_, range, [&](std::size_t node) { nodes_[node] += number; });
}

std::vector<double> RangeSums::places() const {
    std::vector<double> all = nodes_;
    for (std::size_t node = 1; node < size_; ++node) {
        all[2 * node] += all[node];
        all[2 * node + 1] += all[node];
    }
    return {all.begin() + static_cast<std::ptrdiff_t>(size_), all.end()};
}

RangeSums RangeSums::of(const std::vector<double>& numbers) {
    RangeSums sums(numbers.size());
    std::copy(numbers.begin(), numbers.end(),
              sums.nodes_.begin() + static_cast<std::ptrdiff_t>(sums.size_));
    for (std::size_t node = sums.size_; node-- > 1;)
        sums.nodes_[node] = sums.nodes_[2 * node] + sums.nodes_[2 * node + 1];
    return sums;
}

double RangeSums::sum(KeyRange range) const {
    double all = 0;
    if (range.empty()) return all;
    for_nodes(size_, range, [&](std::size_t node) { all += nodes_[node]; });
    return all;
}

}  // namespace attn::analysis
