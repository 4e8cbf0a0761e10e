// One attention [layers, batch, heads, q, k] in float64, written in every way that people save
// attention.
#pragma once

#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "core/shape.hpp"
#include "support/array_files.hpp"
#include "support/safetensors_bytes.hpp"
#include "support/zip_bytes.hpp"

namespace attn::test {

// Values with the names of their axes.
struct NamedArray {
    std::vector<std::string> axes;
    Shape shape;
    std::vector<double> values;

    // The same values under an order of all axes, the last one innermost.
    NamedArray ordered(const std::vector<std::string>& order) const {
        NamedArray result{order, {}, {}};
        std::vector<std::size_t> strides;
        for (const std::string& axis : order) {
            std::size_t stride = 1;
            for (std::size_t place = axes.size(); axes[--place] != axis;) stride *= shape[place];
            strides.push_back(stride);
            for (std::size_t place = 0; place < axes.size(); ++place)
                if (axes[place] == axis) result.shape.push_back(shape[place]);
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            std::size_t from = 0, rest = i;
            for (std::size_t axis = order.size(); axis-- > 0; rest /= result.shape[axis])
                from += rest % result.shape[axis] * strides[axis];
            result.values.push_back(values[from]);
        }
        return result;
    }

    // Element i of the first axis.
    NamedArray element(std::size_t i) const {
        const std::size_t size = values.size() / shape[0];
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * size);
        return {{axes.begin() + 1, axes.end()},
                {shape.begin() + 1, shape.end()},
                {begin, begin + static_cast<std::ptrdiff_t>(size)}};
    }

    std::string axes_text() const {
        std::string text;
        for (const std::string& axis : axes) text += (text.empty() ? "" : ",") + axis;
        return text;
    }
};

// Softmaxes of random scores; causal, with as many keys as queries.
inline NamedArray random_layers(const Shape& shape, unsigned seed = 3) {
    NamedArray array{{"layers", "batch", "heads", "q", "k"}, shape, {}};
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, 2);
    for (std::size_t row = 0; row < element_count(shape, "test") / shape[4]; ++row) {
        std::vector<double> weights(shape[4]);
        double sum = 0;
        for (std::size_t key = 0; key <= row % shape[3]; ++key)
            sum += weights[key] = std::exp(normal(random));
        for (const double weight : weights) array.values.push_back(weight / sum);
    }
    return array;
}

inline std::string shape_text(const Shape& shape) {
    std::string text;
    for (const std::size_t extent : shape) text += std::to_string(extent) + ",";
    return text;
}

enum class ByteOrder { little, big };

// An NPY file; column_major: the first axis runs fastest in it.
inline std::string npy_of(const NamedArray& array, bool column_major = false,
                          ByteOrder order = ByteOrder::little) {
    NamedArray stored = array;
    if (column_major) stored = array.ordered({array.axes.rbegin(), array.axes.rend()});
    std::string bytes = bytes_of(stored.values);
    if (order == ByteOrder::big) {
        for (std::size_t i = 0; i < bytes.size(); i += 8)
            std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                         bytes.begin() + static_cast<std::ptrdiff_t>(i + 8));
    }
    const std::string type = order == ByteOrder::big ? ">f8" : "<f8";
    return npy_bytes(npy_dictionary(type, "(" + shape_text(array.shape) + ")", column_major),
                     bytes);
}

inline std::string json_of(const NamedArray& array) {
    if (array.shape.empty()) {
        char text[40];
        std::snprintf(text, sizeof text, "%.17g", array.values[0]);
        return text;
    }
    std::string text;
    for (std::size_t i = 0; i < array.shape[0]; ++i)
        text += (i > 0 ? "," : "[") + json_of(array.element(i));
    return text + "]";
}

// Arrays with their keys, in three kinds of files.
using KeyedArrays = std::vector<std::pair<std::string, NamedArray>>;

inline std::string npz_of(const KeyedArrays& arrays) {
    std::vector<ZipEntry> entries;
    for (const auto& [key, array] : arrays) entries.push_back({key + ".npy", npy_of(array)});
    return zip_bytes(entries);
}

inline std::string safetensors_of(const KeyedArrays& arrays) {
    std::string header, data;
    for (const auto& [key, array] : arrays) {
        std::string shape = shape_text(array.shape);
        shape.pop_back();
        const std::string bytes = bytes_of(array.values);
        header += (header.empty() ? "{\"" : ",\"") + key + "\":" +
                  tensor_entry("F64", "[" + shape + "]", data.size(), data.size() + bytes.size());
        data += bytes;
    }
    return safetensors_bytes(header + "}", data);
}

}  // namespace attn::test
