#include "core/index_list.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_set>

#include "core/error.hpp"
#include "core/numbers.hpp"

namespace attn {
namespace {

// Longer lists are slips of the keyboard, not selections.
constexpr std::size_t kMaxIndices = 1'000'000;

constexpr WholeRange kIndices{0, kMostCount};

std::optional<std::size_t> parse_index(const std::string& text) {
    const std::optional<std::int64_t> index = whole_of(text);
    if (!index || !kIndices.contains(*index)) return std::nullopt;
    return static_cast<std::size_t>(*index);
}

// "3" or "3-5"
std::optional<IndexRange> parse_item(const std::string& item) {
    const std::size_t dash = item.find('-');
    const auto first = parse_index(item.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_index(item.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return IndexRange{*first, *last + 1};
}

}  // namespace

std::vector<std::size_t> parse_index_list(const std::string& text, const std::string& flag) {
    std::vector<std::size_t> indices;
    std::unordered_set<std::size_t> known;
    std::size_t listed = 0;
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t comma = std::min(text.find(',', start), text.size());
        const auto item = parse_item(text.substr(start, comma - start));
        if (!item) fail(flag, " ", quoted(text), ": expected indices such as 0,3-5");
        listed += item->end - item->begin;
        if (listed > kMaxIndices)
            fail(flag, " ", quoted(text), ": lists more than ", kMaxIndices, " indices");
        for (std::size_t index = item->begin; index < item->end; ++index) {
            if (known.insert(index).second) indices.push_back(index);
        }
        start = comma + 1;
    }
    return indices;
}

std::string index_list_text(const std::vector<std::size_t>& indices) {
    std::string list;
    for (const std::size_t index : indices)
        list += (list.empty() ? "" : ",") + std::to_string(index);
    if (indices.size() < 2 || indices.back() - indices.front() + 1 != indices.size()) return list;
    return std::to_string(indices.front()) + "-" + std::to_string(indices.back());
}

IndexRange parse_index_range(const std::string& text, std::size_t size, const std::string& flag) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos)
        fail(flag, " ", quoted(text), ": expected a range such as 10:20");
    const std::string first = text.substr(0, colon);
    const std::string last = text.substr(colon + 1);
    const auto begin = first.empty() ? 0 : parse_index(first);
    const auto end = last.empty() ? size : parse_index(last);
    if (!begin || !end) fail(flag, " ", quoted(text), ": expected a range such as 10:20");
    const IndexRange range{*begin, std::min(*end, size)};
    if (range.begin >= range.end)
        fail(flag, " ", text, ": selects nothing of ", size, " positions");
    return range;
}

void require_indices_below(const std::vector<std::size_t>& indices, std::size_t count,
                           const std::string& flag, const std::string& what) {
    for (std::size_t index : indices) {
        if (index < count) continue;
        if (count == 1) fail(flag, " ", index, ": there is 1 ", what, ", 0");
        fail(flag, " ", index, ": there are ", count, " ", what, "s, 0-", count - 1);
    }
}

std::vector<std::size_t> count_up(std::size_t count) {
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

std::vector<std::size_t> sorted_indices(const std::optional<std::vector<std::size_t>>& wanted,
                                        std::size_t count, const std::string& flag,
                                        const std::string& what) {
    if (!wanted) return count_up(count);
    require_indices_below(*wanted, count, flag, what);
    std::vector<std::size_t> indices = *wanted;
    std::sort(indices.begin(), indices.end());
    return indices;
}

}  // namespace attn
