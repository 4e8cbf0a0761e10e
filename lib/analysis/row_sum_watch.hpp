// Looks, while rows of weights are read, for the first whose sum is far from one: these may be no
// weights.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>

#include "core/communicator.hpp"

namespace attn::analysis {

struct FarRow {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;
    std::size_t query = 0;
    double sum = 0;
};

class RowSumWatch {
  public:
    // Weights of 16 bits that are summed up are no farther from one.
    static constexpr double kFar = 0.01;

    // `has_sinks`: a sink takes a part of each row, so that sums below one are right.
    explicit RowSumWatch(bool has_sinks) : has_sinks_(has_sinks) {}

    // Where the row stands, and the sum of the keys that it may attend. A row of zeros has no key
    // and no sum. Threads may call it at once.
    void see(const FarRow& row);

    // By layer, sequence, head and query, whatever order they came in.
    std::optional<FarRow> first() const;

  private:
    bool has_sinks_;
    mutable std::mutex mutex_;
    std::optional<FarRow> first_;
};

// What is first on any rank, which the watch of each has seen now.
std::optional<FarRow> first_of_all(const Communicator& ranks, RowSumWatch& watch);

}  // namespace attn::analysis
