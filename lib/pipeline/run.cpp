#include "pipeline/run.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "attention/blas_threads.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/nearest.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"
#include "pipeline/array_sink.hpp"
#include "pipeline/heatmap_sink.hpp"
#include "pipeline/layout.hpp"
#include "pipeline/progress_sink.hpp"
#include "pipeline/run_inputs.hpp"

namespace attn::pipeline {
namespace {

// What was asked for, made definite by what the input holds.
struct Selection {
    std::vector<std::size_t> layers;
    std::vector<std::size_t> heads;
};

std::vector<std::size_t> choose(const std::optional<std::vector<std::size_t>>& wanted,
                                std::size_t count, const std::string& flag,
                                const std::string& what) {
    std::vector<std::size_t> indices(count);
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    if (!wanted) return indices;
    require_indices_below(*wanted, count, flag, what);
    indices = *wanted;
    std::sort(indices.begin(), indices.end());
    return indices;
}

template <class T>
class Run {
  public:
    Run(const RunRequest& request, const Progress& progress)
        : request_(request),
          save_(request.save),
          progress_(progress),
          loaded_(load_run_inputs<T>(request, files_)),
          selection_{choose(request.layers, loaded_.layers.size(), "--layers", "layer"),
                     choose(request.selected_heads, loaded_.heads, "--head", "head")},
          folder_(request.output) {}

    RunManifest execute() {
        folder_.require_space(bytes_to_write());
        HeatmapDrawer drawer(
            request_.heatmaps, pictures(), {loaded_.tokens, loaded_.tokens},
            [this](const std::string& name, const std::string& png) { folder_.write(name, png); });
        ProgressSink<T> progress(progress_, selection_.layers.back() + 1);
        ArraySink<T> arrays(folder_, {save_.scores, save_.weights, save_.context}, selection_.heads,
                            loaded_.batch_axis);
        HeatmapSink<T> heatmaps(drawer);

        // Once for all layers: OpenBLAS wakes its threads each time the number changes.
        const SingleThreadedBlas blas;
        Array<T> x = loaded_.x.front();
        for (std::size_t layer = 0; layer <= selection_.layers.back(); ++layer) {
            if (loaded_.has_hidden_states()) x = loaded_.x[layer];
            const bool selected = contains(layer);
            Sinks<T> sinks{&progress};
            if (selected) sinks.push_back(&arrays);
            if (selected && save_.heatmaps) sinks.push_back(&heatmaps);
            const LayerResult<T> result =
                compute_layer(layer, x, loaded_.layers[layer], loaded_.options, sinks);
            if (selected) write_results(layer, result);
            const bool last = layer == selection_.layers.back();
            if (!last && !loaded_.has_hidden_states()) x = add(x, result.output);
        }
        if (save_.heatmaps) drawer.finish();

        const RunManifest manifest = describe();
        folder_.commit(write_manifest(manifest));
        return manifest;
    }

  private:
    bool contains(std::size_t layer) const {
        return std::binary_search(selection_.layers.begin(), selection_.layers.end(), layer);
    }

    PictureChoice pictures() const {
        PictureChoice choice;
        choice.heads = selection_.heads;
        choice.head_numbers.resize(loaded_.heads);
        std::iota(choice.head_numbers.begin(), choice.head_numbers.end(), std::size_t{0});
        choice.batch = loaded_.batch();
        choice.sequences.resize(choice.batch);
        std::iota(choice.sequences.begin(), choice.sequences.end(), std::size_t{0});
        return choice;
    }

    Shape with_batch(Shape shape) const {
        if (loaded_.batch_axis) shape.insert(shape.begin(), loaded_.batch());
        return shape;
    }

    // The arrays that the chosen layers give, by name. `d_value` and `d_head` may differ by layer.
    std::map<std::string, Shape> array_shapes(std::size_t layer) const {
        const ProjectionWeights<T>& weights = loaded_.layers[layer];
        const std::size_t tokens = loaded_.token_count();
        const std::size_t d_head = weights.W_Q.extent(1) / loaded_.heads;
        const std::size_t d_value = weights.W_V.extent(1) / loaded_.heads;
        const std::size_t width =
            weights.W_O.empty() ? weights.W_V.extent(1) : weights.W_O.extent(1);
        const Shape cells = with_batch({selection_.heads.size(), tokens, tokens});
        std::map<std::string, Shape> shapes;
        if (save_.scores) shapes["scores"] = cells;
        if (save_.weights) shapes["weights"] = cells;
        if (save_.context)
            shapes["context"] = with_batch({selection_.heads.size(), tokens, d_value});
        if (save_.output) shapes["output"] = with_batch({tokens, width});
        if (save_.q) shapes["q"] = with_batch({selection_.heads.size(), tokens, d_head});
        if (save_.k) shapes["k"] = with_batch({selection_.heads.size(), tokens, d_head});
        if (save_.v) shapes["v"] = with_batch({selection_.heads.size(), tokens, d_value});
        return shapes;
    }

