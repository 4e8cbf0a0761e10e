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

std::optional<std::size_t> count_setting(const io::Container& container, const std::string& name) {
    const auto found = container.settings.find(name);
    if (found == container.settings.end()) return std::nullopt;
    const double* number = std::get_if<double>(&found->second);
    if (number == nullptr || *number < 1 || *number > 1e6 || *number != std::floor(*number)) {
        fail(container.path, ": \"", name, "\" must be a whole number of 1 or more");
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

// The shape [rows, columns] of W_Q, W_K or W_V, given as that or as [heads, rows, columns of a
// head].
struct MatrixShape {
    std::size_t rows;
    std::size_t columns;
};

MatrixShape matrix_shape(const io::StoredArray& array) {
    const Shape& shape = array.shape;
    if (shape.size() == 2) return {shape[0], shape[1]};
    if (shape.size() == 3) return {shape[1], shape[0] * shape[2]};
    fail(describe(array), ": expected [d_model, heads * d_head] or [heads, d_model, d_head]");
}

// `rows` is the width of what the matrix is applied to.
void check_input_projection(const io::StoredArray& array, std::size_t rows, std::size_t heads,
                            const char* flag) {
    const MatrixShape shape = matrix_shape(array);
    if (shape.rows != rows) {
        const bool transposed = array.shape.size() == 2 && shape.columns == rows;
        fail(describe(array), ": expected ", rows, " rows, the width of the embeddings",
             transposed ? "; it looks transposed (nn.Linear keeps [out, in]), save its .T" : "");
    }
    if (array.shape.size() == 3 && array.shape[0] != heads) {
        fail(describe(array), ": is for ", array.shape[0], " heads, expected ", heads, " (", flag,
             ")");
    }
    if (shape.columns % heads != 0) {
        fail(describe(array), ": ", shape.columns, " columns cannot be divided among ", heads,
             " heads (", flag, ")");
    }
}

std::size_t find_heads(const WeightBundle& bundle, const io::StoredArray& W_Q,
                       const LayerRequest& request) {
    if (request.heads) return *request.heads;
    if (bundle.heads) return *bundle.heads;
    return W_Q.shape.size() == 3 ? W_Q.shape[0] : 1;
}

// As many heads of d_head columns as W_K has, where nobody says how many there are.
std::size_t find_kv_heads(const WeightBundle& bundle, const io::StoredArray& W_K,
                          std::size_t d_head, const LayerRequest& request) {
    if (request.kv_heads) return *request.kv_heads;
    if (bundle.kv_heads) return *bundle.kv_heads;
    if (W_K.shape.size() == 3) return W_K.shape[0];
    const std::size_t columns = matrix_shape(W_K).columns;
    if (columns % d_head != 0) {
        fail(describe(W_K), ": ", columns, " columns are not heads of ", d_head,
             " columns, as W_Q has them");
    }
    return columns / d_head;
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
    bundle.heads = count_setting(container, "heads");
    bundle.kv_heads = count_setting(container, "kv_heads");
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
            fail(bundle.path, ": has no W_Q, W_K and W_V, alone or as layers.N.W_Q");
        }
    }
    require_projections(bundle, container);
    return bundle;
}

LayerSizes check_layer(const WeightBundle& bundle, std::size_t layer, const LayerRequest& request) {
    const auto& arrays = bundle.layers.at(layer);
    const io::StoredArray& W_Q = arrays.at("W_Q");
    const io::StoredArray& W_K = arrays.at("W_K");
    const io::StoredArray& W_V = arrays.at("W_V");
    LayerSizes sizes;
    sizes.heads = find_heads(bundle, W_Q, request);
    check_input_projection(W_Q, request.d_model, sizes.heads, "--heads");
    const std::size_t q_columns = matrix_shape(W_Q).columns;
    sizes.d_head = q_columns / sizes.heads;
    sizes.kv_heads = find_kv_heads(bundle, W_K, sizes.d_head, request);
    if (sizes.heads % sizes.kv_heads != 0) {
        fail(bundle.path, ": ", sizes.heads, " heads are not a multiple of ", sizes.kv_heads,
             " key/value heads (--heads, --kv-heads)");
    }
    check_input_projection(W_K, request.d_context, sizes.kv_heads, "--kv-heads");
    check_input_projection(W_V, request.d_context, sizes.kv_heads, "--kv-heads");
    const std::size_t k_columns = matrix_shape(W_K).columns;
    const std::size_t v_columns = matrix_shape(W_V).columns;
    if (k_columns != sizes.kv_heads * sizes.d_head) {
        fail(describe(W_K), ": expected ", sizes.kv_heads * sizes.d_head, " columns, ",
             sizes.kv_heads, " heads of ", sizes.d_head, " as W_Q has them");
    }
    sizes.d_value = v_columns / sizes.kv_heads;
    sizes.d_output = sizes.heads * sizes.d_value;

    check_bias(arrays, "b_Q", q_columns);
    check_bias(arrays, "b_K", k_columns);
    check_bias(arrays, "b_V", v_columns);
    check_bias(arrays, "b_O", request.d_model);
    const auto W_O = arrays.find("W_O");
    if (W_O != arrays.end()) {
        check_output_projection(W_O->second, sizes.d_output, request.d_model, sizes.heads);
        sizes.d_output = request.d_model;
    } else if (arrays.count("b_O") != 0) {
        fail(describe(arrays.at("b_O")), ": there is no W_O that it belongs to");
    }
    return sizes;
}

template <class T>
ProjectionWeights<T> load_layer(io::Inputs& inputs, const WeightBundle& bundle, std::size_t layer,
                                const LayerSizes& sizes, io::NonFinite non_finite) {
    const auto& arrays = bundle.layers.at(layer);
    const auto load = [&](const char* name) {
        const auto found = arrays.find(name);
        return found == arrays.end() ? Array<T>() : inputs.load<T>(found->second, non_finite);
    };
    ProjectionWeights<T> weights;
    weights.heads = sizes.heads;
    weights.kv_heads = sizes.kv_heads;
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
                                             const LayerSizes&, io::NonFinite);
template ProjectionWeights<double> load_layer(io::Inputs&, const WeightBundle&, std::size_t,
                                              const LayerSizes&, io::NonFinite);

}  // namespace attn::model
