#include "analysis/row_sum_watch.hpp"

#include <tuple>
#include <vector>

#include "core/byte_text.hpp"

namespace attn::analysis {

void RowSumWatch::see(const FarRow& row) {
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

std::optional<FarRow> first_of_all(const Communicator& ranks, RowSumWatch& watch) {
    ByteWriter own;
    std::vector<FarRow> rows;
    if (const auto row = watch.first()) rows.push_back(*row);
    own.put(rows);
    for (const std::string& bytes : ranks.gather_all(own.bytes())) {
        ByteReader(bytes).take(rows);
        for (const FarRow& row : rows) watch.see(row);
    }
    return watch.first();
}

}  // namespace attn::analysis
