#include "analysis/kept_weights.hpp"

#include <algorithm>
#include <cassert>

#include "attention/block.hpp"
#include "attention/whole_rows.hpp"
#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/word_list.hpp"

namespace attn::analysis {
namespace {

std::vector<std::size_t> all_of(const Chosen& chosen, std::size_t count) {
    if (chosen) return *chosen;
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(i);
    return all;
}

}  // namespace

template <class T>
void KeptWeights<T>::begin_layer(const LayerShape& shape, const std::string& what) {
    shape_ = shape;
    require_memory(shape.slots() * shape.queries * shape.keys * sizeof(T),
                   what + ": the weights of layer " + std::to_string(shape.layer));
    weights_.assign(shape.slots(), std::vector<T>(shape.queries * shape.keys));
}

template <class T>
void KeptWeights<T>::keep(const Tile<T>& tile) {
    const WholeRows<T> whole(tile, shape_.keys);
    std::vector<T>& weights = weights_[shape_.slot(tile.sequence, tile.head)];
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const Span<const T> from = whole.tile().weights.row(row);
        std::copy(from.begin(), from.end(),
                  weights.data() + (tile.first_query + row) * shape_.keys);
    }
}

template <class T>
std::vector<std::size_t> KeptWeights<T>::sequences() const {
    return all_of(shape_.chosen_sequences, shape_.sequences);
}

template <class T>
std::vector<std::size_t> KeptWeights<T>::heads() const {
    return all_of(shape_.chosen_heads, shape_.heads);
}

template <class T>
MatrixView<const T> KeptWeights<T>::matrix(std::size_t sequence, std::size_t head) const {
    return {weights_[shape_.slot(sequence, head)].data(), shape_.queries, shape_.keys};
}

template <class T>
LayerValues<T> KeptWeights<T>::values(const LayerOutputs<T>& outputs, std::size_t sequence,
                                      KvOrder order, const Array<T>& W_O) const {
    const HeadsView<T>& v = outputs.attention->v.view;
    LayerValues<T> values;
    for (const std::size_t head : heads()) {
        values.places.push_back(head);
        values.weights.push_back(matrix(sequence, head));
        values.values.push_back(v.head(sequence, kv_head_of(head, shape_.heads, v.heads, order)));
    }
    values.all_heads = shape_.heads;
    if (!W_O.empty()) values.W_O = {W_O.data(), W_O.extent(0), W_O.extent(1)};
    return values;
}

template <class T>
Array<T> output_matrix(const LayerOutputs<T>& outputs) {
    assert(outputs.x == nullptr || outputs.projections != nullptr);  // Needs::projections
    if (outputs.projections == nullptr || outputs.projections->W_O.empty()) return {};
    const ProjectionWeights<T>& projections = *outputs.projections;
    return projections.order == MatrixOrder::in_out ? projections.W_O : transposed(projections.W_O);
}

template <class T>
Surroundings<T> surroundings_of(const LayerOutputs<T>& outputs, const LayerShape& shape,
                                std::size_t sequence, std::size_t d_model,
                                const std::string& asked_by) {
    if (outputs.x == nullptr)
        fail(asked_by, ": needs what the layer reads; --query, --key and --value hold none");
    if (shape.queries != shape.keys)
        fail(asked_by, ": needs self-attention, this is [", shape.queries, ", ", shape.keys, "]");
    const std::size_t width = outputs.x->extent(2);
    if (width != d_model)
        fail(asked_by, ": layer ", outputs.layer, " gives ", counted(d_model, "column"),
             " and reads ", width, "; they cannot be added");
    Surroundings<T> around;
    around.x = {outputs.x->data() + sequence * shape.queries * width, shape.queries, width};
    if (outputs.projections != nullptr) around.b_O = outputs.projections->b_O.values();
    if (outputs.block != nullptr) {
        around.after_attention = outputs.block->after_attention;
        if (!outputs.block->parallel) around.after_sum = outputs.block->after_attention_sum;
    }
    return around;
}

template class KeptWeights<float>;
template class KeptWeights<double>;
template Array<float> output_matrix(const LayerOutputs<float>&);
template Array<double> output_matrix(const LayerOutputs<double>&);
template Surroundings<float> surroundings_of(const LayerOutputs<float>&, const LayerShape&,
                                             std::size_t, std::size_t, const std::string&);
template Surroundings<double> surroundings_of(const LayerOutputs<double>&, const LayerShape&,
                                              std::size_t, std::size_t, const std::string&);

}  // namespace attn::analysis
