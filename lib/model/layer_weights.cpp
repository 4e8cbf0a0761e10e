#include "model/layer_weights.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "io/file_bytes.hpp"
#include "model/fused.hpp"

namespace attn::model {
namespace {

// [heads, d_model, d_head] -> [d_model, heads * d_head]
template <class T>
Array<T> heads_side_by_side(const Array<T>& matrix) {
    if (matrix.rank() != 3) return matrix;
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

template <class T>
class LayerLoader {
  public:
    LayerLoader(io::Inputs& inputs, const WeightBundle& bundle, std::size_t layer,
                const LayerSizes& sizes, io::NonFinite non_finite)
        : inputs_(inputs),
          bundle_(bundle),
          layout_(*bundle.layout),
          arrays_(bundle.layers.at(layer)),
          sizes_(sizes),
          non_finite_(non_finite) {}

    ProjectionWeights<T> attention() {
        ProjectionWeights<T> w;
        w.heads = sizes_.heads;
        w.kv_heads = sizes_.kv_heads;
        w.order = layout_.order;
        if (has("W_QKV")) {
            split(load("W_QKV"), w.W_Q, w.W_K, w.W_V);
        } else {
            w.W_Q = heads_side_by_side(load("W_Q"));
            w.W_K = heads_side_by_side(load("W_K"));
            w.W_V = heads_side_by_side(load("W_V"));
        }
        if (has("b_QKV")) {
            split(load("b_QKV"), w.b_Q, w.b_K, w.b_V);
        } else {
            w.b_Q = load("b_Q");
            w.b_K = load("b_K");
            w.b_V = load("b_V");
        }
        w.b_O = load("b_O");
        w.W_O = load("W_O");
        if (w.W_O.rank() == 3)
            w.W_O = w.W_O.reshaped({w.W_O.extent(0) * w.W_O.extent(1), w.W_O.extent(2)});
        w.q_norm = norm("q_norm", sizes_.d_head);
        w.k_norm = norm("k_norm", sizes_.d_head);
        return w;
    }

    BlockWeights<T> block(std::size_t d_model, BlockParts parts) {
        BlockWeights<T> block;
        const bool first = bundle_.config.norm_first.value_or(!layout_.post_norm);
        Norm<T>& attention_norm = first ? block.before_attention : block.after_attention_sum;
        if (layout_.post_norm) {
            // The same two norms, in front or behind (nn.TransformerEncoder's norm_first).
            if (first || parts != BlockParts::before_attention)
                attention_norm = norm("after_attention_sum", d_model);
        } else {
            block.before_attention = norm("before_attention", d_model);
        }
        if (parts == BlockParts::before_attention) return block;
        block.after_attention = norm("after_attention", d_model);
        block.parallel = bundle_.config.parallel.value_or(layout_.parallel);
        if (parts == BlockParts::around_attention) return block;
        if (layout_.post_norm) {
            Norm<T>& norm_behind = first ? block.before_feed_forward : block.after_feed_forward_sum;
            norm_behind = norm("after_feed_forward_sum", d_model);
        } else {
            block.before_feed_forward = norm("before_feed_forward", d_model);
        }
        block.after_feed_forward = norm("after_feed_forward", d_model);
        if (has("W_in") || has("W_gate_in")) block.feed_forward = feed_forward(d_model);
        return block;
    }

  private:
    bool has(const std::string& name) const { return arrays_.count(name) != 0; }

    Array<T> load(const std::string& name) {
        const auto found = arrays_.find(name);
        return found == arrays_.end() ? Array<T>() : inputs_.load<T>(found->second, non_finite_);
    }

    Norm<T> norm(const std::string& name, std::size_t width) {
        return load_norm<T>(inputs_, bundle_, arrays_, name, width, non_finite_);
    }

    void split(const Array<T>& fused, Array<T>& q, Array<T>& k, Array<T>& v) const {
        const std::size_t q_width = sizes_.heads * sizes_.d_head;
        const std::size_t kv_width = sizes_.kv_heads * sizes_.d_head;
        const auto parts = layout_.fused == FusedOrder::per_head
                               ? split_per_head(fused, sizes_.heads)
                               : split_blocks(fused, layout_.order, {q_width, kv_width, kv_width});
        q = parts[0];
        k = parts[1];
        v = parts[2];
    }

    FeedForwardWeights<T> feed_forward(std::size_t d_model) {
        const ModelConfig& config = bundle_.config;
        if (!config.unknown_activation.empty())
            fail(bundle_.path, ": config.json asks for ", config.unknown_activation,
                 ", which is not computed; with --hidden-states it is not needed");
        FeedForwardWeights<T> w;
        w.order = layout_.order;
        w.activation = config.activation.value_or(layout_.activation);
        if (has("W_gate_in")) {
            const Array<T> both = load("W_gate_in");
            const std::size_t half = output_width(both, w.order) / 2;
            const auto parts = split_blocks(both, w.order, {half, half});
            w.W_gate = parts[0];
            w.W_in = parts[1];
        } else {
            w.W_in = load("W_in");
            w.W_gate = load("W_gate");
        }
        w.W_out = load("W_out");
        w.b_in = load("b_in");
        w.b_gate = load("b_gate");
        w.b_out = load("b_out");
        check_feed_forward(w, d_model);
        return w;
    }

    // The matrix of `name` must be d_in by d_out.
    void require_shape(const Array<T>& matrix, const std::string& name, std::size_t d_in,
                       std::size_t d_out) const {
        if (matrix.empty()) return;
        const Shape shape = name[0] == 'b'                         ? Shape{d_out}
                            : layout_.order == MatrixOrder::in_out ? Shape{d_in, d_out}
                                                                   : Shape{d_out, d_in};
        if (matrix.shape() == shape) return;
        const auto found = arrays_.find(name);
        fail(found == arrays_.end() ? bundle_.path : found->second.name, " ",
             to_string(matrix.shape()), ": expected ", to_string(shape));
    }

    void check_feed_forward(const FeedForwardWeights<T>& w, std::size_t d_model) const {
        if (w.W_in.rank() != 2 || w.W_out.empty())
            fail(bundle_.path, ": its feed-forward parts are not two matrices");
        const std::size_t d_hidden = output_width(w.W_in, w.order);
        require_shape(w.W_in, "W_in", d_model, d_hidden);
        require_shape(w.W_gate, "W_gate", d_model, d_hidden);
        require_shape(w.W_out, "W_out", d_hidden, d_model);
        require_shape(w.b_in, "b_in", d_model, d_hidden);
        require_shape(w.b_gate, "b_gate", d_model, d_hidden);
        require_shape(w.b_out, "b_out", d_hidden, d_model);
    }

    io::Inputs& inputs_;
    const WeightBundle& bundle_;
    const Layout& layout_;
    const NamedArrays& arrays_;
    const LayerSizes& sizes_;
    io::NonFinite non_finite_;
};

// A norm without arrays: TransformerLens folds them into the matrices behind and says "LNPre".
bool is_bare(const WeightBundle& bundle, const std::string& name) {
    const bool foldable = name.rfind("before", 0) == 0 || name == "final_norm";
    if (!bundle.layout->norms_may_be_bare || !foldable) return false;
    if (!bundle.config.raw.any)
        fail(bundle.path,
             ": has no arrays of norms; say in a config.json beside it whether there "
             "are any (\"normalization_type\": \"LNPre\" or null)");
    return bundle.config.norms_are_bare.value_or(false);
}

}  // namespace

template <class T>
Norm<T> load_norm(io::Inputs& inputs, const WeightBundle& bundle, const NamedArrays& arrays,
                  const std::string& name, std::size_t width, io::NonFinite non_finite) {
    const auto load = [&](const std::string& part) {
        const auto found = arrays.find(name + part);
        if (found == arrays.end()) return Array<T>();
        Array<T> values = inputs.load<T>(found->second, non_finite);
        if (values.shape() != Shape{width}) {
            fail(found->second.name, " ", to_string(values.shape()), ": expected [", width, "]");
        }
        return values;
    };
    Norm<T> norm;
    norm.weight = load(".weight");
    norm.bias = load(".bias");
    const Layout& layout = *bundle.layout;
    if (norm.weight.empty() && !is_bare(bundle, name)) return norm;
    norm.kind = bundle.config.norm.value_or(layout.norm);
    norm.weight_plus = layout.norm_weight_plus;
    norm.epsilon = bundle.config.epsilon.value_or(layout.epsilon);
    return norm;
}

void release_layer(const WeightBundle& bundle, std::size_t layer) {
    for (const auto& [name, array] : bundle.layers.at(layer)) {
        if (array.mapped) io::drop_pages(array.bytes);
    }
}

template <class T>
LayerWeights<T> load_layer(io::Inputs& inputs, const WeightBundle& bundle, std::size_t layer,
                           const LayerSizes& sizes, io::NonFinite non_finite, BlockParts parts) {
    LayerLoader<T> loader(inputs, bundle, layer, sizes, non_finite);
    LayerWeights<T> weights;
    weights.attention = loader.attention();
    const std::size_t d_model = weights.attention.order == MatrixOrder::in_out
                                    ? weights.attention.W_Q.extent(0)
                                    : weights.attention.W_Q.extent(1);
    weights.block = loader.block(d_model, parts);
    return weights;
}

template Norm<float> load_norm(io::Inputs&, const WeightBundle&, const NamedArrays&,
                               const std::string&, std::size_t, io::NonFinite);
template Norm<double> load_norm(io::Inputs&, const WeightBundle&, const NamedArrays&,
                                const std::string&, std::size_t, io::NonFinite);
template LayerWeights<float> load_layer(io::Inputs&, const WeightBundle&, std::size_t,
                                        const LayerSizes&, io::NonFinite, BlockParts);
template LayerWeights<double> load_layer(io::Inputs&, const WeightBundle&, std::size_t,
                                         const LayerSizes&, io::NonFinite, BlockParts);

}  // namespace attn::model
