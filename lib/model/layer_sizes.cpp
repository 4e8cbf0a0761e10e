// What fits what in a layer, told from shapes alone.
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/weight_bundle.hpp"

namespace attn::model {
namespace {

std::string name_and_shape(const io::StoredArray& array) {
    return array.name + " " + to_string(array.shape);
}

// A projection's matrix, given as [d_in, d_out], transposed, or as [heads, d_in, d_out of a head].
struct MatrixShape {
    std::size_t rows;     // d_in
    std::size_t columns;  // d_out
};

MatrixShape matrix_shape(const io::StoredArray& array, MatrixOrder order) {
    const Shape& shape = array.shape;
    if (element_count(shape, array.name) == 0)
        fail(array.name, ": has no values: its shape is ", to_string(shape));
    if (shape.size() == 3 && order == MatrixOrder::in_out) return {shape[1], shape[0] * shape[2]};
    if (shape.size() != 2) {
        fail(name_and_shape(array),
             order == MatrixOrder::in_out
                 ? ": expected [d_model, heads * d_head] or [heads, d_model, d_head]"
                 : ": expected a matrix [d_out, d_in]");
    }
    if (order == MatrixOrder::in_out) return {shape[0], shape[1]};
    return {shape[1], shape[0]};
}

// Everything about one layer that messages and checks need.
struct Layer {
    const WeightBundle& bundle;
    const NamedArrays& arrays;
    const LayerRequest& request;

    MatrixOrder order() const { return bundle.layout->order; }
    bool has(const std::string& name) const { return arrays.count(name) != 0; }
    MatrixShape shape_of(const std::string& name) const {
        return matrix_shape(arrays.at(name), order());
    }
    // Where a number of heads came from, for messages.
    std::string source(const std::string& field, const std::string& flag,
                       const std::optional<std::size_t>& given) const {
        const auto key = bundle.config.keys.find(field);
        const bool from_config = !given && key != bundle.config.keys.end() && key->second != field;
        return from_config ? flag + ", " + key->second : flag;
    }
};

void require_rows(const Layer& layer, const io::StoredArray& array, std::size_t rows) {
    const MatrixShape shape = matrix_shape(array, layer.order());
    if (shape.rows == rows) return;
    const bool transposed =
        array.shape.size() == 2 && shape.columns == rows && layer.bundle.layout->name == "native";
    fail(name_and_shape(array), ": expected ", rows,
         layer.order() == MatrixOrder::in_out ? " rows" : " columns",
         ", the width of the embeddings",
         transposed ? "; it looks transposed (nn.Linear keeps [out, in]), save its .T" : "");
}

// `rows` is the width of what the matrix is applied to.
void check_input_projection(const Layer& layer, const std::string& name, std::size_t rows,
                            std::size_t heads, const std::string& flag) {
    const io::StoredArray& array = layer.arrays.at(name);
    require_rows(layer, array, rows);
    const MatrixShape shape = matrix_shape(array, layer.order());
    if (array.shape.size() == 3 && array.shape[0] != heads) {
        fail(name_and_shape(array), ": is for ", counted(array.shape[0], "head"), ", expected ",
             heads, " (", flag, ")");
    }
    if (shape.columns % heads != 0) {
        fail(name_and_shape(array), ": ", counted(shape.columns, "column"),
             " cannot be divided among ", heads, " heads (", flag, ")");
    }
}

// Nothing where native names do not say.
std::optional<std::size_t> find_heads(const Layer& layer) {
    const WeightBundle& bundle = layer.bundle;
    if (layer.request.heads) return *layer.request.heads;
    if (bundle.config.heads) return *bundle.config.heads;
    const auto W_Q = layer.arrays.find("W_Q");
    if (W_Q != layer.arrays.end() && W_Q->second.shape.size() == 3) return W_Q->second.shape[0];
    const auto table = bundle.layers.front().find("relative_bias");
    if (table != bundle.layers.front().end() && table->second.shape.size() == 2)
        return table->second.shape[1];
    if (bundle.layout->name == "native") return std::nullopt;
    fail(bundle.path,
         ": nothing says how many heads there are; put config.json beside the file, "
         "or give --heads");
}

// As many heads of d_head columns as W_K has, where nobody says how many there are.
std::size_t find_kv_heads(const Layer& layer, std::size_t d_head) {
    if (layer.request.kv_heads) return *layer.request.kv_heads;
    if (layer.bundle.config.kv_heads) return *layer.bundle.config.kv_heads;
    const io::StoredArray& W_K = layer.arrays.at("W_K");
    if (W_K.shape.size() == 3) return W_K.shape[0];
    const std::size_t columns = layer.shape_of("W_K").columns;
    if (columns % d_head != 0) {
        fail(name_and_shape(W_K), ": ", counted(columns, "column"), " are not heads of ", d_head,
             " columns, as W_Q has them");
    }
    return columns / d_head;
}

void require_grouping(const Layer& layer, const LayerSizes& sizes) {
    if (sizes.heads % sizes.kv_heads == 0) return;
    fail(layer.bundle.path, ": ", counted(sizes.heads, "head"), " are not a multiple of ",
         sizes.kv_heads, " key/value heads (--heads, --kv-heads)");
}

void check_bias(const NamedArrays& arrays, const std::string& name, std::size_t size) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) return;
    const io::StoredArray& bias = found->second;
    if (bias.shape.size() > 2 || element_count(bias.shape, bias.name) != size) {
        fail(name_and_shape(bias), ": expected ", counted(size, "value"),
             ", one for each column of ", "W", name.substr(1));
    }
}

