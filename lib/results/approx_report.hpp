// What approx says: errors and costs of methods, as JSON and as CSV.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/approx_sink.hpp"
#include "analysis/layer_growth.hpp"

namespace attn::results {

// One method with one value of each option.
struct ApproxRow {
    std::string spec;                       // "local:window=32"
    std::string method;                     // "local"
    std::string group;                      // "masks"
    std::string budget;                     // "window=32"; empty: it has none
    std::map<std::string, double> numbers;  // its options
    std::map<std::string, std::string> words;
    bool oracle = false;
    std::string skipped;                               // why it does not apply; empty: it does
    analysis::ApproxMeasures run;                      // of all layers, sequences and heads
    std::vector<analysis::LayerApproximation> layers;  // in the order of layers and sequences
    std::vector<analysis::HeadApproximation> heads;
    std::vector<std::vector<double>> singular_values;  // of heads, or empty: it has none

    // Where it ran with several seeds: the measures above are means, except for places, which are
    // those of the worst run, and these are standard deviations (of the population).
    std::size_t seeds = 1;
    analysis::ApproxMeasures run_spread;
    std::vector<analysis::ApproxMeasures> layer_spread, head_spread;
};

// One row of several that differ in their seeds.
ApproxRow mean_of_runs(const std::vector<ApproxRow>& runs);

struct ApproxReport {
    bool batch = false;     // more than one sequence
    bool per_head = false;  // heads are told too
    bool costs = true;      // q, k and v are known, and so is what they cost
    analysis::ExactCost exact;
    std::optional<double> exact_time;  // seconds of all layers, where it was measured
    std::vector<ApproxRow> methods;
    std::optional<std::vector<analysis::NeedsOfHead>> needs;  // where they were asked for
    std::optional<analysis::LayerGrowth> growth;              // likewise
};

// One figure of what a head needs, by its name; null where no budget reaches the target.
struct NeedsFigure {
    const char* name;
    analysis::HeadNeeds::Count analysis::HeadNeeds::*value;
};
const std::vector<NeedsFigure>& needs_figures();

// {"exact": {…}, "methods": […], "needs": […]}; what does not exist is null.
std::string approx_json(const ApproxReport& report);

// A line a method, layer and sequence, or head, with every measure; what does not exist is empty.
std::string approx_csv(const ApproxReport& report);

// What heads need: the entries of "needs" as a document, and as CSV with a line a head.
std::string needs_json(const ApproxReport& report);
std::string needs_csv(const ApproxReport& report);

// How layers grow, as CSV: a line a layer and length.
std::string growth_csv(const ApproxReport& report);

}  // namespace attn::results
