#include "source/array_source.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <numeric>

#include "core/error.hpp"
#include "io/array_name.hpp"
#include "results/manifest.hpp"

namespace attn::source {
namespace {

// Bytes that stay mapped once they were looked at: they are read again soon, and to map them twice
// takes as long as to read them.
constexpr std::size_t kMostKept = std::size_t{1} << 30;

Axes with_front(Axis axis, const Axes& axes) {
    Axes all{axis};
    all.insert(all.end(), axes.begin(), axes.end());
    return all;
}

Reading named_reading(const StoredParts& parts, const std::string& names, const std::string& flag) {
    Axes axes = parse_axes(names, flag);
    const std::size_t rank = parts.shape().size();
    if (!parts.stacked) {
        if (axes.size() != rank)
            fail(flag, " ", names, ": names ", axes.size(), " axes, ", described(parts), " has ",
                 rank);
        return {axes, std::nullopt};
    }
    if (axes.size() == rank + 1) return {Axes(axes.begin() + 1, axes.end()), axes.front()};
    if (axes.size() != rank)
        fail(flag, " ", names, ": names ", axes.size(), " axes, ", described(parts), " has ",
             rank + 1, ", the stacked one first");
    if (place_of(axes, Axis::layers))
        fail(flag, " ", names, ": names layers, to which ", described(parts), " are stacked; name ",
             rank + 1, " axes, the stacked one first");
    return {axes, Axis::layers};
}

// The axes that the arrays have where nobody names them.
Axes unnamed_axes(const StoredParts& parts, const std::string& flag) {
    const std::size_t rank = parts.shape().size();
    std::optional<Axes> axes = usual_axes(rank);
    const bool of_batch = rank == 4 && (parts.stacked || is_of_run(parts));
    if (of_batch) axes->front() = Axis::batch;
    if (!axes || (parts.stacked && rank == 5)) {
        fail(parts.name, " ", to_string(parts.shape()),
             parts.stacked ? ": expected attention [q, k], [heads, q, k] or [batch, heads, q, k]"
                           : ": expected attention [q, k], [heads, q, k], [layers, heads, q, k] or "
                             "[layers, batch, heads, q, k]",
             rank == 5 ? "; " + flag + " names others" : "");
    }
    return *axes;
}

// One key for many queries is what pooling leaves: its one query was dropped, or put last.
void refuse_pooling(const StoredParts& parts, const Axes& axes, const std::string& flag) {
    const Shape& shape = parts.shape();
    if (shape.back() != 1 || shape[shape.size() - 2] < 2) return;
    Axes pooled = axes;
    std::swap(pooled[pooled.size() - 2], pooled.back());
    if (shape.size() == 3 && !parts.stacked) pooled.front() = Axis::batch;
    if (parts.stacked) pooled = with_front(Axis::layers, pooled);
    fail(described(parts), ": the last axis has length 1, as in attention pooling; one query over ",
         shape[shape.size() - 2], " keys is ", flag, " ", names_of(pooled),
         ", and if there is one key ", flag, " ",
         names_of(parts.stacked ? with_front(Axis::layers, axes) : axes));
}

void tell_other_reading(const StoredParts& parts, const Reading& reading, const std::string& flag,
                        const Warn& warn) {
    if (!warn) return;
    std::optional<Axes> other;
    if (!parts.stacked) {
        other = other_reading(parts.shape());
        if (other == reading.axes || (other && is_of_run(parts))) other.reset();
    } else if (!parts.named_layers && parts.arrays.size() > 1) {
        Axes axes = reading.axes;
        if (const auto batch = place_of(axes, Axis::batch)) axes[*batch] = Axis::layers;
        other = with_front(Axis::batch, axes);
    }
    if (!other) return;
    const Axes taken = reading.stacked ? with_front(*reading.stacked, reading.axes) : reading.axes;
    warn(described(parts) + ": read as " + bracketed(taken) +
         "; if it is something else, name its axes, such as " + flag + " " + names_of(*other));
}

// Arrays, all with the same axes of which the last are q and k, and the axis across them.
template <class T>
struct Blocks {
    std::vector<Array<T>> arrays;
    Axes axes;
    std::optional<Axis> stacked;
    bool mapped = true;
};

// All of them as one array, the stacked axis in front.
template <class T>
Array<T> join(const std::vector<Array<T>>& arrays) {
    std::vector<T> values;
    values.reserve(arrays.size() * arrays.front().size());
    for (const Array<T>& array : arrays)
        values.insert(values.end(), array.data(), array.data() + array.size());
    Shape shape = arrays.front().shape();
    shape.insert(shape.begin(), arrays.size());
    return {std::move(shape), std::move(values)};
}

template <class T>
void bring_queries_and_keys_last(Blocks<T>& blocks) {
    if (blocks.stacked == Axis::queries || blocks.stacked == Axis::keys) {
        blocks.arrays = {join(blocks.arrays)};
        blocks.axes = with_front(*blocks.stacked, blocks.axes);
        blocks.stacked.reset();
        blocks.mapped = false;
    }
    std::vector<std::size_t> order;
    for (std::size_t axis = 0; axis < blocks.axes.size(); ++axis) {
        if (blocks.axes[axis] != Axis::queries && blocks.axes[axis] != Axis::keys)
            order.push_back(axis);
    }
    order.push_back(*place_of(blocks.axes, Axis::queries));
    order.push_back(*place_of(blocks.axes, Axis::keys));
    if (std::is_sorted(order.begin(), order.end())) return;
    for (Array<T>& array : blocks.arrays) array = permuted(array, order);
    Axes axes;
    for (const std::size_t axis : order) axes.push_back(blocks.axes[axis]);
    blocks.axes = std::move(axes);
    blocks.mapped = false;
}

template <class T>
Blocks<T> load_blocks(io::Inputs& inputs, const StoredParts& parts, const Reading& reading) {
    Blocks<T> blocks{{}, reading.axes, reading.stacked, true};
    for (const io::StoredArray& stored : parts.arrays) {
        const Array<T> array = inputs.load<T>(stored, io::NonFinite::allow);
        // Whether converting changed nothing, so that the array is the file itself.
        blocks.mapped = blocks.mapped && stored.mapped &&
                        reinterpret_cast<const std::byte*>(array.data()) == stored.bytes.data();
        blocks.arrays.push_back(array);
    }
    bring_queries_and_keys_last(blocks);
    return blocks;
}

// How long an axis is, and how far apart its elements lie in an array; 0 across arrays and where
// there is no such axis.
struct Extent {
    std::size_t length = 1;
    std::size_t stride = 0;
    bool across = false;
};

template <class T>
Extent extent_of(const Blocks<T>& blocks, Axis axis) {
    if (blocks.stacked == axis) return {blocks.arrays.size(), 0, true};
    const auto place = place_of(blocks.axes, axis);
    if (!place) return {};
    const Shape& shape = blocks.arrays.front().shape();
    const auto after = shape.begin() + static_cast<std::ptrdiff_t>(*place) + 1;
    return {shape[*place], std::accumulate(after, shape.end(), std::size_t{1}, std::multiplies<>()),
            false};
}

}  // namespace

// run writes [(batch,) heads, q, k] beside its manifest, whatever the same shape means elsewhere.
bool is_of_run(const StoredParts& parts) {
    namespace fs = std::filesystem;
    if (parts.stacked) return false;
    const fs::path file = io::parse_array_name(parts.name).path;
    const fs::path folder = file.parent_path().parent_path();
    if (folder.empty()) return false;
    const auto manifest = results::find_manifest(folder.string());
    if (!manifest || manifest->command != "run") return false;
    const std::string name = file.lexically_relative(folder).generic_string();
    return std::find(manifest->files.begin(), manifest->files.end(), name) != manifest->files.end();
}

std::string described(const StoredParts& parts) {
    const std::string shape = to_string(parts.shape());
    return parts.name + " " +
           (parts.stacked ? std::to_string(parts.arrays.size()) + " x " + shape : shape);
}

Reading choose_reading(const StoredParts& parts, const std::string& names, const std::string& flag,
                       const Warn& warn) {
    if (!names.empty()) return named_reading(parts, names, flag);
    Reading reading{unnamed_axes(parts, flag), std::nullopt};
    if (parts.stacked) reading.stacked = Axis::layers;
    refuse_pooling(parts, reading.axes, flag);
    tell_other_reading(parts, reading, flag, warn);
    return reading;
}

Shape extents_under(const StoredParts& parts, const Reading& reading) {
    Shape extents;
    for (const Axis axis : {Axis::layers, Axis::batch, Axis::heads, Axis::queries, Axis::keys}) {
        const auto place = place_of(reading.axes, axis);
        const bool across = reading.stacked == axis;
        extents.push_back(across ? parts.arrays.size() : place ? parts.shape()[*place] : 1);
    }
    return extents;
}

template <class T>
StoredAttention<T> arrange(io::Inputs& inputs, const StoredParts& parts, const Reading& reading,
                           bool guess_causal) {
    const Blocks<T> blocks = load_blocks<T>(inputs, parts, reading);
    const Extent layers = extent_of(blocks, Axis::layers), batch = extent_of(blocks, Axis::batch),
                 heads = extent_of(blocks, Axis::heads);
    const Shape& cells = blocks.arrays.front().shape();
    const Shape shape{batch.length, heads.length, cells[cells.size() - 2], cells.back()};

    StoredAttention<T> attention;
    attention.batch_axis =
        reading.stacked == Axis::batch || place_of(reading.axes, Axis::batch).has_value();
    for (std::size_t layer = 0; layer < layers.length; ++layer) {
        std::vector<const T*> matrices;
        for (std::size_t sequence = 0; sequence < batch.length; ++sequence) {
            for (std::size_t head = 0; head < heads.length; ++head) {
                const std::size_t array =
                    layer * layers.across + sequence * batch.across + head * heads.across;
                matrices.push_back(blocks.arrays[array].data() + layer * layers.stride +
                                   sequence * batch.stride + head * heads.stride);
            }
        }
        std::vector<Array<T>> owners = blocks.arrays;
        if (layers.across) owners = {blocks.arrays[layer]};
        StoredLayer<T> one;
        one.layer = layers.across ? parts.numbers[layer] : layer;
        one.weights = HeadMatrices<T>(shape, std::move(matrices), std::move(owners), blocks.mapped);
        attention.layers.push_back(std::move(one));
    }
    attention.heads.resize(heads.length);
    std::iota(attention.heads.begin(), attention.heads.end(), std::size_t{0});
    if (heads.across) attention.heads = parts.numbers;
    attention.causal_is_guess = guess_causal;
    if (guess_causal)
        attention.structure.causal = may_be_causal(attention.layers.front().weights);
    else
        look_at_all_layers(attention);
    return attention;
}

template <class T>
void look_at_all_layers(StoredAttention<T>& attention) {
    const std::size_t cells =
        attention.layers.size() * element_count(attention.shape(), "attention");
    const bool large = cells > kMostKept / sizeof(T);
    attention.structure.causal =
        std::all_of(attention.layers.begin(), attention.layers.end(), [&](const auto& one) {
            const bool causal = looks_causal(one.weights);
            if (large) one.forget();
            return causal;
        });
    attention.causal_is_guess = false;
}

template StoredAttention<float> arrange(io::Inputs&, const StoredParts&, const Reading&, bool);
template StoredAttention<double> arrange(io::Inputs&, const StoredParts&, const Reading&, bool);
template void look_at_all_layers(StoredAttention<float>&);
template void look_at_all_layers(StoredAttention<double>&);

}  // namespace attn::source
