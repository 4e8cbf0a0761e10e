#include "source/stored_source.hpp"

#include <algorithm>

#include "attention/divided_layer.hpp"
#include "attention/input_sink.hpp"
#include "attention/stream_tiles.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "io/result_reading.hpp"
#include "results/folder_layout.hpp"
#include "source/array_source.hpp"
#include "source/progress_sink.hpp"
#include "source/saved_heads.hpp"

namespace attn::source {
namespace {

// Cells that are handed to the sinks together: few enough to stay in cache for all of them.
constexpr std::size_t kBlockCells = std::size_t{1} << 17;

// Mapped bytes that stay in memory behind the layer that was streamed: giving each small layer back
// by itself interrupts all processors every time, and who reads it again (the step behind) faults
// it in again.
constexpr std::size_t kMostLeft = std::size_t{1} << 25;

// Whether converting changed nothing, so that the array is the file itself.
template <class T>
bool is_mapped(const io::StoredArray& stored, const Array<T>& array) {
    return stored.mapped && reinterpret_cast<const std::byte*>(array.data()) == stored.bytes.data();
}

template <class T>
StoredAttention<T> from_arrays(io::Inputs& inputs, const ArraySource& source, const Warn& warn) {
    const StoredParts parts = find_stored_parts(inputs, source.name);
    return arrange<T>(inputs, parts, choose_reading(parts, source.axes, source.axes_flag, warn),
                      source.guess_causal);
}

// Whether the manifest's word on who may attend makes sense for weights [batch, heads, queries,
// keys].
bool structure_fits(const MaskStructure& structure, const Shape& shape) {
    const auto fits_keys = [&](std::size_t length) { return length <= shape[3]; };
    const auto& lengths = structure.key_lengths;
    return (structure.offsets.size() == 1 || structure.offsets.size() == shape[0]) &&
           (lengths.empty() || lengths.size() == shape[0]) &&
           std::all_of(lengths.begin(), lengths.end(), fits_keys);
}

template <class T>
StoredAttention<T> from_run(io::Inputs& inputs, const std::string& folder,
                            const results::RunManifest& manifest) {
    StoredAttention<T> attention;
    attention.run = manifest;
    attention.heads = manifest.heads;
    attention.structure = manifest.structure;
    attention.has_sinks = manifest.option("sink") != "null";
    attention.tokens = manifest.tokens;
    attention.key_tokens = manifest.key_tokens;
    for (std::size_t layer : manifest.layers) {
        const std::string file =
            folder + "/" + results::array_name(layer, "weights", manifest.format);
        if (!holds_array(inputs, file))
            fail(folder, manifest.command == "run"
                             ? ": this run saved no weights; run it again with --save weights"
                             : ": results of " + manifest.command +
                                   " are no attention; give a folder of run");
        const io::StoredArray stored = inputs.find(file);
        const Array<T> weights = inputs.load<T>(stored, io::NonFinite::allow);
        Shape shape = weights.shape();
        attention.batch_axis = shape.size() == 4;
        if (shape.size() == 3) shape.insert(shape.begin(), 1);
        const bool fits = shape.size() == 4 && shape[1] == manifest.heads.size() &&
                          (attention.layers.empty() || shape == attention.shape()) &&
                          structure_fits(manifest.structure, shape);
        if (!fits) {
            const std::string others = attention.layers.empty()
                                           ? ""
                                           : ", other layers are " + to_string(attention.shape());
            fail(file, " ", to_string(weights.shape()), ": does not fit ", folder,
                 "/manifest.json, which lists ", counted(manifest.heads.size(), "head"), others);
        }
        StoredLayer<T> one;
        one.layer = layer;
        one.weights = HeadMatrices<T>(weights.reshaped(shape), is_mapped(stored, weights));
        const auto window = manifest.window_left.find(layer);
        if (window != manifest.window_left.end()) one.window_left = window->second;
        attention.layers.push_back(std::move(one));
    }
    if (attention.layers.empty()) fail(folder, ": its manifest.json lists no layers");
    return attention;
}

template <class T>
Outline outline_of(const StoredAttention<T>& attention) {
    Outline outline;
    const Shape& shape = attention.shape();
    outline.heads = attention.heads;
    outline.sequences = shape[0];
    outline.queries = shape[2];
    outline.keys = shape[3];
    outline.structure = attention.structure;
    outline.layers = attention.layer_numbers();
    for (const StoredLayer<T>& layer : attention.layers) {
        if (layer.window_left) outline.window_left[layer.layer] = *layer.window_left;
    }
    outline.tokens = attention.tokens;
    outline.key_tokens = attention.key_tokens;
    outline.has_sinks = attention.has_sinks;
    return outline;
}

}  // namespace

template <class T>
void StoredLayer<T>::forget() const {
    weights.forget();
    scores.forget();
}

DType working_type(io::Inputs& inputs, const std::string& source, std::optional<DType> asked_for) {
    inputs.hold(source);
    if (asked_for) return *asked_for;
    const auto is_wide = [](const io::StoredArray& array) { return array.dtype == DType::float64; };
    try {
        std::vector<io::StoredArray> arrays;
        if (const auto run = results::find_manifest(source)) {
            for (const std::size_t layer : run->layers)
                arrays.push_back(
                    inputs.find(source + "/" + results::array_name(layer, "weights", run->format)));
        } else {
            arrays = find_stored_parts(inputs, source).arrays;
        }
        const bool wide = std::any_of(arrays.begin(), arrays.end(), is_wide);
        return wide ? DType::float64 : DType::float32;
    } catch (const Error&) {
        // What was read from there is gone.
        if (source == "-") throw;
        return DType::float32;
    }
}

template <class T>
StoredAttention<T> open_stored_attention(io::Inputs& inputs, const ArraySource& source,
                                         const Warn& warn) {
    // Its manifest and its arrays are those of one run.
    const io::ReadingLock lock(source.name);
    const std::optional<results::RunManifest> run = results::find_manifest(source.name);
    if (!run) return from_arrays<T>(inputs, source, warn);
    if (!source.axes.empty())
        fail(source.axes_flag, " ", source.axes, ": ", source.name,
             " is a folder that run wrote, whose axes are known");
    return from_run<T>(inputs, source.name, *run);
}

template <class T>
void load_scores(io::Inputs& inputs, const std::string& source, StoredAttention<T>& attention) {
    if (!attention.run || attention.run->option("scores_at") != "\"biased\"") return;
    for (StoredLayer<T>& layer : attention.layers) {
        const std::string file =
            source + "/" + results::array_name(layer.layer, "scores", attention.run->format);
        if (!holds_array(inputs, file)) continue;
        const io::StoredArray stored = inputs.find(file);
        const Array<T> scores = inputs.load<T>(stored, io::NonFinite::allow);
        const Shape& shape = layer.weights.shape();
        if (scores.size() != element_count(shape, file))
            fail(file, " ", to_string(scores.shape()), ": does not fit the weights beside it");
        layer.scores = HeadMatrices<T>(scores.reshaped(shape), is_mapped(stored, scores));
    }
}

template <class T>
StoredSource<T>::StoredSource(const StoredAttention<T>& attention)
    : attention_(attention), outline_(outline_of(attention)) {}

template <class T>
void StoredSource<T>::stream(const Sinks<T>& sinks, const Share& share,
                             const Progress& progress) const {
    const std::size_t layers = attention_.layers.size();
    ProgressSink<T> counter(progress, share.layers ? share.layers->size() : layers);
    Sinks<T> all{&counter};
    all.insert(all.end(), sinks.begin(), sinks.end());
    std::vector<const StoredLayer<T>*> left;
    std::size_t bytes = 0;
    for (std::size_t place = 0; place < layers; ++place) {
        if (!is_chosen(share.layers, place)) continue;
        const StoredLayer<T>& layer = attention_.layers[place];
        stream_layer(layer, all, share);
        left.push_back(&layer);
        bytes += layer.weights.mapped_bytes() + layer.scores.mapped_bytes();
        if (bytes <= kMostLeft) continue;
        for (const StoredLayer<T>* one : left) one->forget();
        left.clear();
        bytes = 0;
    }
}

template <class T>
void StoredSource<T>::stream_layer(const StoredLayer<T>& stored, const Sinks<T>& sinks,
                                   const Share& share) const {
    LayerShape shape;
    shape.layer = stored.layer;
    shape.sequences = outline_.sequences;
    shape.heads = outline_.heads.size();
    shape.queries = outline_.queries;
    shape.keys = outline_.keys;
    shape.block_rows = std::clamp<std::size_t>(kBlockCells / shape.keys, 1, shape.queries);
    shape.chosen_sequences = share.sequences;
    shape.chosen_heads = share.heads;
    shape.head_numbers = outline_.heads;

    MaskOptions<T> options;
    options.structure = outline_.structure_of(stored.layer);
    const Mask<T> mask(options, shape.keys);
    const io::MatrixReader<T> weights = stored.weights.reader(), scores = stored.scores.reader();
    const auto make = [&](const TilePlace& place, const Emit<T>& emit) {
        Tile<T> tile;
        tile.layer = stored.layer;
        tile.sequence = place.sequence;
        tile.head = place.head;
        tile.first_query = place.block * shape.block_rows;
        tile.active = {0, shape.keys};
        const std::size_t rows = shape.rows_of_block(place.block);
        std::vector<KeyRange> allowed;
        for (std::size_t row = 0; row < rows; ++row) {
            allowed.push_back(mask.allowed(place.sequence, tile.first_query + row));
        }
        tile.allowed = allowed;
        const auto buffer_of = [&](const io::MatrixReader<T>& reader) {
            return AlignedBuffer<T>(reader.copies() ? rows * shape.keys : 0);
        };
        const AlignedBuffer<T> of_weights = buffer_of(weights), of_scores = buffer_of(scores);
        const std::size_t matrix = place.sequence * shape.heads + place.head;
        tile.weights = weights.rows(matrix, tile.first_query, rows, of_weights.data());
        if (!stored.scores.empty())
            tile.scores = scores.rows(matrix, tile.first_query, rows, of_scores.data());
        emit(tile);
    };
    AttentionOptions<T> attention;
    attention.mask = options;
    const auto stored_weights = [&](std::size_t sequence, std::size_t head) {
        return stored.weights.matrix(sequence, head);
    };
    tell_input_sinks(sinks, [&](InputSink<T>& sink) {
        sink.begin_options(attention);
        sink.begin_inputs({&mask, nullptr, stored_weights});
    });
    stream_tiles(shape, sinks, {shape, BlockOrder::rising, wants_blocks(sinks)}, false,
                 divide_layer(mask, shape, sinks, false), make);
    LayerOutputs<T> outputs;
    outputs.layer = stored.layer;
    for (Sink<T>* sink : sinks) sink->end_layer(outputs);
}

template struct StoredLayer<float>;
template struct StoredLayer<double>;
template StoredAttention<float> open_stored_attention(io::Inputs&, const ArraySource&, const Warn&);
template StoredAttention<double> open_stored_attention(io::Inputs&, const ArraySource&,
                                                       const Warn&);
template void load_scores(io::Inputs&, const std::string&, StoredAttention<float>&);
template void load_scores(io::Inputs&, const std::string&, StoredAttention<double>&);
template class StoredSource<float>;
template class StoredSource<double>;

}  // namespace attn::source
