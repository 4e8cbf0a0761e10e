#include "pipeline/approx.hpp"

#include <algorithm>
#include <memory>

#include "analysis/row_sum_sink.hpp"
#include "attention/ranks_sink.hpp"
#include "attention/restricts.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/output_folder.hpp"
#include "io/same_files.hpp"
#include "pipeline/approx_arrays.hpp"
#include "pipeline/approx_costs.hpp"
#include "pipeline/approx_flags.hpp"
#include "pipeline/approx_growth.hpp"
#include "pipeline/approx_methods.hpp"
#include "pipeline/approx_rows.hpp"
#include "pipeline/approx_triptychs.hpp"
#include "pipeline/head_importance.hpp"
#include "pipeline/rollout_words.hpp"
#include "pipeline/run_options.hpp"
#include "pipeline/stored_manifest.hpp"
#include "results/approx_pictures.hpp"
#include "results/manifest.hpp"
#include "source/computed_source.hpp"
#include "source/idle_ranks.hpp"
#include "source/labels_beside.hpp"
#include "source/stored_mask.hpp"

namespace attn::pipeline {
namespace {

using approx::Sizes;

std::optional<analysis::NeedsTarget> needs_target(const ApproxRequest& request,
                                                  ApproxTarget target) {
    if (!request.needs) return std::nullopt;
    analysis::NeedsTarget needs;
    needs.measure = static_cast<analysis::NeedsMeasure>(target);
    needs.error = request.target_error.value_or(0.05);
    return needs;
}

std::optional<io::OutputFolder> open_approx_folder(const ApproxRequest& request,
                                                   io::Inputs& inputs) {
    io::require_same_files(request.ranks, inputs.paths());
    if (request.output.empty()) return std::nullopt;
    return std::make_optional<io::OutputFolder>(
        request.output, io::OutputGuard("approx", request.policy, inputs.paths()), "a folder",
        request.ranks);
}

std::size_t chosen_of(const Chosen& chosen, std::size_t all) {
    return chosen ? chosen->size() : all;
}

// What pictures name: the stored attention, or what it is computed from.
std::string source_name(const ApproxRequest& request) {
    for (const std::string& name : {request.from.source, request.input.embeddings,
                                    request.input.query, request.input.weights})
        if (!name.empty()) return name;
    return "";
}

// Writes the folder, and ends the result.
void write_folder(std::optional<io::OutputFolder>& folder, results::RunManifest manifest,
                  io::Inputs& inputs, const ApproxRequest& request, ApproxTarget target,
                  ApproxResult& result) {
    if (!folder) return;
    const bool root = request.ranks.is_root();
    if (root) {
        folder->write("approx.json", results::approx_json(result.report));
        folder->write("approx.csv", results::approx_csv(result.report));
        if (result.report.needs) folder->write("needs.json", results::needs_json(result.report));
        manifest.inputs = inputs.records(request.policy.sha256);
    }
    manifest.command = "approx";
    if (root && request.pictures) {
        const results::ApproxPictureText text{source_name(request),
                                              approx_targets()[static_cast<std::size_t>(target)],
                                              request.command};
        results::write_approx_pictures(result.report, text, *folder);
    }
    for (auto& option : describe_choice(request)) manifest.options.push_back(std::move(option));
    folder->gather_files();
    manifest.files = folder->files();
    folder->commit(results::write_manifest(manifest));
    result.files = manifest.files;
}

template <class T>
ApproxResult approximate_stored(const ApproxRequest& request, io::Inputs& inputs,
                                const Progress& progress, const Warn& warn) {
    source::StoredAttention<T> attention =
        source::open_stored_attention<T>(inputs, {request.from.source, request.from.axes}, warn);
    source::select_layers(attention, request.from);
    const Shape shape = attention.shape();
    attention.structure =
        source::load_stored_mask(request.input.attention, attention, inputs, warn).structure;
    source::warn_of_causal_leak(attention, request.from.source, warn);
    const Share share = source::choose_share(attention, request.from);
    const bool contexts = !request.value.empty();
    const ApproxTarget target =
        request.target.value_or(contexts ? ApproxTarget::context : ApproxTarget::mass);
    if (request.needs) {
        if (target == ApproxTarget::output)
            fail("--target output: saved attention has no W_O to look behind");
        if (target == ApproxTarget::context && !contexts)
            fail("--target context: saved attention needs --value for it");
    }
    if (!request.growth.empty())
        fail("--growth: saved attention does not say how wide its heads are; give -q, -k and -v");
    analysis::ApproxOptions<T> options;
    options.top_keys = request.top_keys.value_or(options.top_keys);
    options.element_bytes = request.element_bytes.value_or(options.element_bytes);
    options.needs = needs_target(request, target);
    if (contexts) options.values = load_values<T>(request.value, shape, inputs);

    ApproxSurroundings around;
    around.sizes = {shape[2], shape[3], 0, 0, attention.structure.offsets.front()};
    around.is.projection_files = !request.linformer_e.empty();
    around.is.inputs = false;
    around.is.contexts = contexts;
    around.is.causal = attention.structure.causal;
    const bool windows = std::any_of(attention.layers.begin(), attention.layers.end(),
                                     [](const auto& layer) { return layer.window_left; });
    around.is.masked = restricts(attention.structure) || windows;
    around.is.cells = shape[2] * shape[3];
    std::vector<std::size_t> heads;
    for (const std::size_t head : chosen_or_all(share.heads, shape[1]))
        heads.push_back(attention.heads[head]);
    const ChosenMethods chosen(
        approx_choice(
            request, shape[3], inputs,
            places_of(attention.layer_numbers(), chosen_or_all(share.sequences, shape[0]), heads)),
        around, warn);
    inputs.release();
    require_used_flags(request, chosen);
    source::warn_of_idle_ranks(request.ranks, share, attention, warn);
    std::optional<io::OutputFolder> folder = open_approx_folder(request, inputs);

    analysis::ApproxSink<T> sink(chosen.methods(), options);
    analysis::RowSumSink<T> sums(attention.has_sinks);
    RanksSink<T> ranks(request.ranks);
    Sinks<T> sinks{&ranks, &sink, &sums};
    const TriptychSizes sizes{attention.layers.size() * chosen_of(share.heads, shape[1]) *
                                  chosen_of(share.sequences, shape[0]),
                              around.is.cells, shape[0] > 1};
    const auto pictures =
        triptych_sink<T>(request, chosen, sizes, source_name(request), folder, warn);
    if (pictures) sinks.push_back(pictures.get());
    ApproxSurroundings saves = around;
    saves.sizes.d_value = contexts ? options.values.extent(3) : 0;
    const ApproxArrays<T> arrays = approx_arrays<T>(
        request, chosen, {chosen_or_all(share.sequences, shape[0]), heads, attention.batch_axis},
        saves, options.values, attention.layers.size(), folder);
    if (arrays.sink) sinks.push_back(arrays.sink.get());
    source::StoredSource<T>(attention).stream(sinks, share, progress);
    if (arrays.arrays) arrays.arrays->close();
    if (const auto row = sums.first()) warn(doubt_of_row(request.from.source, *row, shape[0] > 1));

    ApproxResult result;
    result.report.batch = shape[0] > 1;
    result.report.per_head = request.per_head;
    result.report.costs = false;
    result.report.methods = chosen.rows();
    fill_rows(sink, chosen, result.report.methods);
    if (request.needs) result.report.needs = sink.needs_found();
    compare_with_limit(request, target, result);
    write_folder(folder, stored_manifest(attention, chosen_or_all(share.heads, shape[1])), inputs,
                 request, target, result);
    return result;
}

template <class T>
Share share_of(const ApproxRequest& request, const source::ComputedInputs<T>& loaded) {
    Share share;
    if (request.from.layers)
        share.layers =
            sorted_indices(request.from.layers, loaded.layers.size(), "--layers", "layer");
    if (request.from.heads)
        share.heads = sorted_indices(request.from.heads, loaded.heads, "--head", "head");
    if (request.from.sequences)
        share.sequences = sorted_indices(request.from.sequences, loaded.batch, "--seq", "sequence");
    if (!request.input.saved) return share;
    const std::vector<std::size_t> saved = request.input.saved->saved_layers();
    if (!share.layers) share.layers = saved;
    for (const std::size_t layer : *share.layers) {
        if (std::find(saved.begin(), saved.end(), layer) == saved.end())
            fail("--layers ", layer, ": ", request.from.source, " holds layers ",
                 index_list_text(saved), " only");
    }
    return share;
}

template <class T>
ApproxSurroundings surroundings_of(const source::ComputedInputs<T>& loaded) {
    const MaskOptions<T>& mask = loaded.options.mask;
    ApproxSurroundings around;
    around.sizes = {loaded.queries, loaded.keys, loaded.layers.front().d_head,
                    loaded.layers.front().d_value, mask.structure.offsets.front()};
    around.is.projections = loaded.has_weights();
    around.is.causal = mask.structure.causal;
    const bool windows = std::any_of(loaded.window_left.begin(), loaded.window_left.end(),
                                     [](const auto& window) { return window.has_value(); });
    around.is.masked = restricts(mask.structure) || windows || !mask.may_attend.empty() ||
                       !mask.added.empty() || mask.bias.forbids();
    around.is.plain_scores = !loaded.options.softcap && mask.bias.empty() && mask.added.empty() &&
                             mask.alibi.empty() && mask.relative.empty() && loaded.relative.empty();
    around.is.cells = loaded.queries * loaded.keys;
    return around;
}

template <class T>
ApproxResult approximate_computed(const ApproxRequest& request, io::Inputs& inputs,
                                  const Progress& progress, const Warn& warn) {
    source::ComputedRequest input = request.input;
    input.layers = request.from.layers;
    if (request.upstream) ask_for_gradients(*request.upstream, input);
    const source::ComputedSource<T> source(input, inputs, warn);
    const source::ComputedInputs<T>& loaded = source.inputs();
    const Share share = share_of(request, loaded);
    ApproxSurroundings around = surroundings_of(loaded);
    around.is.gradients = request.upstream.has_value();
    around.is.projection_files = !request.linformer_e.empty();
    const ChosenMethods chosen(
        approx_choice(request, loaded.keys, inputs,
                      places_of(chosen_or_all(share.layers, loaded.layers.size()),
                                chosen_or_all(share.sequences, loaded.batch),
                                chosen_or_all(share.heads, loaded.heads))),
        around, warn);
    inputs.release();
    require_used_flags(request, chosen);
    warn_of_idle_ranks(
        request.ranks,
        chosen_of(share.sequences, loaded.batch) * chosen_of(share.heads, loaded.heads), warn);
    if (request.upstream && request.upstream->kind == source::Upstream::Kind::array)
        inputs.find(request.upstream->array);
    std::optional<io::OutputFolder> folder = open_approx_folder(request, inputs);

    const ApproxTarget target = request.target.value_or(ApproxTarget::context);
    if (request.needs && target == ApproxTarget::output && !loaded.has_weights())
        fail(
            "--target output: ", input.saved ? "q, k and v of a run" : "--query, --key and --value",
            " have no W_O to look behind");
    analysis::ApproxOptions<T> options;
    options.top_keys = request.top_keys.value_or(options.top_keys);
    options.element_bytes = request.element_bytes.value_or(options.element_bytes);
    options.needs = needs_target(request, target);
    if (request.upstream)
        options.importance =
            head_importance(source, inputs, *request.upstream, request.ranks, progress);
    analysis::ApproxSink<T> sink(chosen.methods(), options);
    RanksSink<T> ranks(request.ranks);
    Sinks<T> sinks{&ranks, &sink};
    std::optional<analysis::TimeSink<T>> times;
    if (request.time) {
        times.emplace(chosen.methods(), request.repeat.value_or(5));
        sinks.push_back(&*times);
        bool fast = true;
        for (std::size_t layer = 0; layer < loaded.layers.size(); ++layer)
            fast = fast && analysis::TimeSink<T>::has_fast_paths(loaded.options_of(layer));
        if (!fast && warn)
            warn(
                "--time: only exact attention is timed where other masks than causality, a "
                "softcap, biases or sinks stand, which fast paths do not have");
    }
    std::unique_ptr<analysis::GrowthSink<T>> growth;
    if (!request.growth.empty()) {
        growth = growth_sink<T>(request, chosen, around.sizes);
        sinks.push_back(&*growth);
    }
    const TriptychSizes sizes{chosen_of(share.layers, loaded.layers.size()) *
                                  chosen_of(share.heads, loaded.heads) *
                                  chosen_of(share.sequences, loaded.batch),
                              around.is.cells, loaded.batch > 1};
    const auto pictures =
        triptych_sink<T>(request, chosen, sizes, source_name(request), folder, warn);
    if (pictures) sinks.push_back(pictures.get());
    const ApproxArrays<T> arrays =
        approx_arrays<T>(request, chosen,
                         {chosen_or_all(share.sequences, loaded.batch),
                          chosen_or_all(share.heads, loaded.heads), loaded.batch_axis},
                         around, {}, chosen_of(share.layers, loaded.layers.size()), folder);
    if (arrays.sink) sinks.push_back(arrays.sink.get());
    source.stream(sinks, share, progress);
    if (arrays.arrays) arrays.arrays->close();

    ApproxResult result;
    result.report.batch = loaded.batch > 1;
    result.report.per_head = request.per_head;
    result.report.exact = sink.exact();
    result.report.methods = chosen.rows();
    fill_rows(sink, chosen, result.report.methods);
    tell_pays_from(
        chosen, around.is.causal,
        [&](std::size_t layer) {
            return Sizes{0, 0, loaded.layers[layer].d_head, loaded.layers[layer].d_value, 0};
        },
        result.report.methods);
    if (times) tell_times(times->layers(), chosen, result.report);
    if (request.needs) result.report.needs = sink.needs_found();
    if (growth) {
        const std::size_t d_model = loaded.heads * around.sizes.d_head;
        const approx::LayerSize size{loaded.queries, d_model, loaded.heads, around.is.causal};
        result.report.growth =
            growth_of(request, size, chosen, around.sizes, result.report.methods, target, *growth);
    }
    compare_with_limit(request, target, result);
    results::RunManifest manifest;
    manifest.options = describe_input_options(request.input, loaded);
    manifest.layers = share.layers ? *share.layers : source.outline().layers;
    manifest.heads = share.heads ? *share.heads : source.outline().heads;
    manifest.structure = loaded.options.mask.structure;
    manifest.tokens = loaded.tokens;
    manifest.key_tokens = loaded.key_tokens;
    write_folder(folder, std::move(manifest), inputs, request, target, result);
    return result;
}

// The request for attention that is computed from what a run saved.
ApproxRequest with_saved_heads(ApproxRequest request, source::SavedHeads saved) {
    if (!request.from.axes.empty())
        fail("--axes: the axes of ", request.from.source, ", a folder of run, are known");
    const bool wide = request.from.precision ? *request.from.precision == DType::float64
                                             : saved.dtype == DType::float64;
    request.input.precision = wide ? source::Precision::f64 : source::Precision::f32;
    request.input.saved = std::move(saved);
    return request;
}

}  // namespace

const std::vector<std::string>& approx_targets() {
    static const std::vector<std::string> names{"context", "weights", "output", "mass"};
    return names;
}

ApproxResult approximate(const ApproxRequest& request, const Progress& progress, const Warn& warn) {
    io::Inputs inputs;
    const auto computed = [&](const ApproxRequest& asked) {
        if (asked.input.precision == source::Precision::f64)
            return approximate_computed<double>(asked, inputs, progress, warn);
        return approximate_computed<float>(asked, inputs, progress, warn);
    };
    if (request.from.source.empty()) return computed(request);
    inputs.hold(request.from.source);
    if (auto saved = source::find_saved_heads(inputs, request.from.source))
        return computed(with_saved_heads(request, std::move(*saved)));
    const DType type = source::working_type(inputs, request.from.source, request.from.precision);
    return source::with_type(type, [&](auto number) {
        return approximate_stored<decltype(number)>(request, inputs, progress, warn);
    });
}

}  // namespace attn::pipeline
