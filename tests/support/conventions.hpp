// Attention problems whose sizes and conventions are drawn at random: what the engine, the
// definition and the like must agree on.
#pragma once

#include <limits>
#include <random>
#include <string>

#include "attention/definition.hpp"
#include "attention/rounding_bounds.hpp"
#include "support/arrays.hpp"

namespace attn::test {

template <class T>
struct RandomProblem {
    Heads<T> q, k, v;
    AttentionOptions<T> options;
    std::string name;  // its sizes and conventions

    std::size_t keys() const {
        const Array<T>& past = options.past_key;
        return k.view.tokens + (past.empty() ? 0 : past.extent(2));
    }
};

// Draws sizes and switches.
class Dice {
  public:
    explicit Dice(unsigned seed) : random_(seed) {}
    // From low to high.
    std::size_t between(std::size_t low, std::size_t high) {
        return std::uniform_int_distribution<std::size_t>(low, high)(random_);
    }
    bool one_in(std::size_t count) { return between(1, count) == 1; }
    std::ptrdiff_t around_zero(std::size_t most) {
        return static_cast<std::ptrdiff_t>(between(0, 2 * most)) -
               static_cast<std::ptrdiff_t>(most);
    }

  private:
    std::mt19937 random_;
};

// Zeros where a draw of one in `rarity` hits, else ones; or -inf and random numbers.
template <class T>
Array<T> random_mask(const Shape& shape, Dice& dice, std::size_t rarity, bool additive) {
    const Array<T> numbers =
        random_array<T>(shape, static_cast<unsigned>(dice.between(0, 1u << 20)));
    std::vector<T> values(numbers.data(), numbers.data() + numbers.size());
    for (T& value : values) {
        const bool forbids = dice.one_in(rarity);
        if (additive) value = forbids ? -std::numeric_limits<T>::infinity() : value;
        if (!additive) value = forbids ? T{0} : T{1};
    }
    return Array<T>(shape, std::move(values));
}

template <class T>
RotaryOptions<T> random_rotary(Dice& dice, std::size_t d_head, std::size_t batch,
                               std::size_t queries, std::size_t keys) {
    RotaryOptions<T> rotary;
    rotary.frequencies = rotary_frequencies(2 * dice.between(1, d_head / 2), 10000);
    rotary.pairs = dice.one_in(2) ? RotaryPairs::interleaved : RotaryPairs::half_split;
    for (std::int64_t position = 0; position < 200; ++position)
        rotary.positions.push_back(3 * position);
    rotary.table = make_rotary_table<T>(rotary.positions, rotary.frequencies);
    for (std::size_t i = 0; i < batch * queries; ++i)
        rotary.query_rows.push_back(dice.between(0, 199));
    for (std::size_t i = 0; i < batch * keys; ++i) rotary.key_rows.push_back(dice.between(0, 199));
    return rotary;
}

template <class T>
void draw_mask(Dice& dice, const AttentionSizes& sizes, MaskOptions<T>& mask, std::string& name) {
    MaskStructure& structure = mask.structure;
    const auto say = [&](bool drawn, const char* what) {
        if (drawn) name += std::string(" ") + what;
        return drawn;
    };
    structure.causal = say(dice.one_in(2), "causal");
    if (say(dice.one_in(3), "left")) structure.window_left = dice.between(0, sizes.keys);
    if (say(dice.one_in(4), "right")) structure.window_right = dice.between(0, sizes.keys);
    if (say(dice.one_in(3), "offset")) structure.offsets = {dice.around_zero(sizes.keys)};
    if (say(dice.one_in(4), "offsets")) {
        structure.offsets.clear();
        for (std::size_t i = 0; i < sizes.batch; ++i)
            structure.offsets.push_back(dice.around_zero(sizes.keys));
    }
    if (say(dice.one_in(3), "lengths")) {
        for (std::size_t i = 0; i < sizes.batch; ++i)
            structure.key_lengths.push_back(dice.between(0, sizes.keys));
    }
    // Axes of length 1 repeat; a key axis that is shorter forbids the rest.
    const auto shape = [&](bool shorter) {
        return Shape{dice.one_in(2) ? 1 : sizes.batch, dice.one_in(2) ? 1 : sizes.heads,
                     dice.one_in(3) ? 1 : sizes.queries,
                     shorter && dice.one_in(3) ? dice.between(1, sizes.keys) : sizes.keys};
    };
    const auto array = [&](bool shorter, bool additive) {
        return Broadcast<T>(random_mask<T>(shape(shorter), dice, 5, additive), sizes, "array",
                            "--x");
    };
    if (say(dice.one_in(3), "mask")) mask.may_attend = array(true, false);
    if (say(dice.one_in(4), "added")) mask.added = array(true, true);
    if (say(dice.one_in(4), "bias")) mask.bias = array(false, true);
    if (say(dice.one_in(4), "alibi")) {
        for (const double slope : alibi_slopes(sizes.heads))
            mask.alibi.push_back(static_cast<T>(slope));
    }
    if (say(dice.one_in(4), "relative")) {
        RelativeBuckets buckets;
        buckets.bidirectional = dice.one_in(2);
        const auto seed = static_cast<unsigned>(dice.between(0, 1000));
        mask.relative = {random_array<T>({buckets.buckets, sizes.heads}, seed), buckets};
    }
}

template <class T>
RandomProblem<T> random_problem(unsigned seed) {
    Dice dice(seed);
    const std::size_t kv_heads = dice.between(1, 3), heads = kv_heads * dice.between(1, 3);
    const std::size_t batch = dice.between(1, 2), queries = dice.between(1, 70);
    const std::size_t keys = dice.one_in(2) ? queries : dice.between(1, 140);
    const std::size_t d_head = dice.between(1, 20), d_value = dice.between(1, 20);
    const std::size_t past = dice.one_in(4) ? dice.between(1, 20) : 0;
    RandomProblem<T> problem{
        make_separate_heads(random_array<T>({batch, heads, queries, d_head}, seed + 1)),
        make_separate_heads(random_array<T>({batch, kv_heads, keys, d_head}, seed + 2)),
        make_separate_heads(random_array<T>({batch, kv_heads, keys, d_value}, seed + 3)),
        {},
        "seed " + std::to_string(seed) + ": heads " + std::to_string(heads) + "/" +
            std::to_string(kv_heads) + ", queries " + std::to_string(queries) + ", keys " +
            std::to_string(past) + "+" + std::to_string(keys)};
    AttentionOptions<T>& options = problem.options;
    if (dice.one_in(3)) options.scale = 0.25 * static_cast<double>(dice.between(1, 8));
    if (dice.one_in(3)) options.softcap = 0.5 * static_cast<double>(dice.between(1, 60));
    if (dice.one_in(3)) {
        const Array<T> sinks = random_array<T>({heads}, seed + 4);
        options.sinks.assign(sinks.data(), sinks.data() + heads);
    }
    options.kv_order = dice.one_in(2) ? KvOrder::tile : KvOrder::repeat;
    options.score_stage = static_cast<ScoreStage>(dice.between(0, 2));
    if (d_head > 1 && dice.one_in(3))
        options.rotary = random_rotary<T>(dice, d_head, batch, queries, keys);
    if (past > 0) {
        options.past_key = random_array<T>({batch, kv_heads, past, d_head}, seed + 5);
        options.past_value = random_array<T>({batch, kv_heads, past, d_value}, seed + 6);
    }
    draw_mask(dice, {batch, heads, queries, past + keys}, options.mask, problem.name);
    return problem;
}

// 0, 1, … count - 1.
inline std::vector<std::size_t> all_rows(std::size_t count) {
    std::vector<std::size_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = i;
    return rows;
}

// The definition of one head of a problem, all queries.
template <class C, class T>
DefinedHead<C> define(const RandomProblem<T>& p, const HeadPlace& place) {
    return define_head<C>(p.q.view, p.k.view, p.v.view, p.options, place,
                          all_rows(p.q.view.tokens));
}

// How many times the bounds the largest difference is; infinite where numbers that are not finite
// are not the same, or differ where nothing may.
template <class A>
double excess(const Array<A>& seen, const Array<double>& expected, const Array<double>& bounds) {
    if (seen.shape() != expected.shape()) return std::numeric_limits<double>::infinity();
    double worst = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const auto x = static_cast<double>(seen.data()[i]);
        if (x == expected.data()[i]) continue;
        const double times = std::abs(x - expected.data()[i]) / bounds.data()[i];
        if (!(times <= worst)) worst = times;
    }
    return worst;
}

}  // namespace attn::test
