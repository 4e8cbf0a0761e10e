#include "model/weight_bundle.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.hpp"
#include "core/nearest.hpp"

namespace attn::model {
namespace {

const std::vector<std::string> kNames{"W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O"};

struct NativeKey {
    std::optional<std::size_t> layer;
    std::string name;
};

// "W_Q", "layers/3/W_Q" or "layers.3.W_Q"
std::optional<NativeKey> parse_key(const std::string& key) {
    const std::string prefix = "layers";
    NativeKey result;
    result.name = key;
    if (key.compare(0, prefix.size(), prefix) == 0 && key.size() > prefix.size() + 1) {
        const char separator = key[prefix.size()];
        const std::size_t second = key.find(separator, prefix.size() + 1);
        if ((separator != '/' && separator != '.') || second == std::string::npos)
            return std::nullopt;
        std::size_t layer = 0;
        const char* end = key.data() + second;
        const auto parsed = std::from_chars(key.data() + prefix.size() + 1, end, layer);
        if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
        result.layer = layer;
        result.name = key.substr(second + 1);
    }
    const bool known = std::find(kNames.begin(), kNames.end(), result.name) != kNames.end();
    return known ? std::optional(result) : std::nullopt;
}

std::string describe(const io::StoredArray& array) {
    return array.name + " " + to_string(array.shape);
}

void require_projections(const WeightBundle& bundle, const io::Container& container) {
    for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer) {
        const auto& arrays = bundle.layers[layer];
        const std::string where =
            bundle.layers.size() > 1 ? "layer " + std::to_string(layer) + " has no " : "has no ";
        if (arrays.empty()) fail(bundle.path, ": layer ", layer, " is missing");
        for (const char* name : {"W_Q", "W_K", "W_V"}) {
            if (arrays.count(name) != 0) continue;
            std::vector<std::string> keys;
            for (const auto& [key, array] : container.arrays) {
                if (!parse_key(key)) keys.push_back(key);
            }
            const std::string close = nearest(name, keys);
            fail(bundle.path, ": ", where, name,
                 close.empty() ? "" : "; did you mean " + close + "?");
        }
    }
}

std::optional<std::size_t> heads_setting(const io::Container& container) {
    const auto found = container.settings.find("heads");
    if (found == container.settings.end()) return std::nullopt;
    const double* number = std::get_if<double>(&found->second);
    if (number == nullptr || *number < 1 || *number > 1e6 || *number != std::floor(*number)) {
        fail(container.path, ": \"heads\" must be a whole number of 1 or more");
    }
    return static_cast<std::size_t>(*number);
}

template <class T>
std::optional<T> setting(const io::Container& container, const std::string& name,
                         const char* expected) {
    const auto found = container.settings.find(name);
    if (found == container.settings.end()) return std::nullopt;
    const T* value = std::get_if<T>(&found->second);
    if (value == nullptr) fail(container.path, ": \"", name, "\" must be ", expected);
    return *value;
}

// The shape [rows, columns] of the matrix that stands for W_Q, W_K or W_V in its 2-D or 3-D form.
struct MatrixShape {
    std::size_t rows;
    std::size_t columns;
};

MatrixShape input_projection_shape(const io::StoredArray& array, std::size_t heads) {
    const Shape& shape = array.shape;
    if (shape.size() == 2) return {shape[0], shape[1]};
    if (shape.size() != 3) {
        fail(describe(array), ": expected [d_model, heads * d_head] or [heads, d_model, d_head]");
    }
    if (shape[0] != heads) {
        fail(describe(array), ": is for ", shape[0], " heads, expected ", heads, " (--heads)");
    }
    return {shape[1], shape[0] * shape[2]};
}

void check_input_projection(const io::StoredArray& array, std::size_t d_model, std::size_t heads) {
    const MatrixShape shape = input_projection_shape(array, heads);
    if (shape.rows != d_model) {
        const bool transposed = array.shape.size() == 2 && shape.columns == d_model;
        fail(describe(array), ": expected ", d_model, " rows, the width of the embeddings",
             transposed ? "; it looks transposed (nn.Linear keeps [out, in]), save its .T" : "");
    }
    if (shape.columns % heads != 0) {
        fail(describe(array), ": ", shape.columns, " columns cannot be divided among ", heads,
             " heads (--heads)");
    }
}

void check_bias(const std::map<std::string, io::StoredArray>& arrays, const std::string& name,
                std::size_t size) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) return;
    const io::StoredArray& bias = found->second;
    if (bias.shape.size() > 2 || element_count(bias.shape, bias.name) != size) {
        fail(describe(bias), ": expected ", size, " values, one for each column of ", "W",
             name.substr(1));
    }
}

void check_output_projection(const io::StoredArray& array, std::size_t rows, std::size_t d_model,
                             std::size_t heads) {
    const Shape& shape = array.shape;
    const bool fits = (shape.size() == 2 && shape == Shape{rows, d_model}) ||
                      (shape.size() == 3 && shape == Shape{heads, rows / heads, d_model});
    if (!fits) {
        fail(describe(array), ": expected [", rows, ", ", d_model, "], heads * d_value by d_model");
    }
}

