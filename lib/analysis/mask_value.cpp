#include "analysis/mask_value.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace attn::analysis {

MaskValueEstimate::MaskValueEstimate(Observed kind, bool fills, double allowance)
    : kind_(kind), fills_(fills), allowance_(allowance) {}

void MaskValueEstimate::add(const Faced& right, const Faced& open) {
    const DenseCells& cells = right.block.cells;
    if (right.width != cells.keys.size()) return;
    const std::size_t rows = cells.heads.size() * cells.queries.size();
    for (std::size_t row = 0; row < rows; ++row) add_row(cells, row, right, open);
}

// A masked weight beside the largest that is allowed tells the difference of their scores.
void MaskValueEstimate::add_row(const DenseCells& cells, std::size_t row, const Faced& right,
                                const Faced& open) {
    const std::size_t keys = cells.keys.size(), first = row * keys;
    const double* const seen = right.seen.data() + first;
    const double* const scores = open.block.scores.data() + first;
    const std::uint8_t* const allowed = right.block.allowed.data() + first;
    std::size_t top = keys;
    for (std::size_t key = 0; key < keys; ++key) {
        if (allowed[key] && (top == keys || seen[key] > seen[top])) top = key;
    }
    for (std::size_t key = 0; key < keys; ++key) {
        if (allowed[key] || !std::isfinite(seen[key])) continue;
        const double shift = fills_ ? 0 : scores[key];
        if (kind_ == Observed::scores) {
            if (seen[key] > kMask) values_.push_back(seen[key] - shift);
            continue;
        }
        if (!(seen[key] > 0)) continue;
        if (seen[key] > largest_) {
            largest_ = seen[key];
            place_ = {cells.sequence, cells.heads[row / cells.queries.size()],
                      cells.queries[row % cells.queries.size()], cells.keys[key]};
        }
        if (top == keys) {
            empty_rows_ = true;
        } else if (seen[top] > 0) {
            values_.push_back(std::log(seen[key] / seen[top]) + scores[top] - shift);
        }
    }
}

std::optional<double> MaskValueEstimate::value() {
    if (values_.empty()) return std::nullopt;
    const double value = median(values_);
    std::vector<double> apart;
    for (const double one : values_) apart.push_back(std::abs(one - value));
    if (!std::isfinite(value) || !(median(apart) <= allowance_)) return std::nullopt;
    return value;
}

std::string MaskValueEstimate::leak() const {
    if (!(largest_ > 0)) return "";
    char text[160];
    std::snprintf(
        text, sizeof text, "masked keys get weight, up to %.3g at %shead %zu, query %zu, key %zu",
        largest_,
        place_.sequence == 0 ? "" : ("seq " + std::to_string(place_.sequence) + ", ").c_str(),
        place_.head, place_.query, place_.key);
    return text;
}

}  // namespace attn::analysis
