#include "core/nearest.hpp"

#include <algorithm>
#include <cctype>

#include "core/lower_case.hpp"

namespace attn {
namespace {

// Long inputs are no slips, and the table of costs would be large.
constexpr std::size_t kLongest = 100;
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

// The candidate with the smallest distance below `limit`; the first one on a tie.
std::string fewest_edits(const std::string& word, const std::vector<std::string>& candidates,
                         std::size_t limit) {
    std::string result;
    for (const std::string& candidate : candidates) {
        if (candidate.size() > kLongest) continue;
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < limit && distance < kEdit * candidate.size()) {
            limit = distance;
            result = candidate;
        }
    }
    return result;
}

bool is_letter(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Small letters without the dashes of a flag.
std::string bare(const std::string& name) {
    return lower_case(name.substr(std::min(name.find_first_not_of('-'), name.size())));
}

// Whether `part` is in `whole` as a word of it: between its ends and what is no letter.
bool has_word(const std::string& whole, const std::string& part) {
    for (std::size_t at = whole.find(part); at != std::string::npos;
         at = whole.find(part, at + 1)) {
        const std::size_t end = at + part.size();
        if ((at == 0 || !is_letter(whole[at - 1])) &&
            (end == whole.size() || !is_letter(whole[end])))
            return true;
    }
    return false;
}

// How one name is a part of the other, the best first.
enum class Kinship { begins, word, part, longer, none };

Kinship kinship(const std::string& word, const std::string& candidate) {
    // Letters that are in most names tell nothing.
    constexpr std::size_t kShortest = 3;
    if (word.size() < kShortest || candidate.size() < kShortest) return Kinship::none;
    if (candidate.rfind(word, 0) == 0) return Kinship::begins;
    if (has_word(candidate, word)) return Kinship::word;
    if (word.size() > kShortest && candidate.find(word) != std::string::npos) return Kinship::part;
    const bool is_path = word.find_first_of("./") != std::string::npos;
    if (!is_path && candidate.size() > kShortest && has_word(word, candidate))
        return Kinship::longer;
    return Kinship::none;
}

// The shortest candidate of the best kinship; the first one on a tie.
std::string next_of_kin(const std::string& word, const std::vector<std::string>& candidates) {
    Kinship best = Kinship::none;
    std::string result;
    for (const std::string& candidate : candidates) {
        const Kinship kin = kinship(word, bare(candidate));
        if (kin == Kinship::none || kin > best) continue;
        if (kin == best && candidate.size() >= result.size()) continue;
        best = kin;
        result = candidate;
    }
    return result;
}

std::string without_plural(const std::string& word) {
    return word.size() > 1 && word.back() == 's' ? word.substr(0, word.size() - 1) : word;
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
    if (word.size() > kLongest) return "";
    std::string slip = fewest_edits(word, candidates, kEdit + 1);
    if (!slip.empty()) return slip;
    const std::string name = bare(word);
    for (const std::string& form : {name, without_plural(name)}) {
        std::string kin = next_of_kin(form, candidates);
        if (!kin.empty()) return kin;
    }
    return fewest_edits(word, candidates, kEdit * std::max<std::size_t>(2, word.size() / 3) + 1);
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates,
                         const std::string& otherwise) {
    const std::string close = nearest(word, candidates);
    return close.empty() ? otherwise : "; did you mean " + close + "?";
}

}  // namespace attn
