// Verdicts on weights that are exactly zero where they might be more: masks that nobody named.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "analysis/half_values.hpp"
#include "attention/query_offset.hpp"
#include "pipeline/check_judge.hpp"
#include "pipeline/check_line.hpp"

namespace attn::pipeline {
namespace {

using analysis::HeadCheck;
using Keys = std::vector<std::size_t>;

// Cells right of the diagonal that are not zero are few where their share is less than this, of the
// share on its other side.
constexpr double kFew = 0.34;

// Cells of a square matrix on both sides of the diagonal, without the columns that nobody attends
// and those behind the keys that there are.
struct Room {
    double before = 0, after = 0;
};

Room room_of(std::size_t size, std::size_t keys, const Keys& unattended) {
    Room room;
    for (std::size_t key = 0; key < keys; ++key) {
        if (std::binary_search(unattended.begin(), unattended.end(), key)) continue;
        room.before += static_cast<double>(size - 1 - key);
        room.after += static_cast<double>(key);
    }
    return room;
}

bool is_almost_causal(const HeadCheck& head, std::size_t size,
                      const std::vector<std::size_t>& key_lengths) {
    const analysis::ZeroPattern& zeros = head.zeros;
    const std::size_t keys = key_lengths.empty() ? size : key_lengths[head.sequence];
    const Room room = room_of(size, keys, zeros.unattended);
    return zeros.after > 0 && zeros.before > 0 &&
           zeros.after * room.before < kFew * zeros.before * room.after;
}

// "3", "3 to 5", or "3, 5, 8 …".
std::string list_of(const Keys& keys) {
    if (keys.size() == 1) return std::to_string(keys[0]);
    if (keys.back() - keys.front() + 1 == keys.size())
        return text(keys.front(), " to ", keys.back());
    std::string list;
    for (std::size_t i = 0; i < std::min<std::size_t>(keys.size(), 4); ++i)
        list += (i > 0 ? ", " : "") + std::to_string(keys[i]);
    return keys.size() > 4 ? list + " ..." : list;
}

}  // namespace

template <class T>
CheckLine CheckJudge<T>::judge_almost_causal() const {
    const char* const name = "almost_causal";
    if (mask_.structure.causal) return line_of(name, Verdict::skipped, "causal_leak tells");
    if (attention_.known_mask)
        return line_of(name, Verdict::skipped, "these are said not to be causal");
    if (!mask_.may_attend.empty() || !mask_.added.empty())
        return line_of(name, Verdict::skipped, "mask_leak tells");
    if (mask_.structure.window_right) return line_of(name, Verdict::skipped, "window_leak tells");
    const Shape& shape = attention_.shape;
    const bool square = shape[2] == shape[3] && start_at_first_key(mask_.structure.offsets);
    if (!square || shape[2] < 3)
        return line_of(name, Verdict::skipped, "is for as many keys as queries");
    const auto is_causal = [](const HeadCheck& head) {
        return head.zeros.after == 0 && head.zeros.before > 0;
    };
    const auto causal = std::count_if(heads_.begin(), heads_.end(), is_causal);
    CheckLine line = line_of(name, Verdict::ok);
    double cells = 0, heads = 0;
    bool next_keys = true, few = true;
    std::string places;
    for (const HeadCheck& head : heads_) {
        if (head.zeros.after == 0 ||
            !(causal > 0 || is_almost_causal(head, shape[2], mask_.structure.key_lengths)))
            continue;
        const auto& first = head.zeros.first_after;
        if (heads == 0) {
            line.place = place_of(head);
            line.place->query = first[0].first;
            line.place->key = first[0].second;
            for (const auto& [query, key] : first)
                places += text(places.empty() ? "query " : "; query ", query, ", key ", key);
        }
        line.guilty.push_back(place_of(head));
        if (!first.empty()) {
            line.guilty.back().query = first[0].first;
            line.guilty.back().key = first[0].second;
        }
        cells += head.zeros.after;
        heads += 1;
        next_keys = next_keys && head.zeros.right == 1;
        few = few && is_almost_causal(head, shape[2], mask_.structure.key_lengths);
    }
    if (heads == 0) return line;
    line.verdict = Verdict::warning;
    line.worst = cells;
    line.message =
        few ? text("all is zero right of the diagonal but for ", cells,
                   cells == 1 ? " cell" : " cells", " of ", heads,
                   heads == 1 ? " head (" : " heads (the first: ", places, cells > 3 ? " ..." : "",
                   next_keys ? "): every query sees the key after it, is the mask off by one?"
                             : "): a causal mask that leaks?")
            : text(causal, causal == 1 ? " head is" : " heads are", " causal, ", heads,
                   heads == 1 ? " is" : " are", " not (the first: ", places,
                   " ...): was the mask left out there?");
    line.message += " --causal makes it a failure, --no-causal says it is meant";
    return line;
}

template <class T>
std::vector<const HeadCheck*> CheckJudge<T>::group_at(std::size_t first) const {
    std::vector<const HeadCheck*> group;
    for (std::size_t i = first; i < heads_.size() && heads_[i].layer == heads_[first].layer &&
                                heads_[i].sequence == heads_[first].sequence;
         ++i)
        group.push_back(&heads_[i]);
    return group;
}

// Whether weights beside the zeros are so small that the zeros may be smaller ones still.
template <class T>
bool CheckJudge<T>::may_underflow(const HeadCheck& head) const {
    constexpr double kTiny = 1e-20, kTinyInFloat16 = 1e-4;
    if (head.zeros.zeros == 0 || head.zeros.smallest < kTiny) return true;
    if (head.zeros.smallest > kTinyInFloat16) return false;
    const MatrixView<const T> matrix = matrix_of(head);
    return analysis::half_precision_of(Span<const T>(matrix.data, matrix.rows * matrix.columns)) ==
           "float16";
}

// What mask the zeros of the heads of a layer look like; empty for none. `keys`: how many a row
// misses at most; `key`: one that no query attends.
template <class T>
std::string CheckJudge<T>::masked_text(const std::vector<const HeadCheck*>& group, double* keys,
                                       std::optional<std::size_t>* key) const {
    const std::size_t all = attention_.shape[3];
    const bool square = attention_.shape[2] == all;
    const HeadCheck& head = *group[0];
    const analysis::ZeroPattern& zeros = head.zeros;
    if (square && zeros.before == 0 && zeros.after > 1 && !may_underflow(head)) {
        *keys = static_cast<double>(all - 1);
        return "no query attends a key before it: is the causal mask inverted or transposed?";
    }
    Keys common = group[0]->zeros.unattended;
    for (const HeadCheck* other : group) {
        Keys both;
        std::set_intersection(common.begin(), common.end(), other->zeros.unattended.begin(),
                              other->zeros.unattended.end(), std::back_inserter(both));
        common = both;
    }
    const std::string who = group.size() > 1 ? text(" in all ", group.size(), " heads") : "";
    const char* const whose = group.size() == 1 && heads_.size() > 1 ? " of this head" : "";
    const bool sure = group.size() > 1 || !may_underflow(*group[0]);
    if (!common.empty() && sure) {
        *keys = static_cast<double>(common.size());
        const bool behind = common.back() >= all - 2 && common.front() > 0 &&
                            common.back() - common.front() + 1 == common.size();
        *key = common.front();
        return text("no query", whose, " attends key", common.size() > 1 ? "s " : " ",
                    list_of(common), who, ", though all may: padding? ",
                    behind ? text("--key-lengths ", common.front()) : std::string("--mask"),
                    " names it");
    }
    if (may_underflow(head)) return "";
    *keys = 1;
    const auto alike = [&](const HeadCheck* other) {
        return other->zeros.left == zeros.left && other->zeros.right == zeros.right;
    };
    if ((zeros.left || zeros.right) && std::all_of(group.begin(), group.end(), alike)) {
        const std::ptrdiff_t left = zeros.left.value_or(-1);
        if (!zeros.left && !square)
            return text(
                "every query sees one key more than the one before it: a causal mask? "
                "--causal --query-offset ",
                *zeros.right, " names it");
        if (left >= 0 && zeros.right.value_or(0) >= 0)
            return text("queries attend no key outside of a window", who, ": --window=", left, ",",
                        zeros.right.value_or(-1), " names it");
    }
    return text(zeros.zeros, zeros.zeros == 1 ? " weight" : " weights", whose,
                zeros.zeros == 1 ? " is" : " are",
                " exactly 0 where the key may be attended, the smallest beside them ",
                zeros.smallest, ": a mask? --mask names it (sparse attention may do so, too)");
}

template <class T>
CheckLine CheckJudge<T>::judge_masked_keys() const {
    const char* const name = "masked_keys";
    if (std::any_of(heads_.begin(), heads_.end(),
                    [](const HeadCheck& head) { return head.is_inverted(); }))
        return line_of(name, Verdict::skipped, "the mask is inverted");
    if (judge_almost_causal().verdict == Verdict::warning)
        return line_of(name, Verdict::skipped, "almost_causal tells");
    CheckLine line = line_of(name, Verdict::ok);
    std::size_t groups = 0;
    for (std::size_t first = 0; first < heads_.size();) {
        const std::vector<const HeadCheck*> group = group_at(first);
        first += group.size();
        // Dropout, and whatever else puts sums off, leaves zeros of its own.
        const bool sane = attention_.has_sinks ||
                          std::all_of(group.begin(), group.end(),
                                      [](const HeadCheck* head) { return head->off_rows == 0; });
        if (!sane) continue;
        // What all heads have in common, else what one of them has alone.
        double keys = 0;
        std::optional<std::size_t> key;
        const HeadCheck* guilty = group[0];
        std::string found = masked_text(group, &keys, &key);
        for (auto head = group.begin(); found.empty() && head != group.end(); ++head)
            found = masked_text({guilty = *head}, &keys, &key);
        if (found.empty()) continue;
        line.guilty.push_back(place_of(*guilty));
        if (++groups > 1) continue;
        line.verdict = Verdict::warning;
        line.worst = keys;
        line.place = place_of(*guilty);
        if (key) {
            line.place->key = key;
        } else if (guilty->zeros.first_zero) {
            line.place->query = guilty->zeros.first_zero->first;
            line.place->key = guilty->zeros.first_zero->second;
        }
        line.message = found;
    }
    if (groups > 1) line.message += text("; ", groups - 1, " more layers or sequences alike");
    return line;
}

template CheckLine CheckJudge<float>::judge_almost_causal() const;
template CheckLine CheckJudge<double>::judge_almost_causal() const;
template CheckLine CheckJudge<float>::judge_masked_keys() const;
template CheckLine CheckJudge<double>::judge_masked_keys() const;

}  // namespace attn::pipeline
