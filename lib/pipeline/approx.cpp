#include "pipeline/approx.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "analysis/growth_sink.hpp"
#include "analysis/row_sum_sink.hpp"
#include "attention/ranks_sink.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/output_folder.hpp"
#include "io/same_files.hpp"
#include "pipeline/approx_arrays.hpp"
#include "pipeline/approx_costs.hpp"
#include "pipeline/approx_flags.hpp"
#include "pipeline/approx_methods.hpp"
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

using analysis::ApproxMeasures;
using approx::Sizes;
using approx::Spec;

bool masks_anything(const MaskStructure& structure, bool cells) {
    return structure.causal || structure.window_left || structure.window_right ||
           !structure.key_lengths.empty() || cells;
}

// What the sink has measured of one method, in a row of the report.
template <class T>
void fill_row(const analysis::ApproxSink<T>& sink, std::size_t method, results::ApproxRow& row) {
    for (const analysis::LayerApproximation& layer : sink.layers())
        if (layer.method == method) row.layers.push_back(layer);
    std::vector<const analysis::ErrorSums*> sums;
    std::vector<const ApproxMeasures*> measures;
    for (const analysis::HeadApproximation& head : sink.heads()) {
        if (head.method != method) continue;
        row.heads.push_back(head);
        const auto place = static_cast<std::size_t>(&head - sink.heads().data());
        if (!sink.singular_values()[place].empty())
            row.singular_values.push_back(sink.singular_values()[place]);
        sums.push_back(&head.sums);
        measures.push_back(&head.measures);
    }
    std::size_t worst = 0, least = 0;
    row.run = analysis::pooled_measures(sums, measures, worst, least);
    if (row.layers.size() != 1) return;
    row.run.output_error = row.layers[0].measures.output_error;
    row.run.mean_error = row.layers[0].measures.mean_error;
}

// All rows; of a method that ran with several seeds means, with standard deviations beside them.
template <class T>
void fill_rows(const analysis::ApproxSink<T>& sink, const ChosenMethods& chosen,
               std::vector<results::ApproxRow>& rows) {
    std::size_t next = 0;
    for (results::ApproxRow& row : rows) {
        if (!row.skipped.empty()) continue;
        const ChosenMethods::Runs runs = chosen.runs()[next++];
        std::vector<results::ApproxRow> all(runs.count, row);
        for (std::size_t i = 0; i < runs.count; ++i) fill_row(sink, runs.first + i, all[i]);
        row = results::mean_of_runs(all);
    }
}

double error_of(const ApproxMeasures& measures, ApproxTarget target) {
    switch (target) {
        case ApproxTarget::context:
            return measures.context_error;
        case ApproxTarget::weights:
            return measures.weights_error;
        case ApproxTarget::output:
            return measures.output_error;
        case ApproxTarget::mass:
            break;
    }
    return 1 - measures.kept_mass;
}

// A method of the run whose layers have a formula, with its options for a length.
analysis::ApproxMethod grown_method(const ApproxRequest& request, const Spec& spec, Sizes sizes,
                                    std::size_t n) {
    sizes.queries = sizes.keys = n;
    sizes.offset = 0;
    const approx::SpecPart& part = spec.parts.front();
    return {spec.text(),
            {{part.row, approx::resolve(part, sizes, request.seed.value_or(0), nullptr)}}};
}

std::vector<Spec> growing_specs(const ChosenMethods& chosen) {
    std::vector<Spec> specs;
    for (std::size_t i = 0; i < chosen.specs().size(); ++i) {
        const Spec& spec = chosen.specs()[i];
        const bool of_one_length = approx::reads_file(spec.parts.front()) ||
                                   chosen.methods()[chosen.runs()[i].first].budgets;
        if (spec.parts.size() == 1 && !of_one_length && analysis::grows_by_formula(spec.method()))
            specs.push_back(spec);
    }
    return specs;
}

