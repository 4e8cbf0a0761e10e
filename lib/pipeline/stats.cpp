#include "pipeline/stats.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attention/ranks_sink.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/json_text.hpp"
#include "io/npy_writer.hpp"
#include "io/output_file.hpp"
#include "io/same_files.hpp"
#include "results/number_or_null.hpp"
#include "source/labels_beside.hpp"
#include "source/pattern_tokens.hpp"

namespace attn::pipeline {
namespace {

using Json = nlohmann::ordered_json;

// Flags for token patterns, where there are no tokens to find patterns in.
void require_patterns(const StatsRequest& request, bool tokens) {
    if (tokens) return;
    for (const auto& [given, flag] :
         {std::pair(request.exclude_first_key, "--exclude-first-key"),
          std::pair(request.exclude_self, "--exclude-self"),
          std::pair(request.pattern_score == analysis::PatternScore::abs, "--pattern-score abs")}) {
        if (given)
            fail(flag, ": has no effect, token patterns need tokens of both axes (--tokens)");
    }
}

// `source` is empty where there is only one.
Json to_json(const analysis::HeadStats& head, bool batch, const std::string& source) {
    Json json = Json::object();
    if (!source.empty()) json["source"] = source;
    json["layer"] = head.layer;
    if (batch) json["seq"] = head.sequence;
    json["head"] = head.head;
    for (const analysis::Measure& measure : analysis::measures())
        json[measure.name] = results::number_or_null(head.*measure.value);
    return json;
}

Json to_json(const LayerSimilarity& layer, bool batch, const std::string& source) {
    const auto numbers = [&](const std::vector<std::size_t>& places) {
        Json list = Json::array();
        for (const std::size_t place : places) list.push_back(layer.numbers[place]);
        return list;
    };
    Json json = Json::object();
    if (!source.empty()) json["source"] = source;
    json["layer"] = layer.layer;
    if (batch) json["seq"] = layer.sequence;
    Json matrix = Json::array();
    const Array<double>& divergence = layer.heads.divergence;
    for (std::size_t row = 0; row < divergence.extent(0); ++row) {
        const double* from = divergence.data() + row * divergence.extent(1);
        matrix.push_back(std::vector<double>(from, from + divergence.extent(1)));
    }
    json["divergence"] = std::move(matrix);
    json["redundant"] = Json::array();
    for (const auto& [a, b] : layer.heads.redundant) json["redundant"].push_back(numbers({a, b}));
    json["clusters"] = Json::array();
    for (const auto& places : layer.heads.clusters) json["clusters"].push_back(numbers(places));
    json["positions"] = layer.heads.positions;
    return json;
}

template <class T>
void compare_layers(const source::StoredAttention<T>& attention, const StatsRequest& request,
                    const Share& share, StatsResult& result) {
    for (const source::StoredLayer<T>& layer : attention.layers) {
        for (std::size_t sequence = 0; sequence < attention.shape()[0]; ++sequence) {
            if (!is_chosen(share.sequences, sequence)) continue;
            LayerSimilarity similarity{layer.layer, sequence, {}, {}};
            std::vector<MatrixView<const T>> chosen;
            for (std::size_t place = 0; place < attention.heads.size(); ++place) {
                if (!is_chosen(share.heads, place)) continue;
                chosen.push_back(layer.weights.matrix(sequence, place));
                similarity.numbers.push_back(attention.heads[place]);
            }
            similarity.heads = analysis::compare_heads(chosen, request.cluster_threshold);
            result.similarity.push_back(std::move(similarity));
        }
    }
}

void warn_of_scores(bool has_sinks, const std::string& source, const StatsResult& result,
                    const Warn& warn) {
    const std::string doubt = has_sinks ? "" : analysis::doubt_of_weights(result.heads);
    if (warn && !doubt.empty()) warn(source + ": " + doubt);
}

SinkCount count_sinks(const std::vector<analysis::HeadStats>& heads) {
    const auto has_sink = [](const analysis::HeadStats& head) {
        return head.sink > StatsResult::kSink;
    };
    const auto is_known = [](const analysis::HeadStats& head) { return !std::isnan(head.sink); };
    const auto sinks = std::count_if(heads.begin(), heads.end(), has_sink);
    const auto known = std::count_if(heads.begin(), heads.end(), is_known);
    return {"", static_cast<std::size_t>(sinks), static_cast<std::size_t>(known)};
}

// As one array [heads, keys] in a file.
std::string received_npy(const StatsResult& result) {
    const Shape shape{result.received.size(), result.received.front().size()};
    std::string bytes = io::npy_header(DType::float64, shape);
    for (const std::vector<double>& row : result.received) {
        bytes.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double));
    }
    return bytes;
}

