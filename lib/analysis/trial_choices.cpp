// What a mistake chooses among a few, told by the observation: which layer, which key, how many.
#include <algorithm>

#include "analysis/other_relative.hpp"
#include "analysis/trial.hpp"
#include "attention/position_bias.hpp"
#include "core/index_list.hpp"
#include "core/word_list.hpp"

namespace attn::analysis {

// The value that comes nearest, of several the first: in the rows that are looked at first, or in
// the sample where those do not tell them apart, having too few keys.
std::size_t Trial::nearest(const Mistakes& mistakes, const std::vector<std::size_t>& values,
                           const std::function<void(Mistakes&, std::size_t)>& set) {
    const auto square_of = [&](std::size_t value, bool on_sample) {
        Mistakes tried = mistakes;
        set(tried, value);
        Closeness close(unit_, saved_, 0, is_weights());
        if (on_sample) {
            visit(tried, true, [&](const Piece&, const Faced& faced) { close.add(faced); });
        } else {
            const DenseComputation computation(inputs_, tried, store_);
            close.add(face(computation, observation_, glance_at(whole_axis(tried))));
        }
        return close.square();
    };
    std::vector<std::size_t> best;
    const auto keep_best_of = [&](const std::vector<std::size_t>& among, bool on_sample) {
        double least = kNoMatch * kNoMatch;
        best.assign(1, among.front());
        for (const std::size_t value : among) {
            const double square = square_of(value, on_sample);
            if (square > least || !(square < kNoMatch * kNoMatch)) continue;
            if (square < least) best.clear();
            least = square;
            best.push_back(value);
        }
    };
    keep_best_of(values, false);
    if (best.size() > 1) keep_best_of(std::vector<std::size_t>(best), true);
    return best.front();
}

// As many as the fullest row has; of outputs the number that comes nearest.
bool Trial::choose_top_keys(Explanation& explanation, Mistakes& mistakes) {
    const bool scores = observation_.kind == Observed::scores;
    if (scores && !mistakes.renormalises_top) return false;
    if (observation_.kind == Observed::output) {
        const auto set = [](Mistakes& m, std::size_t count) { m.top_keys = count; };
        std::vector<std::size_t> usual;
        // Up to a few keys each number is tried: the error does not fall steadily towards the right
        // one.
        constexpr std::size_t kSingly = 16;
        for (std::size_t count = 1; count < extents_.keys; count += count < kSingly ? 1 : count / 4)
            usual.push_back(count);
        if (usual.empty()) return false;
        std::size_t best = nearest(mistakes, usual, set);
        for (std::size_t step = best < kSingly ? 0 : best / 4; step > 0; step /= 2) {
            best = nearest(mistakes, {best, best - step, std::min(best + step, extents_.keys - 1)},
                           set);
        }
        mistakes.top_keys = best;
    } else {
        bool some_left_out = false;
        std::size_t most = 0;
        visit(mistakes, true, [&](const Piece&, const Faced& faced) {
            for (std::size_t first = 0; first < faced.seen.size(); first += faced.width) {
                std::size_t kept = 0, allowed = 0;
                // Where something is added to all weights, the least one has nothing but that.
                const double* const row = faced.seen.data() + first;
                const double nothing =
                    mistakes.added_sink ? *std::min_element(row, row + faced.width) : 0;
                for (std::size_t i = first; i < first + faced.width; ++i) {
                    kept += scores ? faced.seen[i] > kMask : faced.seen[i] != nothing;
                    allowed += faced.expected[i] != 0 && faced.block.allowed[i];
                }
                most = std::max(most, kept);
                some_left_out = some_left_out || kept < allowed || mistakes.sorted_keys;
            }
        });
        if (most == 0 || !some_left_out) return false;
        mistakes.top_keys = most;
    }
    explanation.add_detail(std::to_string(mistakes.top_keys) + " in each row");
    return true;
}

// As many as all, or as go into them without a rest.
bool Trial::choose_averaged_heads(Explanation& explanation, Mistakes& mistakes) {
    const std::size_t all = DenseComputation(inputs_, mistakes, store_).kv_heads();
    std::vector<std::size_t> counts;
    for (std::size_t count = all; count > 1; --count) {
        if (all % count == 0) counts.push_back(count);
    }
    const auto set = [](Mistakes& m, std::size_t count) { m.averaged_kv_heads = count; };
    set(mistakes, nearest(mistakes, counts, set));
    explanation.add_detail("each " + std::to_string(mistakes.averaged_kv_heads) + " of " +
                           std::to_string(all));
    return true;
}

// From the distances that people give; beside another mistake only those.
bool Trial::choose_max_distance(Explanation& explanation, Mistakes& mistakes) {
    const RelativeBias<double>& right = inputs_.options->mask.relative;
    const auto set = [&](Mistakes& m, std::size_t distance) {
        m.relative = with_max_distance(right, extents_.heads, distance);
    };
    const std::size_t exact = right.buckets() / 2;  // no distance is shared before
    const auto possible = [&](std::vector<std::size_t> distances) {
        for (std::size_t& distance : distances) distance = std::max(distance, exact + 1);
        return distances;
    };
    std::size_t best = nearest(
        mistakes, possible({128, 64, 256, 32, 20, 16, 10, 8, 512, 1024, 100, 50, 200}), set);
    for (std::size_t step = std::max<std::size_t>(1, best / 32), last = 0;
         explanation.mistakes.size() == 1 && step != last;
         last = step, step = std::max<std::size_t>(1, step / 8)) {
        std::vector<std::size_t> around{best};
        for (std::size_t i = 1; i <= 16; ++i)
            around.insert(around.end(), {best - std::min(best, i * step), best + i * step});
        best = nearest(mistakes, possible(around), set);
    }
    set(mistakes, best);
    explanation.add_detail("max distance " + std::to_string(best));
    return true;
}

bool Trial::choose_relative_layer(Explanation& explanation, Mistakes& mistakes) {
    const auto& others = inputs_.other_relative;
    const auto set = [&](Mistakes& m, std::size_t number) { m.relative = others[number].second; };
    const std::size_t best = nearest(mistakes, count_up(others.size()), set);
    set(mistakes, best);
    explanation.add_detail("layer " + std::to_string(others[best].first));
    return true;
}

// The slopes of a model with more or fewer heads: those of its first ones, over and over where it
// has fewer.
bool Trial::choose_alibi_heads(Explanation& explanation, Mistakes& mistakes) {
    const std::vector<double>& right = inputs_.options->mask.alibi;
    const std::size_t heads = right.size();
    const auto slopes_of = [&](std::size_t count) {
        const std::vector<double> slopes = alibi_slopes(count);
        std::vector<double> used;
        for (std::size_t head = 0; head < heads; ++head) used.push_back(slopes[head % count]);
        return used;
    };
    std::vector<std::size_t> counts;
    constexpr std::size_t kMostHeads = 128;
    const bool alone = explanation.mistakes.size() == 1;
    for (std::size_t count = 1; count <= std::max(kMostHeads, 2 * heads); ++count) {
        const bool usual = (count & (count - 1)) == 0 || count == 2 * heads;
        if ((alone || usual) && slopes_of(count) != right) counts.push_back(count);
    }
    const auto set = [&](Mistakes& m, std::size_t count) { m.alibi = slopes_of(count); };
    const std::size_t best = nearest(mistakes, counts, set);
    set(mistakes, best);
    explanation.add_detail("those of " + counted(best, "head"));
    return true;
}

// The key that gets nothing where it should, in all of several rows: one number tells nothing of a
// key. For an output the key that comes nearest, among the first and the last ones.
bool Trial::choose_masked_key(Explanation& explanation, Mistakes& mistakes) {
    std::vector<double> missed(extents_.keys, 0);
    std::vector<std::size_t> times(extents_.keys, 0);
    std::vector<bool> attended(extents_.keys, false);
    if (observation_.kind == Observed::output) {
        const auto set = [](Mistakes& m, std::size_t key) { m.masked_key = key; };
        constexpr std::size_t kEnds = 4, kFew = 64;
        const bool all = explanation.mistakes.size() == 1 && extents_.keys <= kFew;
        std::vector<std::size_t> keys;
        for (std::size_t key = 0; key < extents_.keys; ++key) {
            if (all || key < kEnds || key + kEnds >= extents_.keys) keys.push_back(key);
        }
        mistakes.masked_key = nearest(mistakes, keys, set);
    } else {
        visit(mistakes, true, [&](const Piece&, const Faced& faced) {
            const std::vector<std::size_t>& keys = faced.block.cells.keys;
            for (std::size_t i = 0; i < faced.seen.size(); ++i) {
                if (!faced.block.allowed[i]) continue;
                const std::size_t key = keys[i % keys.size()];
                const bool gone = observation_.kind == Observed::scores ? faced.seen[i] <= kMask
                                                                        : faced.seen[i] == 0;
                if (gone) missed[key] += faced.block.weights[i];
                if (gone) ++times[key];
                if (!gone) attended[key] = true;
            }
        });
        for (std::size_t key = 0; key < extents_.keys; ++key) {
            const bool most = !mistakes.masked_key || missed[key] > missed[*mistakes.masked_key];
            if (!attended[key] && times[key] > 1 && missed[key] > 0 && most)
                mistakes.masked_key = key;
        }
        if (!mistakes.masked_key) return false;
    }
    explanation.add_detail("key " + std::to_string(*mistakes.masked_key));
    return true;
}

// One half of the dimensions, or, where it is the only mistake, any eighths of them.
bool Trial::choose_pair_split(Explanation& explanation, Mistakes& mistakes) {
    const std::size_t all = 2 * inputs_.options->rotary->frequencies.radians.size();
    std::vector<std::size_t> parts{all / 2};
    for (std::size_t i = 1; i < 8 && explanation.mistakes.size() == 1; ++i) {
        if (all % 8 == 0 || i % 2 == 0) parts.push_back(i * all / 8);
    }
    const auto set = [](Mistakes& m, std::size_t until) { m.other_pairs_until = until; };
    set(mistakes, nearest(mistakes, parts, set));
    explanation.add_detail("the first " + std::to_string(mistakes.other_pairs_until) + " of " +
                           std::to_string(all));
    return true;
}

bool Trial::choose(Explanation& explanation, Mistakes& mistakes) {
    using Choice = bool (Trial::*)(Explanation&, Mistakes&);
    constexpr std::pair<Fit, Choice> kChoices[] = {
        {Fit::head_order, &Trial::choose_head_order},
        {Fit::value_order, &Trial::choose_value_order},
        {Fit::kv_order, &Trial::choose_kv_order},
        {Fit::averaged_heads, &Trial::choose_averaged_heads},
        {Fit::masked_key, &Trial::choose_masked_key},
        {Fit::alibi_heads, &Trial::choose_alibi_heads},
        {Fit::top_keys, &Trial::choose_top_keys},
        {Fit::max_distance, &Trial::choose_max_distance},
        {Fit::relative_layer, &Trial::choose_relative_layer},
        {Fit::pair_split, &Trial::choose_pair_split}};
    for (const auto& [fit, choice] : kChoices) {
        if (has(explanation, fit) && !(this->*choice)(explanation, mistakes)) return false;
    }
    return true;
}

}  // namespace attn::analysis
