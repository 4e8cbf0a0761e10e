#include "pipeline/run.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "attention/blas_threads.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"
#include "model/embedding.hpp"
#include "pipeline/array_sink.hpp"
#include "pipeline/heatmap_sink.hpp"
#include "pipeline/packed_arrays.hpp"
#include "pipeline/progress_sink.hpp"
#include "pipeline/run_inputs.hpp"
#include "pipeline/run_options.hpp"
#include "pipeline/stats.hpp"
#include "pipeline/whole_numbers.hpp"

namespace attn::pipeline {
namespace {

// What was asked for, made definite by what the input holds.
struct Selection {
    std::vector<std::size_t> layers;
    std::vector<std::size_t> heads;
};

std::vector<std::size_t> count_up(std::size_t count) {
    std::vector<std::size_t> indices(count);
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    return indices;
}

std::vector<std::size_t> choose(const std::optional<std::vector<std::size_t>>& wanted,
                                std::size_t count, const std::string& flag,
                                const std::string& what) {
    if (!wanted) return count_up(count);
    require_indices_below(*wanted, count, flag, what);
    std::vector<std::size_t> indices = *wanted;
    std::sort(indices.begin(), indices.end());
    return indices;
}

template <class T>
class Run {
  public:
    Run(const RunRequest& request, const Progress& progress, const Warn& warn)
        : request_(request),
          save_(request.save),
          progress_(progress),
          warn_(warn),
          loaded_(load_run_inputs<T>(request, files_, warn)),
          selection_{choose(request.layers, loaded_.layers.size(), "--layers", "layer"),
                     choose(request.selected_heads, loaded_.heads, "--head", "head")},
          folder_(request.output, guard()) {}

    RunManifest execute() {
        folder_.require_space(bytes_to_write());
        HeatmapDrawer drawer(
            picture_options(), pictures(), {loaded_.tokens, loaded_.key_tokens},
            [this](const std::string& name, const std::string& bytes) {
                folder_.write(name, bytes);
            },
            save_.heatmaps ? warn_ : nullptr);
        const std::size_t last =
            save_.model_output() ? loaded_.layers.size() - 1 : selection_.layers.back();
        ProgressSink<T> progress(progress_, last + 1);
        ArraySink<T> arrays(folder_, {save_.scores, save_.weights, save_.context, save_.logsumexp},
                            selection_.heads, loaded_.batch_axis);
        HeatmapSink<T> heatmaps(drawer);
        analysis::StatsSink<T> stats(stats_options(), selection_.heads, count_up(loaded_.heads));

        // Once for all layers: OpenBLAS wakes its threads each time the number changes.
        const SingleThreadedBlas blas;
        Array<T> x = loaded_.x.empty() ? Array<T>() : loaded_.x.front();
        for (std::size_t layer = 0; layer <= last; ++layer) {
            const bool selected = is_selected(layer);
            if (loaded_.hidden_states) {
                // What the model makes of the last layer is asked for whatever is selected.
                if (!selected && !(save_.model_output() && layer == last)) continue;
                x = loaded_.x[layer];
            }
            Sinks<T> sinks{&progress};
            if (selected) sinks.push_back(&arrays);
            if (selected && save_.heatmaps) sinks.push_back(&heatmaps);
            if (selected && (save_.stats || save_.received)) sinks.push_back(&stats);
            x = compute(layer, x, sinks);
            if (selected && save_.received) write_received(layer, stats.received());
            if (loaded_.has_weights()) model::let_go_of_layer(*loaded_.bundle, layer);
            pack_arrays(folder_, layer_folder(layer), request_.format);
        }
        if (save_.model_output()) write_model_output(x);
        pack_arrays(folder_, "", request_.format);
        if (save_.heatmaps) drawer.finish();
        if (save_.stats) {
            folder_.write("stats.json",
                          stats_json({loaded_.batch > 1, stats.heads(), stats.received(), {}}));
        }

        const RunManifest manifest = describe();
        folder_.commit(write_manifest(manifest));
        return manifest;
    }

  private:
    io::OutputGuard guard() {
        files_.also_reads(request_.tokens);
        files_.also_reads(request_.key_tokens);
        for (const std::string& font : request_.heatmaps.fonts) files_.also_reads(font);
        return {"run", request_.policy, files_.paths()};
    }