LayerSizes check_separate(const Layer& layer) {
    const LayerRequest& request = layer.request;
    LayerSizes sizes;
    const std::optional<std::size_t> heads = find_heads(layer);
    sizes.heads = heads.value_or(1);
    sizes.heads_assumed = !heads;
    const std::string flag = layer.source("heads", "--heads", request.heads);
    const std::string kv_flag = layer.source("kv_heads", "--kv-heads", request.kv_heads);
    check_input_projection(layer, "W_Q", request.d_model, sizes.heads, flag);
    const std::size_t q_columns = layer.shape_of("W_Q").columns;
    sizes.d_head = q_columns / sizes.heads;
    sizes.kv_heads = find_kv_heads(layer, sizes.d_head);
    require_grouping(layer, sizes);
    check_input_projection(layer, "W_K", request.d_context, sizes.kv_heads, kv_flag);
    check_input_projection(layer, "W_V", request.d_context, sizes.kv_heads, kv_flag);
    const std::size_t k_columns = layer.shape_of("W_K").columns;
    if (k_columns != sizes.kv_heads * sizes.d_head) {
        fail(name_and_shape(layer.arrays.at("W_K")), ": expected ", sizes.kv_heads * sizes.d_head,
             " columns, ", counted(sizes.kv_heads, "head"), " of ", sizes.d_head,
             " as W_Q has them");
    }
    sizes.d_value = layer.shape_of("W_V").columns / sizes.kv_heads;
    return sizes;
}

// The sizes of W_QKV follow from its width and from the heads.
LayerSizes check_fused(const Layer& layer) {
    const io::StoredArray& array = layer.arrays.at("W_QKV");
    const ModelConfig& config = layer.bundle.config;
    require_rows(layer, array, layer.request.d_model);
    if (layer.request.d_context != layer.request.d_model)
        fail(name_and_shape(array),
             ": queries, keys and values read inputs of one width (--context)");
    const std::size_t columns = layer.shape_of("W_QKV").columns;
    LayerSizes sizes;
    sizes.heads = find_heads(layer).value();
    const bool grouped = layer.request.kv_heads || config.kv_heads;
    sizes.kv_heads = layer.request.kv_heads.value_or(config.kv_heads.value_or(sizes.heads));
    require_grouping(layer, sizes);
    const std::size_t all = sizes.heads + 2 * sizes.kv_heads;
    const std::string flags =
        std::string(" (") + layer.source("heads", "--heads", layer.request.heads) +
        (grouped ? "; " + layer.source("kv_heads", "--kv-heads", layer.request.kv_heads) : "") +
        ")";
    if (columns % all != 0) {
        fail(name_and_shape(array), ": ", counted(columns, "column"), " cannot be divided among ",
             sizes.heads, " heads and ", sizes.kv_heads, " key and value heads", flags);
    }
    sizes.d_head = sizes.d_value = columns / all;
    return sizes;
}