// [heads, d_model, d_head] -> [d_model, heads * d_head]
template <class T>
Array<T> heads_side_by_side(const Array<T>& matrix) {
    if (matrix.rank() == 2) return matrix;
    const std::size_t heads = matrix.extent(0);
    const std::size_t d_model = matrix.extent(1);
    const std::size_t width = matrix.extent(2);
    std::vector<T> values(matrix.size());
    for (std::size_t head = 0; head < heads; ++head) {
        for (std::size_t row = 0; row < d_model; ++row) {
            const T* from = matrix.data() + (head * d_model + row) * width;
            std::copy(from, from + width, values.begin() + (row * heads + head) * width);
        }
    }
    return Array<T>({d_model, heads * width}, std::move(values));
}

}  // namespace

WeightBundle read_weight_bundle(const io::Container& container) {
    WeightBundle bundle;
    bundle.path = container.path;
    bundle.heads = heads_setting(container);
    bundle.causal = setting<bool>(container, "causal", "true or false");
    bundle.scale = setting<double>(container, "scale", "a number");

    std::map<std::size_t, std::map<std::string, io::StoredArray>> layers;
    std::map<std::string, io::StoredArray> single;
    for (const auto& [key, array] : container.arrays) {
        const auto native = parse_key(key);
        if (!native) continue;
        (native->layer ? layers[*native->layer] : single)[native->name] = array;
    }
    if (!single.empty() && !layers.empty()) {
        fail(bundle.path, ": has both ", single.begin()->first,
             " and layers.N.* arrays; keep one kind");
    }
    if (!layers.empty()) {
        const std::size_t last = layers.rbegin()->first;
        for (std::size_t layer = 0; layer <= last; ++layer) {
            if (layers.count(layer) == 0) fail(bundle.path, ": layer ", layer, " is missing");
            bundle.layers.push_back(std::move(layers[layer]));
        }
    } else {
        bundle.layers.push_back(std::move(single));
        if (bundle.layers[0].empty()) {
            bundle.layers[0] = {};
            fail(bundle.path, ": has no W_Q, W_K and W_V, alone or as layers.N.W_Q");
        }
    }
    require_projections(bundle, container);
    return bundle;
}

std::size_t check_layer(const WeightBundle& bundle, std::size_t layer, std::size_t d_model,
                        std::optional<std::size_t> heads) {
    const auto& arrays = bundle.layers.at(layer);
    const io::StoredArray& W_Q = arrays.at("W_Q");
    if (!heads) heads = bundle.heads;
    if (!heads && W_Q.shape.size() == 3) heads = W_Q.shape[0];
    const std::size_t count = heads.value_or(1);

    const MatrixShape q = input_projection_shape(W_Q, count);
    const MatrixShape k = input_projection_shape(arrays.at("W_K"), count);
    const MatrixShape v = input_projection_shape(arrays.at("W_V"), count);
    for (const char* name : {"W_Q", "W_K", "W_V"})
        check_input_projection(arrays.at(name), d_model, count);
    if (k.columns != q.columns) {
        fail(describe(arrays.at("W_K")), ": expected ", q.columns, " columns, as W_Q has");
    }
    check_bias(arrays, "b_Q", q.columns);
    check_bias(arrays, "b_K", k.columns);
    check_bias(arrays, "b_V", v.columns);
    check_bias(arrays, "b_O", d_model);
    const auto W_O = arrays.find("W_O");
    if (W_O != arrays.end()) check_output_projection(W_O->second, v.columns, d_model, count);
    if (W_O == arrays.end() && arrays.count("b_O") != 0) {
        fail(describe(arrays.at("b_O")), ": there is no W_O that it belongs to");
    }
    return count;
}

template <class T>
ProjectionWeights<T> load_layer(io::Inputs& inputs, const WeightBundle& bundle, std::size_t layer,
                                std::size_t heads, io::NonFinite non_finite) {
    const auto& arrays = bundle.layers.at(layer);
    const auto load = [&](const char* name) {
        const auto found = arrays.find(name);
        return found == arrays.end() ? Array<T>() : inputs.load<T>(found->second, non_finite);
    };
    ProjectionWeights<T> weights;
    weights.heads = heads;
    weights.W_Q = heads_side_by_side(load("W_Q"));
    weights.W_K = heads_side_by_side(load("W_K"));
    weights.W_V = heads_side_by_side(load("W_V"));
    weights.b_Q = load("b_Q");
    weights.b_K = load("b_K");
    weights.b_V = load("b_V");
    weights.b_O = load("b_O");
    weights.W_O = load("W_O");
    if (weights.W_O.rank() == 3) {
        weights.W_O = weights.W_O.reshaped(
            {weights.W_O.extent(0) * weights.W_O.extent(1), weights.W_O.extent(2)});
    }
    return weights;
}

template ProjectionWeights<float> load_layer(io::Inputs&, const WeightBundle&, std::size_t,
                                             std::size_t, io::NonFinite);
template ProjectionWeights<double> load_layer(io::Inputs&, const WeightBundle&, std::size_t,
                                              std::size_t, io::NonFinite);

}  // namespace attn::model