std::optional<io::OutputFile> open_received(const StatsRequest& request, io::Inputs& inputs) {
    if (!request.received || !request.ranks.is_root()) return std::nullopt;
    inputs.also_reads(request.from.tokens);
    inputs.also_reads(request.from.key_tokens);
    return std::make_optional<io::OutputFile>(
        *request.received, io::FileKind::npy,
        io::OutputGuard("stats", request.policy, inputs.paths()));
}

template <class T>
StatsResult measure_as(const StatsRequest& request, io::Inputs& inputs, const Progress& progress,
                       const Warn& warn) {
    source::StoredAttention<T> attention =
        source::open_stored_attention<T>(inputs, {request.from.source, request.from.axes}, warn);
    source::select_layers(attention, request.from);
    source::warn_of_causal_leak(attention, request.from.source, warn);
    const Share share = source::choose_share(attention, request.from);
    source::load_scores(inputs, request.from.source, attention);
    source::add_labels_beside(inputs, request.from, attention, warn);
    inputs.release();
    io::require_same_files(request.ranks, inputs.paths());
    analysis::StatsOptions options;
    source::PatternTokens tokens = source::choose_pattern_tokens(attention, request.from, warn);
    options.offsets = std::move(tokens.offsets);
    options.tokens = std::move(tokens.keys);
    if (!request.grid.empty())
        options.grid = analysis::parse_grid(request.grid, attention.shape()[3]);
    require_patterns(request, !options.tokens.empty());
    options.exclude_first_key = request.exclude_first_key;
    options.exclude_self = request.exclude_self;
    options.pattern_score = request.pattern_score;
    std::optional<io::OutputFile> received = open_received(request, inputs);

    analysis::StatsSink<T> sink(options);
    RanksSink<T> ranks(request.ranks, warn);
    source::StoredSource<T>(attention).stream({&ranks, &sink}, share, progress);

    StatsResult result;
    result.batch = attention.shape()[0] > 1;
    result.heads = sink.heads();
    result.received = sink.received();
    if (request.similarity) compare_layers(attention, request, share, result);
    result.sinks = {count_sinks(result.heads)};
    warn_of_scores(attention.has_sinks, request.from.source, result, warn);
    if (received) received->write(received_npy(result));
    return result;
}

}  // namespace

double StatsResult::sink_rate() const {
    SinkCount all;
    for (const SinkCount& count : sinks) all.sinks += count.sinks, all.heads += count.heads;
    return all.rate();
}

StatsResult measure(const StatsRequest& request, const Progress& progress, const Warn& warn) {
    io::Inputs inputs;
    const DType type = source::working_type(inputs, request.from.source, request.from.precision);
    return source::with_type(type, [&](auto number) {
        return measure_as<decltype(number)>(request, inputs, progress, warn);
    });
}

void append(StatsResult& all, StatsResult more, const std::string& source) {
    const auto move_behind = [](auto& target, auto& values) {
        target.insert(target.end(), std::make_move_iterator(values.begin()),
                      std::make_move_iterator(values.end()));
    };
    all.batch = all.batch || more.batch;
    for (SinkCount& count : more.sinks) count.source = source;
    move_behind(all.sinks, more.sinks);
    move_behind(all.heads, more.heads);
    move_behind(all.received, more.received);
    move_behind(all.similarity, more.similarity);
    all.head_sources.resize(all.heads.size(), source);
    all.layer_sources.resize(all.similarity.size(), source);
}

std::string stats_json(const StatsResult& result) {
    Json json;
    json["heads"] = Json::array();
    const auto source = [](const std::vector<std::string>& sources, std::size_t index) {
        return sources.empty() ? std::string() : sources[index];
    };
    for (std::size_t i = 0; i < result.heads.size(); ++i)
        json["heads"].push_back(
            to_json(result.heads[i], result.batch, source(result.head_sources, i)));
    json["layers"] = Json::array();
    for (std::size_t i = 0; i < result.similarity.size(); ++i)
        json["layers"].push_back(
            to_json(result.similarity[i], result.batch, source(result.layer_sources, i)));
    json["sink_rate"] = results::number_or_null(result.sink_rate());
    for (const SinkCount& count : result.sinks) {
        if (!count.source.empty())
            json["sink_rates"].push_back(
                {{"source", count.source}, {"sink_rate", results::number_or_null(count.rate())}});
    }
    return io::json_document(json);
}

}  // namespace attn::pipeline