    // Computes a layer, writes what was asked for, and returns what the next layer reads.
    Array<T> compute(std::size_t layer, const Array<T>& x, const Sinks<T>& sinks) {
        if (!loaded_.has_weights()) {
            write_results(layer, compute_heads(layer, loaded_.q, loaded_.k, loaded_.v,
                                               loaded_.options, sinks));
            return {};
        }
        const bool more =
            save_.model_output() || (layer < selection_.layers.back() && !loaded_.hidden_states);
        const auto weights =
            model::load_layer<T>(files_, *loaded_.bundle, layer, loaded_.sizes[layer],
                                 non_finite_policy(request_), /*whole_block=*/more);
        const Array<T> input = attention_input(weights.block, x);
        const Array<T>& context = loaded_.context.empty() ? input : loaded_.context;
        const LayerResult<T> result = compute_layer(layer, input, context, weights.attention,
                                                    loaded_.options_of(layer), sinks);
        if (is_selected(layer)) write_results(layer, result);
        if (!more) return {};
        const Array<T> next =
            block_output(weights.block, x, result.output, {layer, request_.allow_nonfinite});
        if (save_.hidden && is_selected(layer)) write_array(array_file(layer, "hidden"), next);
        return next;
    }

    // What the model makes of the last layer's output.
    void write_model_output(const Array<T>& x) {
        const io::NonFinite policy = non_finite_policy(request_);
        const OverflowGuard guard{std::nullopt, request_.allow_nonfinite};
        const Array<T> hidden = model::final_hidden<T>(files_, *loaded_.bundle, x, policy);
        guard.check(hidden, "the final hidden state");
        if (save_.hidden) write_array("final_hidden.npy", hidden);
        if (!save_.logits && !save_.probs) return;
        const Array<T> logits = model::make_logits<T>(files_, *loaded_.bundle, hidden, policy);
        guard.check(logits, "the logit");
        if (save_.logits) write_array("logits.npy", logits);
        if (save_.probs) write_array("probs.npy", model::probabilities(logits));
    }

    // An array [batch, …]; a single sequence that came without the axis goes without it.
    void write_array(const std::string& name, const Array<T>& array) {
        Shape shape = array.shape();
        if (!loaded_.batch_axis) shape.erase(shape.begin());
        io::NpyWriter file(folder_.stage(name), dtype_of<T>(), shape);
        file.write(0, array.values());
        file.close();
    }

    // What the keys of the layer that was measured last received, [batch, heads, keys].
    void write_received(std::size_t layer, const std::vector<std::vector<double>>& received) {
        const std::size_t heads = selection_.heads.size(), count = loaded_.batch * heads;
        std::vector<T> values;
        for (auto head = received.end() - static_cast<std::ptrdiff_t>(count);
             head != received.end(); ++head) {
            for (const double value : *head) values.push_back(static_cast<T>(value));
        }
        write_array(array_file(layer, "received"),
                    Array<T>({loaded_.batch, heads, loaded_.keys}, std::move(values)));
    }

    bool is_selected(std::size_t layer) const {
        return std::binary_search(selection_.layers.begin(), selection_.layers.end(), layer);
    }

    HeatmapOptions picture_options() const {
        HeatmapOptions options = request_.heatmaps;
        std::string& source = options.origin.source;
        for (const std::string* file :
             {&request_.embeddings, &request_.hidden_states, &request_.token_ids, &request_.context,
              &request_.weights, &request_.query, &request_.key, &request_.value}) {
            if (!file->empty()) source += (source.empty() ? "" : ", ") + *file;
        }
        return options;
    }

    PictureChoice pictures() const {
        PictureChoice choice;
        choice.heads = selection_.heads;
        choice.head_numbers = count_up(loaded_.heads);
        choice.batch = loaded_.batch;
        choice.sequences = count_up(loaded_.batch);
        return choice;
    }

    analysis::StatsOptions stats_options() const {
        analysis::StatsOptions options;
        options.offsets = loaded_.options.mask.structure.offsets;
        const bool same_tokens =
            loaded_.queries == loaded_.keys && loaded_.tokens == loaded_.key_tokens;
        const bool aligned = std::all_of(options.offsets.begin(), options.offsets.end(),
                                         [](std::ptrdiff_t offset) { return offset == 0; });
        if (same_tokens && aligned) options.tokens = loaded_.tokens;
        if (!request_.grid.empty())
            options.grid = analysis::parse_grid(request_.grid, loaded_.keys);
        options.scores = true;
        return options;
    }

    Shape with_batch(Shape shape) const {
        if (loaded_.batch_axis) shape.insert(shape.begin(), loaded_.batch);
        return shape;
    }

