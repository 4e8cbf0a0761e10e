// Numbers for every head of a stored attention, and the JSON that goes with them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/head_similarity.hpp"
#include "analysis/stats_sink.hpp"
#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "io/output_guard.hpp"
#include "source/attention_options.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {

struct StatsRequest {
    source::SourceRequest from;
    std::string grid;  // "14x14": distances in patches of a picture; empty: along the sequence
    bool exclude_first_key = false;
    bool exclude_self = false;
    analysis::PatternScore pattern_score = analysis::PatternScore::mul;
    bool similarity = false;         // compare the heads of each layer
    double cluster_threshold = 0.1;  // mean divergence below which heads are one cluster
    // Where `received` is written as one array [heads, keys]: FILE.npy, or "-" for standard output.
    std::optional<std::string> received;
    io::OutputPolicy policy;
    Communicator ranks = {};  // that measure it together
};

struct LayerSimilarity {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    analysis::HeadSimilarity heads;  // by place; `numbers` says what they are called
    std::vector<std::size_t> numbers;
};

// How many heads have a sink, of how many.
struct SinkCount {
    std::string source;  // empty where there is only one
    std::size_t sinks = 0;
    std::size_t heads = 0;

    double rate() const { return static_cast<double>(sinks) / static_cast<double>(heads); }
};

struct StatsResult {
    bool batch = false;  // more than one sequence
    std::vector<analysis::HeadStats> heads;
    std::vector<std::vector<double>> received;  // of each head, [keys]
    std::vector<LayerSimilarity> similarity;
    // Where heads and similarities are from, when results were put together; else empty.
    std::vector<std::string> head_sources{};
    std::vector<std::string> layer_sources{};
    std::vector<SinkCount> sinks{};  // of each source

    // Share of heads whose key 0 receives more than kSink on average (Gu et al. 2024).
    // The share of sinks among all heads that were measured, whichever of them are listed.
    double sink_rate() const;
    static constexpr double kSink = 0.3;
};

// Throws Error for a source that cannot be read, tokens that do not fit, and an output that cannot
// be written; then nothing is there. `warn` is told when the source looks like anything but
// weights.
StatsResult measure(const StatsRequest& request, const Progress& progress, const Warn& warn);

// Puts the result of one more source behind others.
void append(StatsResult& all, StatsResult more, const std::string& source);

// {"heads": […], "layers": […], "sink_rate": …}, of several sources also "sink_rates"; what does
// not exist is null.
std::string stats_json(const StatsResult& result);

}  // namespace attn::pipeline
