#include "core/nearest.hpp"

#include <algorithm>
#include <cctype>

namespace attn {
namespace {

constexpr std::size_t kEdit = 2;
constexpr std::size_t kCaseEdit = 1;  // W_q is nearer to W_Q than to W_K

std::size_t substitution(char a, char b) {
    if (a == b) return 0;
    const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return lower(a) == lower(b) ? kCaseEdit : kEdit;
}

// The cost of the insertions, deletions, substitutions and swaps of neighbours that turn one word
// into the other (Damerau 1964, restricted).
std::size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = (i + j) * kEdit;
                continue;
            }
            cost[i][j] = std::min({cost[i - 1][j] + kEdit, cost[i][j - 1] + kEdit,
                                   cost[i - 1][j - 1] + substitution(a[i - 1], b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + kEdit);
            }
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
    // Long inputs are no slips, and the table would be large.
    constexpr std::size_t kLongest = 100;
    if (word.size() > kLongest) return "";
    std::size_t best = kEdit * std::max<std::size_t>(2, word.size() / 3) + 1;
    std::string result;
    for (const std::string& candidate : candidates) {
        if (candidate.size() > kLongest) continue;
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best && distance < kEdit * candidate.size()) {
            best = distance;
            result = candidate;
        }
    }
    return result;
}

}  // namespace attn