// Measures what --growth asks for beside the formulas.
template <class T>
std::unique_ptr<analysis::GrowthSink<T>> growth_sink(const ApproxRequest& request,
                                                     const ChosenMethods& chosen,
                                                     const Sizes& sizes) {
    const std::vector<Spec> specs = growing_specs(chosen);
    analysis::MethodsOfLength errors, times;
    for (const std::size_t n : request.growth) {
        times[n];
        for (const Spec& spec : specs) times[n].push_back(grown_method(request, spec, sizes, n));
        if (specs.empty() || n >= sizes.queries) continue;
        errors[n] = times[n];
        errors[n].insert(errors[n].begin(), chosen.methods().front());
    }
    const std::size_t repeat = request.time ? request.repeat.value_or(5) : 0;
    return std::make_unique<analysis::GrowthSink<T>>(std::move(errors), std::move(times), repeat,
                                                     request.seed.value_or(0));
}

// What layers of this width cost, with the errors of the methods. The options are those of the
// longest length.
template <class T>
analysis::LayerGrowth growth_of(const ApproxRequest& request, const approx::LayerSize& size,
                                const ChosenMethods& chosen, const Sizes& sizes,
                                const std::vector<results::ApproxRow>& rows, ApproxTarget target,
                                const analysis::GrowthSink<T>& measured) {
    const std::size_t longest =
        std::max(size.n, *std::max_element(request.growth.begin(), request.growth.end()));
    const auto measures = measured.measures();
    std::vector<analysis::GrowthMethod> grown;
    for (const Spec& spec : growing_specs(chosen)) {
        analysis::GrowthMethod method{
            spec.text(), &spec.method(),
            grown_method(request, spec, sizes, longest).parts.front().options};
        for (const results::ApproxRow& row : rows) {
            if (row.spec == method.spec && row.skipped.empty())
                method.errors[size.n] = error_of(row.run, target);
        }
        for (const auto& [n, of_methods] : measures)
            method.errors[n] = error_of(of_methods[grown.size() + 1], target);
        grown.push_back(std::move(method));
    }
    return analysis::grow_layers(size, request.growth, grown, measured.times());
}

void compare_with_limit(const ApproxRequest& request, ApproxTarget target, ApproxResult& result) {
    if (!request.max_error) return;
    const std::string& name = approx_targets()[static_cast<std::size_t>(target)];
    for (const results::ApproxRow& row : result.report.methods) {
        for (const analysis::LayerApproximation& layer : row.layers) {
            const double error = error_of(layer.measures, target);
            if (std::isnan(error))
                fail("--max-error: ", row.spec, " has no error of --target ", name, " here");
            if (error <= *request.max_error) continue;
            char number[32];
            std::snprintf(number, sizeof number, "%.4g", error);
            result.above.push_back(row.spec + ", layer " + std::to_string(layer.layer) +
                                   ": error of " + name + " is " + number);
        }
    }
}

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
    source::warn_of_idle_ranks(request.ranks, share, attention, warn);
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
    around.is.masked = masks_anything(attention.structure, false);
    around.is.cells = shape[2] * shape[3];
    std::vector<std::size_t> layers, heads;
    for (const auto& layer : attention.layers) layers.push_back(layer.layer);
    for (const std::size_t head : chosen_or_all(share.heads, shape[1]))
        heads.push_back(attention.heads[head]);
    const ChosenMethods chosen(
        approx_choice(request, shape[3], inputs,
                      places_of(layers, chosen_or_all(share.sequences, shape[0]), heads)),
        around, warn);
    inputs.release();
    require_used_flags(request, chosen);
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
        saves, options.values, layers.size(), folder);
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
            fail("--layers ", layer, ": ", request.from.source, " holds other layers only");
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
    around.is.masked =
        masks_anything(mask.structure, windows || !mask.may_attend.empty() || !mask.added.empty() ||
                                           mask.bias.forbids());
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
    warn_of_idle_ranks(
        request.ranks,
        chosen_of(share.sequences, loaded.batch) * chosen_of(share.heads, loaded.heads), warn);
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