    // The arrays that a layer gives, by name. `d_value` and the output's width may differ by layer.
    std::map<std::string, Shape> array_shapes(std::size_t layer) const {
        const LayerShapes& sizes = loaded_.layers[layer];
        const std::size_t heads = selection_.heads.size();
        const Shape cells = with_batch({heads, loaded_.queries, loaded_.keys});
        const Shape keys = with_batch({loaded_.kv_heads, loaded_.keys, sizes.d_head});
        const Shape values = with_batch({loaded_.kv_heads, loaded_.keys, sizes.d_value});
        std::map<std::string, Shape> shapes;
        if (save_.scores) shapes["scores"] = cells;
        if (save_.weights) shapes["weights"] = cells;
        if (save_.context) shapes["context"] = with_batch({heads, loaded_.queries, sizes.d_value});
        if (save_.logsumexp) shapes["logsumexp"] = with_batch({heads, loaded_.queries});
        if (save_.received) shapes["received"] = with_batch({heads, loaded_.keys});
        if (save_.output) shapes["output"] = with_batch({loaded_.queries, sizes.d_output});
        if (save_.q) shapes["q"] = with_batch({heads, loaded_.queries, sizes.d_head});
        if (save_.k) shapes["k"] = keys;
        if (save_.v) shapes["v"] = values;
        if (save_.present) shapes["present_key"] = keys;
        if (save_.present) shapes["present_value"] = values;
        if (save_.hidden) shapes["hidden"] = with_batch({loaded_.queries, sizes.d_output});
        return shapes;
    }

    std::size_t bytes_to_write() const {
        std::size_t bytes = 0;
        std::size_t largest = 0;
        for (std::size_t layer : selection_.layers) {
            const std::size_t before = bytes;
            for (const auto& [name, shape] : array_shapes(layer)) {
                const std::size_t size = io::npy_file_size(dtype_of<T>(), shape);
                if (__builtin_add_overflow(bytes, size, &bytes)) {
                    fail(request_.output,
                         ": the results are larger than any disk; save less (--save)");
                }
            }
            largest = std::max(largest, bytes - before);
        }
        // A layer stands twice while its arrays are packed into one file.
        return request_.format == ArrayFormat::npy ? bytes : bytes + largest;
    }

    void write_results(std::size_t layer, const LayerResult<T>& result) {
        if (save_.output) write_array(array_file(layer, "output"), result.output);
        const std::vector<std::size_t> kv_heads = count_up(loaded_.kv_heads);
        if (save_.q) write_heads(layer, "q", result.q.view, selection_.heads);
        if (save_.k) write_heads(layer, "k", result.k.view, kv_heads);
        if (save_.v) write_heads(layer, "v", result.v.view, kv_heads);
        if (save_.present) write_heads(layer, "present_key", result.k.view, kv_heads);
        if (save_.present) write_heads(layer, "present_value", result.v.view, kv_heads);
    }

    void write_heads(std::size_t layer, const std::string& name, const HeadsView<T>& view,
                     const std::vector<std::size_t>& heads) {
        io::NpyWriter file(folder_.stage(array_file(layer, name)), dtype_of<T>(),
                           array_shapes(layer).at(name));
        std::size_t offset = 0;
        for (std::size_t sequence = 0; sequence < view.batch; ++sequence) {
            for (std::size_t head : heads) {
                const MatrixView<const T> matrix = view.head(sequence, head);
                for (std::size_t row = 0; row < matrix.rows; ++row, offset += matrix.columns) {
                    file.write(offset, matrix.row(row));
                }
            }
        }
        file.close();
    }

    RunManifest describe() const {
        RunManifest manifest;
        manifest.command = "run";
        manifest.inputs = files_.records();
        manifest.options = describe_options(request_, loaded_);
        manifest.layers = selection_.layers;
        manifest.heads = selection_.heads;
        manifest.structure = loaded_.options.mask.structure;
        for (std::size_t layer : selection_.layers) {
            if (!loaded_.window_left.empty() && loaded_.window_left[layer])
                manifest.window_left[layer] = *loaded_.window_left[layer];
        }
        manifest.tokens = loaded_.tokens;
        manifest.key_tokens = loaded_.key_tokens;
        manifest.format = request_.format;
        manifest.files = folder_.files();
        return manifest;
    }

    const RunRequest& request_;
    const SaveChoice& save_;
    const Progress& progress_;
    const Warn& warn_;
    io::Inputs files_;
    RunInputs<T> loaded_;
    Selection selection_;
    io::OutputFolder folder_;
};

}  // namespace

RunManifest run(const RunRequest& request, const Progress& progress, const Warn& warn) {
    require_colour_range(request.heatmaps);
    if (request.precision == Precision::f64) return Run<double>(request, progress, warn).execute();
    return Run<float>(request, progress, warn).execute();
}

}  // namespace attn::pipeline
