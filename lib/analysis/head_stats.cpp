#include "analysis/head_stats.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/row_limits.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/word_list.hpp"

namespace attn::analysis {
namespace {

// A mean that exists only once something was added.
struct Mean {
    double sum = 0;
    double count = 0;
    void add(double value) { sum += value, count += 1; }
    double value() const { return count > 0 ? sum / count : HeadStats::kNone; }
};

double pattern_value(const std::vector<RowStats>& rows, PatternMass RowStats::*pattern,
                     PatternScore kind) {
    double mass = 0, cells = 0, counted = 0;
    for (const RowStats& row : rows) {
        mass += (row.*pattern).mass;
        cells += (row.*pattern).cells;
        counted += row.counted;
    }
    if (counted == 0) return HeadStats::kNone;
    if (kind == PatternScore::mul) return mass / counted;
    // The sum of abs(w - P), for weights w in 0 … 1 and a pattern P of zeros and ones.
    const double difference = counted + cells - 2 * mass;
    return 1 - difference / static_cast<double>(rows.size());
}

void summarise_scores(const std::vector<RowStats>& rows, HeadStats& stats) {
    ScoreSums all;
    for (const RowStats& row : rows) all.add(row.scores);
    if (all.count == 0) return;
    stats.max_score = all.largest;
    stats.score_min = all.smallest;
    stats.score_mean = all.sum / all.count;
    stats.score_std = std::sqrt(all.squares / all.count);
}

}  // namespace

const std::vector<Measure>& measures() {
    static const std::vector<Measure> all{
        {"entropy", &HeadStats::entropy, "mean entropy of a row, nats"},
        {"entropy_normalised", &HeadStats::entropy_normalised, "entropy / ln(keys): 1 is uniform"},
        {"confidence", &HeadStats::confidence, "mean largest weight"},
        {"effective_keys", &HeadStats::effective_keys, "mean 1 / sum of squares"},
        {"keys_for_90", &HeadStats::keys_for_90, "mean number of weights that reach 0.9"},
        {"distance", &HeadStats::distance,
         "mean distance of a query from its keys; with --grid in patches"},
        {"diagonal", &HeadStats::diagonal, "mean weight on the query itself"},
        {"previous", &HeadStats::previous, "mean weight on the key before"},
        {"next", &HeadStats::next, "mean weight on the key after"},
        {"first", &HeadStats::first, "mean weight on key 0"},
        {"last", &HeadStats::last, "mean weight on the last key"},
        {"previous_token", &HeadStats::previous_token, "previous-token head, from the tokens"},
        {"duplicate_token", &HeadStats::duplicate_token, "duplicate-token head, from the tokens"},
        {"induction", &HeadStats::induction, "induction head, from the tokens"},
        {"sink", &HeadStats::sink, "mean weight that key 0 receives"},
        {"sink_max", &HeadStats::sink_max,
         "largest mean weight that a key receives from the queries at it and after it, of keys "
         "with half of the queries there or more"},
        {"sink_key", &HeadStats::sink_key, "that key"},
        {"saturation", &HeadStats::saturation, "share of rows with a weight above 0.999"},
        {"max_score", &HeadStats::max_score, "largest score that may be attended"},
        {"score_min", &HeadStats::score_min, "smallest score"},
        {"score_mean", &HeadStats::score_mean, "mean score"},
        {"score_std", &HeadStats::score_std, "standard deviation of the scores"},
    };
    return all;
}

const Measure& find_measure(const std::string& name, const std::string& flag) {
    std::vector<std::string> names;
    for (const Measure& measure : measures()) {
        if (name == measure.name) return measure;
        names.emplace_back(measure.name);
    }
    fail(flag, " ", name, ": is no measure",
         did_you_mean(name, names, "; there are " + joined(names)));
}

std::string doubt_of_weights(const std::vector<HeadStats>& heads) {
    for (const HeadStats& head : heads) {
        if (head.far_rows <= 0.5) continue;
        return "most rows of layer " + std::to_string(head.layer) + ", head " +
               std::to_string(head.head) +
               " are far from a sum of 1; are these weights? attn-inspect check says more";
    }
    return "";
}

HeadStats summarise(const std::vector<RowStats>& rows, PatternScore pattern_score) {
    Mean entropy, normalised, confidence, effective, keys_for_90, distance, saturation, far;
    Mean diagonal, previous, next, first, last;
    for (const RowStats& row : rows) {
        if (row.keys == 0) continue;
        entropy.add(row.entropy);
        if (row.keys > 1) normalised.add(row.entropy / std::log(row.keys));
        confidence.add(row.largest);
        // These would be numbers even where a weight is none.
        const bool counts = std::isfinite(row.sum);
        effective.add(counts ? 1 / row.squares : HeadStats::kNone);
        keys_for_90.add(counts ? row.keys_for_90 : HeadStats::kNone);
        // On a grid a token that is no patch has no distance.
        if (!std::isnan(row.distance) || std::isnan(row.sum)) distance.add(row.distance);
        saturation.add(!counts ? HeadStats::kNone : row.largest > kSaturatedRow ? 1 : 0);
        far.add(std::abs(row.sum - 1) > kFarRow ? 1 : 0);
        diagonal.add(row.diagonal);
        previous.add(row.previous);
        next.add(row.next);
        first.add(row.first);
        last.add(row.last);
    }
    HeadStats stats;
    stats.entropy = entropy.value();
    stats.entropy_normalised = normalised.value();
    stats.confidence = confidence.value();
    stats.effective_keys = effective.value();
    stats.keys_for_90 = keys_for_90.value();
    stats.distance = distance.value();
    stats.saturation = saturation.value();
    if (far.count > 0) stats.far_rows = far.value();
    stats.diagonal = diagonal.value();
    stats.previous = previous.value();
    stats.next = next.value();
    stats.first = first.value();
    stats.last = last.value();
    stats.previous_token = pattern_value(rows, &RowStats::previous_token, pattern_score);
    stats.duplicate_token = pattern_value(rows, &RowStats::duplicate_token, pattern_score);
    stats.induction = pattern_value(rows, &RowStats::induction, pattern_score);
    summarise_scores(rows, stats);
    return stats;
}

}  // namespace attn::analysis
