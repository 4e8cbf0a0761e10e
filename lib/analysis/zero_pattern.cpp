#include "analysis/zero_pattern.hpp"

#include <algorithm>

namespace attn::analysis {
namespace {

constexpr std::size_t kPlaces = 3;

// The distance from the position to one end of what a row attends, if it is the same in all rows
// that the window cuts, and all others are too near to the end of the keys to be cut.
std::optional<std::ptrdiff_t> side(const std::vector<RowZeros>& rows, bool left) {
    std::optional<std::ptrdiff_t> reach;
    std::size_t cut = 0;
    const auto distance = [&](const RowZeros& row, std::size_t key) {
        const std::ptrdiff_t ahead = static_cast<std::ptrdiff_t>(key) - row.position;
        return left ? -ahead : ahead;
    };
    const auto end_of = [&](const RowZeros& row) {
        return left ? row.allowed.begin : row.allowed.end - 1;
    };
    for (const RowZeros& row : rows) {
        if (!row.attends) continue;
        const std::size_t key = left ? row.first : row.last;
        if (key == end_of(row)) continue;
        const std::ptrdiff_t found = distance(row, key);
        if (reach && *reach != found) return std::nullopt;
        reach = found;
        ++cut;
    }
    if (cut < 2) return std::nullopt;
    for (const RowZeros& row : rows) {
        if (row.attends && distance(row, end_of(row)) > *reach &&
            (left ? row.first : row.last) == end_of(row))
            return std::nullopt;
    }
    return reach;
}

// The usual row, without a branch for each cell.
template <class T>
bool has_no_zero(Span<const T> weights, KeyRange keys) {
    unsigned zeros = 0;
    for (std::size_t key = keys.begin; key < keys.end; ++key)
        zeros |= static_cast<unsigned>(weights[key] == 0);
    return zeros == 0;
}

}  // namespace

template <class T>
RowZeros zeros_of(Span<const T> weights, KeyRange allowed, const std::uint8_t* masked,
                  std::ptrdiff_t position) {
    RowZeros row;
    row.position = position;
    row.allowed = allowed;
    if (masked == nullptr && !allowed.empty() && has_no_zero(weights, allowed)) {
        const auto place = static_cast<std::size_t>(
            std::clamp<std::ptrdiff_t>(position, static_cast<std::ptrdiff_t>(allowed.begin),
                                       static_cast<std::ptrdiff_t>(allowed.end)));
        row.attends = true;
        row.first = allowed.begin;
        row.last = allowed.end - 1;
        row.before = place - allowed.begin;
        row.self = position >= 0 && allowed.contains(static_cast<std::size_t>(position)) ? 1 : 0;
        row.after = allowed.size() - row.before - row.self;
        row.first_after = allowed.end - row.after;
        return row;
    }
    for (std::size_t key = allowed.begin; key < allowed.end; ++key) {
        if (masked != nullptr && masked[key] != 0) continue;
        const auto weight = static_cast<double>(weights[key]);
        if (weight == 0) {
            if (row.zeros++ == 0) row.first_zero = key;
            continue;
        }
        if (weight > 0) row.smallest = std::min(row.smallest, weight);
        if (!row.attends) row.first = key;
        row.attends = true;
        row.last = key;
        const std::ptrdiff_t ahead = static_cast<std::ptrdiff_t>(key) - position;
        row.before += ahead < 0;
        row.self += ahead == 0;
        if (ahead > 0 && row.after++ == 0) row.first_after = key;
    }
    return row;
}

ZeroPattern pattern_of(const std::vector<RowZeros>& rows, const std::vector<std::uint32_t>& may,
                       const std::vector<std::uint8_t>& attended) {
    ZeroPattern pattern;
    for (std::size_t query = 0; query < rows.size(); ++query) {
        const RowZeros& row = rows[query];
        pattern.before += static_cast<double>(row.before);
        pattern.self += static_cast<double>(row.self);
        pattern.after += static_cast<double>(row.after);
        if (row.after > 0 && pattern.first_after.size() < kPlaces)
            pattern.first_after.emplace_back(query, row.first_after);
        // One weight alone may have pushed all others below the smallest number.
        if (row.zeros == 0 || row.before + row.self + row.after < 2) continue;
        pattern.zeros += static_cast<double>(row.zeros);
        pattern.smallest = std::min(pattern.smallest, row.smallest);
        if (!pattern.first_zero) pattern.first_zero = {query, row.first_zero};
    }
    // One row alone says little where there are more.
    const std::uint32_t several = rows.size() > 1 ? 2 : 1;
    std::uint32_t most = 0;
    for (std::size_t key = 0; key < may.size(); ++key) {
        if (may[key] == 0 || attended[key] != 0) continue;
        pattern.unattended.push_back(key);
        most = std::max(most, may[key]);
    }
    if (most < several) pattern.unattended.clear();
    pattern.left = side(rows, true);
    pattern.right = side(rows, false);
    return pattern;
}

void save(const ZeroPattern& pattern, ByteWriter& to) {
    for (const double count :
         {pattern.before, pattern.self, pattern.after, pattern.zeros, pattern.smallest})
        to.put(count);
    to.put(pattern.first_after.size());
    for (const auto& [query, key] : pattern.first_after) to.put(query), to.put(key);
    to.put(pattern.first_zero.has_value());
    const auto [query, key] = pattern.first_zero.value_or(std::pair<std::size_t, std::size_t>());
    to.put(query);
    to.put(key);
    to.put(pattern.unattended);
    to.put(pattern.left);
    to.put(pattern.right);
}

ZeroPattern restore_zeros(ByteReader& from) {
    ZeroPattern pattern;
    for (double* count :
         {&pattern.before, &pattern.self, &pattern.after, &pattern.zeros, &pattern.smallest})
        from.take(*count);
    std::size_t count = 0;
    from.take(count);
    pattern.first_after.resize(count);
    for (auto& [query, key] : pattern.first_after) from.take(query), from.take(key);
    bool any_zero = false;
    std::pair<std::size_t, std::size_t> first_zero;
    from.take(any_zero);
    from.take(first_zero.first);
    from.take(first_zero.second);
    if (any_zero) pattern.first_zero = first_zero;
    from.take(pattern.unattended);
    from.take(pattern.left);
    from.take(pattern.right);
    return pattern;
}

template RowZeros zeros_of(Span<const float>, KeyRange, const std::uint8_t*, std::ptrdiff_t);
template RowZeros zeros_of(Span<const double>, KeyRange, const std::uint8_t*, std::ptrdiff_t);

}  // namespace attn::analysis
