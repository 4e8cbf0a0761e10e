// Finds the name that somebody probably meant.
#pragma once

#include <string>
#include <vector>

namespace attn {

// The candidate that is one slip of the hand away; else one that begins with `word` or holds it as
// a part (without its plural s, too), or whose longer form it is; else the candidate with the
// smallest edit distance (the first one on a tie), or "" when none is near enough.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

// How an error ends that refuses `word`: "; did you mean gray?", or as `otherwise` says where none
// of the candidates is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates,
                         const std::string& otherwise = "");

}  // namespace attn
