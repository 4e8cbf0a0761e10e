#include "source/observed_axes.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "core/error.hpp"
#include "source/array_source.hpp"

namespace attn::source {
namespace {

std::vector<Reading> usual_readings(const StoredParts& parts) {
    if (parts.stacked) return {choose_reading(parts, "", "--axes", nullptr)};
    std::vector<Reading> readings;
    const auto axes = usual_axes(parts.shape().size());
    if (!axes) return readings;
    readings.push_back({*axes, std::nullopt});
    if (axes->size() == 4) {
        readings.push_back(readings.front());
        readings.back().axes.front() = Axis::batch;
    }
    return readings;
}

// [batch, heads, queries, keys] as the reading gives it, for one layer.
Shape shape_under(const StoredParts& parts, const Reading& reading) {
    const Shape extents = extents_under(parts, reading);
    return {extents.begin() + 1, extents.end()};
}

// Whether the matrices lie one behind the other.
template <class T>
bool is_dense(const HeadMatrices<T>& layer) {
    const Shape& shape = layer.shape();
    const std::size_t cells = shape[2] * shape[3];
    const T* next = layer.matrix(0, 0).data;
    for (std::size_t i = 0; i < shape[0] * shape[1]; ++i, next += cells) {
        if (layer.matrix(i / shape[1], i % shape[1]).data != next) return false;
    }
    return true;
}

// Gigabytes that lie as they are wanted stay where they are.
template <class T>
Array<T> dense(const HeadMatrices<T>& layer) {
    const Shape& shape = layer.shape();
    if (!layer.empty() && is_dense(layer))
        return {shape, layer.matrix(0, 0).data, std::make_shared<const HeadMatrices<T>>(layer)};
    std::vector<T> cells;
    cells.reserve(element_count(shape, "observed"));
    for (std::size_t sequence = 0; sequence < shape[0]; ++sequence) {
        for (std::size_t head = 0; head < shape[1]; ++head) {
            const MatrixView<const T> matrix = layer.matrix(sequence, head);
            cells.insert(cells.end(), matrix.data, matrix.data + matrix.rows * matrix.columns);
        }
    }
    return {shape, std::move(cells)};
}

template <class T>
Array<T> read_layer(io::Inputs& inputs, const StoredParts& parts, const Reading& reading,
                    std::size_t layer) {
    const StoredAttention<T> attention = arrange<T>(inputs, parts, reading);
    if (attention.layers.size() == 1) return dense(attention.layers.front().weights);
    for (const StoredLayer<T>& one : attention.layers) {
        if (one.layer == layer) return dense(one.weights);
    }
    fail("--layer ", layer, ": ", parts.name, " has no such layer (--observed)");
}

// The one that load_observed takes; none where an array fits no usual one.
std::optional<Reading> reading_of(const StoredParts& parts, const ArraySource& source,
                                  const Shape& cells, const Warn& warn) {
    if (!source.axes.empty()) {
        const Reading reading = choose_reading(parts, source.axes, source.axes_flag, warn);
        const Shape found = shape_under(parts, reading);
        if (found != cells)
            fail(parts.name, " ", to_string(parts.shape()), " as ", source.axes,
                 ": expected [batch, heads, q, k] ", to_string(cells), ", found ", to_string(found),
                 " (--observed, --axes)");
        return reading;
    }
    std::vector<Reading> fitting;
    for (const Reading& reading : usual_readings(parts)) {
        if (shape_under(parts, reading) == cells) fitting.push_back(reading);
    }
    if (fitting.empty() && !parts.stacked) return std::nullopt;
    if (fitting.empty())
        fail(parts.name, " ", to_string(parts.shape()), ": expected [batch, heads, q, k] ",
             to_string(cells), "; --axes names the axes (--observed)");
    if (fitting.size() > 1 && extents_under(parts, fitting.front()).front() > 1 && warn)
        warn(parts.name + " " + to_string(parts.shape()) + ": read as " +
             bracketed(fitting.front().axes) + " (--observed); --axes names others");
    return fitting.front();
}

}  // namespace

template <class T>
Array<T> load_observed(io::Inputs& inputs, const ArraySource& source, std::size_t layer,
                       const Shape& cells, const Warn& warn) {
    const StoredParts parts = find_stored_parts(inputs, source.name);
    const std::optional<Reading> reading = reading_of(parts, source, cells, warn);
    return reading ? read_layer<T>(inputs, parts, *reading, layer)
                   : inputs.load<T>(parts.arrays.front(), io::NonFinite::allow);
}

template Array<float> load_observed(io::Inputs&, const ArraySource&, std::size_t, const Shape&,
                                    const Warn&);
template Array<double> load_observed(io::Inputs&, const ArraySource&, std::size_t, const Shape&,
                                     const Warn&);

template <class T>
bool is_in_file(io::Inputs& inputs, const std::string& name, const Array<T>& values) {
    const auto* const first = reinterpret_cast<const std::byte*>(values.data());
    const StoredParts parts = find_stored_parts(inputs, name);
    return std::any_of(
        parts.arrays.begin(), parts.arrays.end(), [&](const io::StoredArray& stored) {
            return stored.mapped && std::less_equal<>()(stored.bytes.begin(), first) &&
                   std::less_equal<>()(first + values.size() * sizeof(T), stored.bytes.end());
        });
}

template bool is_in_file(io::Inputs&, const std::string&, const Array<float>&);
template bool is_in_file(io::Inputs&, const std::string&, const Array<double>&);

std::size_t layers_observed(io::Inputs& inputs, const ArraySource& source, const Shape& cells) {
    const StoredParts parts = find_stored_parts(inputs, source.name);
    const std::optional<Reading> reading = reading_of(parts, source, cells, nullptr);
    return reading ? extents_under(parts, *reading).front() : 0;
}

bool fits_observed(io::Inputs& inputs, const ArraySource& source, const Shape& cells) {
    try {
        const StoredParts parts = find_stored_parts(inputs, source.name);
        return reading_of(parts, source, cells, nullptr).has_value();
    } catch (const Error&) {
        return false;
    }
}

bool is_single_precision(io::Inputs& inputs, const std::string& name) {
    const StoredParts parts = find_stored_parts(inputs, name);
    return std::all_of(parts.arrays.begin(), parts.arrays.end(), [](const io::StoredArray& array) {
        return array.dtype == DType::float16 || array.dtype == DType::bfloat16 ||
               array.dtype == DType::float32;
    });
}

}  // namespace attn::source
