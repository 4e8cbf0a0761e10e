// Labels of the sequences of a batch: one list a sequence, one list for all, or none.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn::io {

inline const std::vector<std::string>& labels_of(const std::vector<std::vector<std::string>>& lists,
                                                 std::size_t sequence) {
    static const std::vector<std::string> none;
    if (lists.empty()) return none;
    return lists.size() == 1 ? lists.front() : lists[sequence];
}
// The labels live in the lists.
const std::vector<std::string>& labels_of(std::vector<std::vector<std::string>>&&,
                                          std::size_t) = delete;

}  // namespace attn::io
