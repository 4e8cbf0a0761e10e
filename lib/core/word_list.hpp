// Lists of words, from text and back.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn {

// The parts of "a,b,c"; at least one, maybe empty.
std::vector<std::string> split_at(const std::string& text, char between);

// "a, b, c"; empty for none.
std::string joined(const std::vector<std::string>& words, const std::string& between = ", ");

// The same of the first `most` words, with " and 3 more" behind them where there are others.
std::string listed(const std::vector<std::string>& words, std::size_t most);

// "1 layer", "2 layers".
std::string counted(std::size_t count, const std::string& noun);

}  // namespace attn