    std::size_t bytes_to_write() const {
        std::size_t bytes = 0;
        for (std::size_t layer : selection_.layers) {
            for (const auto& [name, shape] : array_shapes(layer)) {
                const std::size_t size = io::npy_file_size(dtype_of<T>(), shape);
                if (__builtin_add_overflow(bytes, size, &bytes)) {
                    fail(request_.output,
                         ": the results are larger than any disk; save less (--save)");
                }
            }
        }
        return bytes;
    }

    void write_results(std::size_t layer, const LayerResult<T>& result) {
        if (save_.output) {
            io::NpyWriter file(folder_.stage(array_file(layer, "output")), dtype_of<T>(),
                               array_shapes(layer).at("output"));
            file.write(0, result.output.values());
            file.close();
        }
        if (save_.q) write_heads(layer, "q", result.q);
        if (save_.k) write_heads(layer, "k", result.k);
        if (save_.v) write_heads(layer, "v", result.v);
    }

    // [batch, tokens, heads * width] -> [(batch,) heads, tokens, width]
    void write_heads(std::size_t layer, const std::string& name, const Array<T>& packed) {
        io::NpyWriter file(folder_.stage(array_file(layer, name)), dtype_of<T>(),
                           array_shapes(layer).at(name));
        const HeadsView<T> heads = packed_heads(packed, loaded_.heads);
        std::size_t offset = 0;
        for (std::size_t sequence = 0; sequence < heads.batch; ++sequence) {
            for (std::size_t head : selection_.heads) {
                const MatrixView<const T> matrix = heads.head(sequence, head);
                for (std::size_t row = 0; row < matrix.rows; ++row, offset += matrix.columns) {
                    file.write(offset, matrix.row(row));
                }
            }
        }
        file.close();
    }

    RunManifest describe() const {
        const auto text = [](const auto& value) { return nlohmann::json(value).dump(); };
        const double d_head =
            static_cast<double>(loaded_.layers.front().W_Q.extent(1) / loaded_.heads);
        RunManifest manifest;
        manifest.command = "run";
        manifest.inputs = files_.records();
        manifest.options = {
            {"heads", text(loaded_.heads)},
            {"causal", text(loaded_.options.causal)},
            {"scale", text(loaded_.options.scale.value_or(1.0 / std::sqrt(d_head)))},
            {"precision", text(request_.precision == Precision::f32 ? "f32" : "f64")},
            {"allow_nonfinite", text(request_.allow_nonfinite)},
        };
        manifest.layers = selection_.layers;
        manifest.heads = selection_.heads;
        manifest.causal = loaded_.options.causal;
        manifest.tokens = loaded_.tokens;
        manifest.files = folder_.files();
        return manifest;
    }

    const RunRequest& request_;
    const SaveChoice& save_;
    const Progress& progress_;
    io::Inputs files_;
    RunInputs<T> loaded_;
    Selection selection_;
    io::OutputFolder folder_;
};

}  // namespace

SaveChoice parse_save(const std::string& list) {
    SaveChoice choice;
    const std::map<std::string, bool*> names{
        {"scores", &choice.scores},
        {"weights", &choice.weights},
        {"context", &choice.context},
        {"output", &choice.output},
        {"q", &choice.q},
        {"k", &choice.k},
        {"v", &choice.v},
        {"heatmaps", &choice.heatmaps},
    };
    for (const auto& [name, chosen] : names) *chosen = false;
    if (list.empty()) fail("--save: names nothing to save");
    std::istringstream items(list);
    for (std::string item; std::getline(items, item, ',');) {
        if (item == "present" || item == "stats") fail("--save ", item, ": is not built yet");
        const auto found = names.find(item);
        if (found == names.end()) {
            std::vector<std::string> known;
            for (const auto& [name, chosen] : names) known.push_back(name);
            const std::string close = nearest(item, known);
            fail("--save ", item,
                 ": expected a list of scores, weights, context, output, q, k, v, heatmaps",
                 close.empty() ? "" : "; did you mean " + close + "?");
        }
        *found->second = true;
    }
    return choice;
}

RunManifest run(const RunRequest& request, const Progress& progress) {
    if (request.precision == Precision::f64) return Run<double>(request, progress).execute();
    return Run<float>(request, progress).execute();
}

}  // namespace attn::pipeline
