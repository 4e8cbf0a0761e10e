#include "analysis/row_sum_watch.hpp"

#include <tuple>

#include "kernels/kernels.hpp"

namespace attn::analysis {

template <class T>
void RowSumWatch::see(FarRow row, Span<const T> weights) {
    std::size_t count = 0;
    // Above any number that is no weight; what is none is refused elsewhere.
    row.sum = kernels<T>().sum_above(weights.data(), weights.size(), T{-1}, &count);
    const double off = row.sum - 1;
    const bool is_far = off > kFar || (off < -kFar && !has_sinks_);
    if (!is_far || row.sum == 0) return;
    const auto place = [](const FarRow& one) {
        return std::tie(one.layer, one.sequence, one.head, one.query);
    };
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!first_ || place(row) < place(*first_)) first_ = row;
}

std::optional<FarRow> RowSumWatch::first() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return first_;
}

template void RowSumWatch::see(FarRow, Span<const float>);
template void RowSumWatch::see(FarRow, Span<const double>);

}  // namespace attn::analysis
