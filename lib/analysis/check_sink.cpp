#include "analysis/check_sink.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {
namespace {

constexpr double kFar = 0.5;
constexpr double kSaturated = 0.999;

// The worst cell of one kind in a row.
struct WorstCell {
    double value = 0;
    std::size_t key = 0;
    void see(double offence, std::size_t at) {
        if (offence > value) *this = {offence, at};
    }
};

}  // namespace

struct CheckSink::RowCheck {
    WorstCell not_finite, minus_infinite, below_zero, above_one, largest;
    std::array<WorstCell, kBans> leaks;
    double sum = 0, entropy = 0;
    std::size_t keys = 0, negative = 0;
};

CheckSink::CheckSink(const MaskOptions<float>& mask) : options_(mask) {}
CheckSink::~CheckSink() = default;

void CheckSink::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    first_result_ = results_.size();
    results_.resize(first_result_ + shape.sequences * shape.heads);
    rows_.clear();
    rows_.resize(shape.sequences * shape.heads);
}

// The first rule that forbids a cell which lies outside of what may be attended.
Ban CheckSink::ban_of(std::size_t sequence, std::ptrdiff_t position, std::size_t key,
                      bool masked) const {
    const MaskStructure& structure = options_.structure;
    const auto at = static_cast<std::ptrdiff_t>(key);
    if (structure.causal && at > position) return Ban::causal;
    if (!structure.key_lengths.empty() && key >= structure.key_lengths[sequence])
        return Ban::padding;
    return masked ? Ban::mask : Ban::window;
}

CheckSink::RowCheck CheckSink::check_row(const Tile<float>& tile, std::size_t row) const {
    const std::size_t query = tile.first_query + row;
    const Mask<float> mask(options_, shape_.keys);
    const KeyRange allowed = mask.allowed(tile.sequence, query);
    std::vector<std::uint8_t> masked;
    if (mask.blocks_cells()) {
        std::vector<float> unused(shape_.keys);
        masked.resize(shape_.keys);
        mask.apply(tile.sequence, tile.head, query, {0, shape_.keys}, unused.data(), masked.data());
    }
    const auto& offsets = options_.structure.offsets;
    const std::ptrdiff_t position = static_cast<std::ptrdiff_t>(query) +
                                    (offsets.size() == 1 ? offsets[0] : offsets[tile.sequence]);

    RowCheck check;
    const Span<const float> weights = tile.weights.row(row);
    for (std::size_t key = 0; key < weights.size(); ++key) {
        const auto weight = static_cast<double>(weights[key]);
        const bool is_masked = !masked.empty() && masked[key] != 0;
        const bool is_allowed = allowed.contains(key) && !is_masked;
        check.keys += is_allowed;
        if (!std::isfinite(weight)) {
            if (weight == -INFINITY) check.minus_infinite.see(1, key);
            check.not_finite.see(1, key);
            continue;
        }
        check.sum += weight;
        if (weight > 0) check.entropy -= weight * std::log(weight);
        check.negative += weight < 0;
        check.below_zero.see(-weight, key);
        check.above_one.see(weight - 1, key);
        check.largest.see(weight, key);
        if (!is_allowed && weight != 0) {
            const Ban ban = ban_of(tile.sequence, position, key, is_masked);
            check.leaks[static_cast<std::size_t>(ban)].see(std::abs(weight), key);
        }
    }
    return check;
}

void CheckSink::consume(const Tile<float>& tile) {
    std::vector<RowCheck>* rows = nullptr;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        rows = &rows_[tile.sequence * shape_.heads + tile.head];
        if (rows->empty()) rows->resize(shape_.queries);
    }
    for (std::size_t row = 0; row < tile.rows(); ++row)
        (*rows)[tile.first_query + row] = check_row(tile, row);
}

void CheckSink::end_head(std::size_t sequence, std::size_t place) {
    const std::size_t slot = sequence * shape_.heads + place;
    HeadCheck head;
    head.layer = shape_.layer;
    head.sequence = sequence;
    head.place = place;
    std::size_t favourite = shape_.keys;
    for (std::size_t query = 0; query < shape_.queries; ++query) {
        const RowCheck& row = rows_[slot][query];
        const auto see = [&](Worst& worst, const WorstCell& cell) {
            worst.see(cell.value, query, cell.key);
        };
        see(head.not_finite, row.not_finite);
        see(head.minus_infinite, row.minus_infinite);
        see(head.below_zero, row.below_zero);
        see(head.above_one, row.above_one);
        for (std::size_t ban = 0; ban < kBans; ++ban) see(head.leaks[ban], row.leaks[ban]);
        head.cells += static_cast<double>(shape_.keys);
        head.negative_cells += static_cast<double>(row.negative);

        const double off = std::abs(row.sum - (row.keys > 0 ? 1 : 0));
        if (off > head.row_sum.value) head.row_sum_found = row.sum;
        head.row_sum.see(off, query, 0);
        if (row.keys == 0) continue;
        head.rows += 1;
        head.far_rows += off > kFar;
        if (row.keys < 2) continue;
        head.choosing_rows += 1;
        head.saturated_rows += row.largest.value > kSaturated;
        head.least_entropy =
            std::min(head.least_entropy, row.entropy / std::log(static_cast<double>(row.keys)));
        head.least_largest = std::min(head.least_largest, row.largest.value);
        if (favourite == shape_.keys) favourite = row.largest.key;
        head.one_key = head.one_key && favourite == row.largest.key;
    }
    results_[first_result_ + slot] = head;
    const std::lock_guard<std::mutex> lock(mutex_);
    rows_[slot] = {};
}

}  // namespace attn::analysis
