#include <algorithm>

#include "attention/default_scale.hpp"
#include "attention/division.hpp"
#include "attention/query_offset.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "io/container.hpp"
#include "io/xxh3.hpp"
#include "model/weight_bundle.hpp"
#include "pipeline/gradient_steps.hpp"
#include "pipeline/monitor_steps.hpp"
#include "pipeline/step_collector.hpp"
#include "source/computed_source.hpp"

namespace attn::pipeline {
namespace {

bool is_checkpoint(const std::string& path) {
    try {
        return !model::read_weight_bundle(io::open_container(path)).layers.empty();
    } catch (const Error&) {
        return false;
    }
}

// The digest of all arrays, with their names and shapes.
std::string digest_of_checkpoint(const std::string& path) {
    const io::Container container = io::open_container(path);
    std::vector<std::pair<std::string, const io::StoredArray*>> arrays;
    for (const auto& [key, array] : container.arrays) arrays.emplace_back(key, &array);
    std::vector<std::string> digests(arrays.size());
    parallel_for(arrays.size(), [&](std::size_t i) {
        const io::StoredArray array = io::fetched(*arrays[i].second);
        digests[i] = arrays[i].first + to_string(array.shape) + io::xxh3(array.bytes);
    });
    std::string all;
    for (const std::string& digest : digests) all += digest;
    return io::xxh3({reinterpret_cast<const std::byte*>(all.data()), all.size()});
}

Chosen chosen_of(const std::optional<std::vector<std::size_t>>& wanted, std::size_t count,
                 const std::string& flag, const std::string& what) {
    if (!wanted) return std::nullopt;
    require_indices_below(*wanted, count, flag, what);
    std::vector<std::size_t> indices = *wanted;
    std::sort(indices.begin(), indices.end());
    return indices;
}

// A NaN in a checkpoint is found by an alarm, one in the input is a mistake.
template <class T>
void require_finite_input(const source::ComputedRequest& input) {
    if (input.allow_nonfinite) return;
    io::Inputs inputs;
    for (const std::string* name : {&input.embeddings, &input.hidden_states, &input.context})
        if (!name->empty()) inputs.load<T>(*name, io::NonFinite::refuse);
}

template <class T>
analysis::StatsOptions stats_of(const source::ComputedInputs<T>& loaded) {
    analysis::StatsOptions options;
    options.offsets = loaded.options.mask.structure.offsets;
    const bool same_tokens = loaded.queries == loaded.keys && loaded.tokens == loaded.key_tokens;
    if (same_tokens && start_at_first_key(options.offsets)) options.tokens = loaded.tokens;
    return options;
}

}  // namespace

std::vector<source::TrainingStep> checkpoint_steps(const MonitorRequest& request) {
    return source::find_training_steps(request.checkpoints, request.steps,
                                       {"checkpoint", is_checkpoint, is_checkpoint});
}

template <class T>
analysis::TrainingSeries measure_checkpoints(const MonitorRequest& request,
                                             const std::vector<source::TrainingStep>& steps,
                                             const AfterFirst& after_first,
                                             const Progress& progress, const Warn& warn) {
    const Warn silent;
    require_finite_input<T>(request.input);
    StepCollector<T> collector(request.per_sequence, request.ranks);
    const std::size_t parts = steps.size() * (request.upstream ? 2 : 1);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        source::ComputedRequest asked = request.input;
        asked.weights = steps[i].source;
        asked.allow_nonfinite = true;
        asked.attention.scores_at = ScoreStage::scaled;
        asked.layers = request.from.layers;
        io::Inputs inputs;
        const source::ComputedSource<T> source(asked, inputs, i == 0 ? warn : silent);
        const source::ComputedInputs<T>& loaded = source.inputs();
        const source::Outline& outline = source.outline();
        StepInput<T> input;
        input.step = steps[i];
        input.digest = digest_of_checkpoint(steps[i].source);
        input.share = {chosen_of(request.from.layers, outline.layers.size(), "--layers", "layer"),
                       chosen_of(request.from.sequences, outline.sequences, "--seq", "sequence"),
                       chosen_of(request.from.heads, outline.heads.size(), "--head", "head")};
        if (i == 0)
            warn_of_idle_ranks(request.ranks, outline.sequences * outline.heads.size(), warn);
        const std::size_t cells = outline.layers.size() * outline.sequences * outline.heads.size() *
                                  outline.queries * outline.keys;
        require_memory(2 * cells * sizeof(T), "the weights of two steps");
        input.stats = stats_of(loaded);
        input.facts.before = collector.weights_before();
        input.facts.computed = true;
        input.facts.keep = i + 1 < steps.size();
        input.facts.kv_order = loaded.options.kv_order;
        input.facts.scale = [&loaded](std::size_t layer, std::size_t d_head) {
            return loaded.options_of(layer).scale.value_or(default_scale(d_head));
        };
        collector.add(source, std::move(input), progress_of_step(progress, i, parts));
        if (i == 0) after_first(collector.series());
    }
    analysis::TrainingSeries series = collector.take();
    if (!request.upstream) return series;
    const Progress second_half =
        progress
            ? Progress([&](std::size_t done, std::size_t all) { progress(all + done, 2 * all); })
            : nullptr;
    add_step_gradients(request, steps, series, second_half);
    return series;
}

template analysis::TrainingSeries measure_checkpoints<float>(
    const MonitorRequest&, const std::vector<source::TrainingStep>&, const AfterFirst&,
    const Progress&, const Warn&);
template analysis::TrainingSeries measure_checkpoints<double>(
    const MonitorRequest&, const std::vector<source::TrainingStep>&, const AfterFirst&,
    const Progress&, const Warn&);

}  // namespace attn::pipeline
