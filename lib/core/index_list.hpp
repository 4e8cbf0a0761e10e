// Lists of indices and ranges as people write them on the command line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn {

// "0,3-5" -> {0, 3, 4, 5}, in the order written, each index once. Throws Error that names `flag`.
std::vector<std::size_t> parse_index_list(const std::string& text, const std::string& flag);

// Rising indices, as such a list: "0-3" where they follow each other, else "0,2,5".
std::string index_list_text(const std::vector<std::size_t>& indices);

// Positions begin … end - 1 of an axis.
struct IndexRange {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// "10:20", ":20", "10:" as in Python, without negative numbers, cut to `size`. Throws Error that
// names `flag` when it is malformed or empty.
IndexRange parse_index_range(const std::string& text, std::size_t size, const std::string& flag);

// Throws Error when an index is not below `count`: "--head 12: there are 8 heads, 0-7".
void require_indices_below(const std::vector<std::size_t>& indices, std::size_t count,
                           const std::string& flag, const std::string& what);

// 0, 1, … count - 1.
std::vector<std::size_t> count_up(std::size_t count);

// The wanted indices, ascending; 0 … count - 1 where none are wanted. Throws Error as above.
std::vector<std::size_t> sorted_indices(const std::optional<std::vector<std::size_t>>& wanted,
                                        std::size_t count, const std::string& flag,
                                        const std::string& what);

}  // namespace attn
