// Finds the name that somebody probably meant.
#pragma once

#include <string>
#include <vector>

namespace attn {

// The candidate with the smallest edit distance to `word` (the first one on a tie), or "" when
// none is near enough to be a slip of the hand.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace attn
