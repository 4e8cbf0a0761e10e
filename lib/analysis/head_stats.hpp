// The numbers that describe a head, and what they are called everywhere: in tables, in JSON, in
// --sort. Shared by computed and stored attention.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "analysis/row_stats.hpp"

namespace attn::analysis {

// NaN: does not exist for this head (no tokens, no scores, no rows).
struct HeadStats {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;

    // Means over the rows that have at least one key.
    double entropy = kNone;             // nats (Clark et al. 2019)
    double entropy_normalised = kNone;  // entropy / ln(keys), over rows with two keys or more
    double confidence = kNone;          // largest weight (Voita et al. 2019)
    double effective_keys = kNone;      // 1 / sum of squares
    double keys_for_90 = kNone;         // number of largest weights that reach 0.9
    double distance = kNone;            // of the query from its keys (Dosovitskiy et al. 2021)
    double diagonal = kNone, previous = kNone, next = kNone, first = kNone, last = kNone;
    // Agreement with patterns of tokens (TransformerLens' head detector).
    double previous_token = kNone, duplicate_token = kNone, induction = kNone;
    double sink = kNone;        // mean weight of key 0, over all queries (Xiao et al. 2023)
    double sink_max = kNone;    // the same of the key where it is largest,
    double sink_key = kNone;    // among keys that at least half of the queries come after
    double saturation = kNone;  // share of rows whose largest weight is above 0.999
    // These are of the scores that softmax saw, over cells that may be attended.
    double max_score = kNone, score_min = kNone, score_mean = kNone, score_std = kNone;

    // Share of rows whose sum is nowhere near 1. No measure, but a sign that these are no weights.
    double far_rows = 0;
};

// "most rows of layer 0, head 1 are far from a sum of 1; are these weights? …" of the first such
// head; empty: there is none.
std::string doubt_of_weights(const std::vector<HeadStats>& heads);

struct Measure {
    const char* name;
    double HeadStats::*value;
    const char* meaning;
};

// All of them, in the order of columns.
const std::vector<Measure>& measures();

// Throws Error, with the nearest name, for an unknown one.
const Measure& find_measure(const std::string& name, const std::string& flag);

enum class PatternScore {
    mul,  // share of all weight that lies on the pattern
    abs,  // 1 - mean distance from a head that has weight 1 on the pattern and 0 elsewhere
};

// The measures over all rows of a head, those without keys included. The sink is left to the
// caller.
HeadStats summarise(const std::vector<RowStats>& rows, PatternScore pattern_score);

}  // namespace attn::analysis
