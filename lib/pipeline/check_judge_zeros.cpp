// Verdicts on weights that are exactly zero where they might be more: masks that nobody named.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>

#include "analysis/saved_rounding.hpp"
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

// `place` of a head with the first cell after the diagonal that is not zero.
CheckPlace first_place_after(const HeadCheck& head, CheckPlace place) {
    const auto& first = head.zeros.first_after;
    if (!first.empty()) std::tie(place.query, place.key) = first[0];
    return place;
}

// "query 0, key 1; query 3, key 4 ...".
std::string cells_after(const HeadCheck& head) {
    std::string cells;
    for (const auto& [query, key] : head.zeros.first_after)
        cells += text(cells.empty() ? "query " : "; query ", query, ", key ", key);
    const auto named = static_cast<double>(head.zeros.first_after.size());
    return head.zeros.after > named ? cells + " ..." : cells;
}

std::string leak_text(const std::vector<const HeadCheck*>& leaking) {
    double cells = 0;
    for (const HeadCheck* head : leaking) cells += head->zeros.after;
    const bool next_keys = std::all_of(leaking.begin(), leaking.end(), [](const HeadCheck* head) {
        return head->zeros.right == 1;
    });
    return text("all is zero right of the diagonal but for ", cells,
                cells == 1 ? " cell of " : " cells of ", leaking.size(),
                leaking.size() == 1 ? " head (" : " heads (the first: ", cells_after(*leaking[0]),
                next_keys ? "): every query sees the key after it, is the mask off by one?"
                          : "): a causal mask that leaks?");
}

std::string open_text(std::ptrdiff_t causal, const std::vector<const HeadCheck*>& open,
                      std::size_t leaking) {
    const std::string more =
        leaking == 0
            ? ""
            : text("; ", leaking, leaking == 1 ? " more leaks" : " more leak", " a few cells");
    return text(causal, causal == 1 ? " head is" : " heads are", " causal, ", open.size(),
                open.size() == 1 ? " is" : " are", " not (the first: ", cells_after(*open[0]),
                "): was the mask left out there?", more);
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
    // Heads that see few keys after their queries, and those beside causal heads that see many.
    std::vector<const HeadCheck*> leaking, open;
    CheckLine line = line_of(name, Verdict::ok);
    for (const HeadCheck& head : heads_) {
        if (head.zeros.after == 0) continue;
        const bool leaks = is_almost_causal(head, shape[2], mask_.structure.key_lengths);
        if (!leaks && causal == 0) continue;
        (leaks ? leaking : open).push_back(&head);
        line.guilty.push_back(first_place_after(head, place_of(head)));
        line.worst = line.worst.value_or(0) + head.zeros.after;
    }
    if (line.guilty.empty()) return line;
    line.verdict = Verdict::warning;
    const HeadCheck& first = open.empty() ? *leaking[0] : *open[0];
    line.place = first_place_after(first, place_of(first));
    line.message = open.empty() ? leak_text(leaking) : open_text(causal, open, leaking.size());
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
    const MatrixView<const T> matrix = matrix_of(head);
    const analysis::Rounding saved =
        analysis::saved_rounding_of(Span<const T>(matrix.data, matrix.rows * matrix.columns));
    if (saved == analysis::Rounding::float16) return head.zeros.smallest <= kTinyInFloat16;
    constexpr double kSteps = 10;  // of the last decimal
    return analysis::is_decimal(saved) &&
           head.zeros.smallest <= kSteps * analysis::step_of(saved, 1);
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