void check_output_projection(const Layer& layer, LayerSizes& sizes) {
    const auto W_O = layer.arrays.find("W_O");
    sizes.d_output = sizes.heads * sizes.d_value;
    if (W_O == layer.arrays.end()) {
        if (layer.has("b_O"))
            fail(name_and_shape(layer.arrays.at("b_O")), ": there is no W_O that it belongs to");
        return;
    }
    const io::StoredArray& array = W_O->second;
    const std::size_t rows = sizes.d_output;
    const std::size_t d_model = layer.request.d_model;
    const bool in_out = layer.order() == MatrixOrder::in_out;
    const Shape flat = in_out ? Shape{rows, d_model} : Shape{d_model, rows};
    const bool split = in_out && array.shape == Shape{sizes.heads, sizes.d_value, d_model};
    if (array.shape != flat && !split) {
        fail(name_and_shape(array), ": expected ", to_string(flat), ", ",
             in_out ? "heads * d_value by d_model" : "d_model by heads * d_value");
    }
    sizes.d_output = d_model;
}

// What config.json says of a head; where it does not, that heads share the width among them.
void check_config(const Layer& layer, const LayerSizes& sizes) {
    const ModelConfig& config = layer.bundle.config;
    const bool family = layer.bundle.layout->name != "native" && !layer.request.heads;
    const std::size_t width = layer.request.d_model;
    if (family && !config.d_head && config.heads && sizes.heads * sizes.d_head != width) {
        fail(layer.bundle.path, ": its ", counted(sizes.heads, "head"), " (",
             config.keys.at("heads"), ") have ", counted(sizes.d_head, "column"),
             ", which are not its ", width,
             " columns divided among them, and config.json has no head_dim");
    }
    if (layer.bundle.layout->name == "native" || layer.request.heads || !config.d_head ||
        *config.d_head == sizes.d_head)
        return;
    fail(layer.bundle.path, ": its ", counted(sizes.heads, "head"), " have ", sizes.d_head,
         " columns, config.json says ", *config.d_head, " (", config.keys.at("d_head"), ")");
}

}  // namespace

LayerSizes check_layer(const WeightBundle& bundle, std::size_t index, const LayerRequest& request) {
    const Layer layer{bundle, bundle.layers.at(index), request};
    LayerSizes sizes = layer.has("W_QKV") ? check_fused(layer) : check_separate(layer);
    check_config(layer, sizes);
    const std::size_t q_columns = sizes.heads * sizes.d_head;
    const std::size_t k_columns = sizes.kv_heads * sizes.d_head;
    const std::size_t v_columns = sizes.kv_heads * sizes.d_value;
    check_bias(layer.arrays, "b_Q", q_columns);
    check_bias(layer.arrays, "b_K", k_columns);
    check_bias(layer.arrays, "b_V", v_columns);
    check_bias(layer.arrays, "b_QKV", q_columns + k_columns + v_columns);
    check_bias(layer.arrays, "b_O", request.d_model);
    check_output_projection(layer, sizes);
    return sizes;
}

std::size_t model_width(const WeightBundle& bundle) {
    const NamedArrays& arrays = bundle.layers.front();
    const auto fused = arrays.find("W_QKV");
    const io::StoredArray& array = fused != arrays.end() ? fused->second : arrays.at("W_Q");
    return matrix_shape(array, bundle.layout->order).rows;
}

LayerSizes describe_layer(const WeightBundle& bundle, std::size_t layer) {
    const std::size_t width = model_width(bundle);
    const NamedArrays& arrays = bundle.layers.at(layer);
    const auto W_K = arrays.find("W_K");
    const std::size_t context =
        W_K == arrays.end() ? width : matrix_shape(W_K->second, bundle.layout->order).rows;
    return check_layer(bundle, layer, {width, context, {}, {}});
}

}  // namespace attn::model
