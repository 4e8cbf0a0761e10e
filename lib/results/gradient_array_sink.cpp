#include "results/gradient_array_sink.hpp"

#include <algorithm>

#include "results/folder_layout.hpp"

namespace attn::results {
namespace {

template <class T>
Array<T> narrowed_gradient(const std::vector<double>& values, Shape shape) {
    std::vector<T> narrow(values.size());
    std::transform(values.begin(), values.end(), narrow.begin(),
                   [](double value) { return static_cast<T>(value); });
    return Array<T>(std::move(shape), std::move(narrow));
}

// [d_in, heads * width] -> [heads, d_in, width], as a file of three axes has its matrix.
template <class T>
Array<T> head_after_head(const Array<T>& matrix, const Shape& shape) {
    std::vector<T> values;
    values.reserve(matrix.size());
    for (std::size_t head = 0; head < shape[0]; ++head) {
        for (std::size_t row = 0; row < shape[1]; ++row) {
            const T* from = matrix.data() + (row * shape[0] + head) * shape[2];
            values.insert(values.end(), from, from + shape[2]);
        }
    }
    return Array<T>(shape, std::move(values));
}

}  // namespace

template <class T>
std::unique_ptr<io::NpyWriter> GradientArraySink<T>::create_cells(const std::string& name) {
    Shape shape{shape_.heads_streamed(), shape_.queries, shape_.keys};
    if (batch_axis_) shape.insert(shape.begin(), shape_.sequences_streamed());
    return std::make_unique<io::NpyWriter>(
        folder_.stage(array_file(shape_.layer, name)), dtype_of<T>(), shape,
        folder_.is_shared() ? io::Makers::several : io::Makers::one);
}

template <class T>
void GradientArraySink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    if (!wanted_) return;
    if (choice_.scores) scores_ = create_cells("grad_scores");
    if (choice_.weights) weights_ = create_cells("grad_weights");
}

template <class T>
void GradientArraySink<T>::consume(const GradientTile<T>& tile) {
    if (scores_) write_cells(*scores_, tile.scores, tile.tile);
    if (weights_) write_cells(*weights_, tile.weights, tile.tile);
}

template <class T>
void GradientArraySink<T>::write_cells(const io::NpyWriter& file, MatrixView<const T> cells,
                                       const Tile<T>& tile) const {
    if (tile.active.empty()) return;
    const std::size_t row = shape_.slot(tile.sequence, tile.head) * shape_.queries;
    const std::size_t offset = (row + tile.first_query) * shape_.keys;
    if (cells.columns == shape_.keys) {
        file.write(offset, Span<const T>(cells.data, cells.rows * cells.columns));
        return;
    }
    // The file is all zeros already.
    for (std::size_t i = 0; i < cells.rows; ++i)
        file.write(offset + i * shape_.keys + tile.active.begin, cells.row(i));
}

template <class T>
void GradientArraySink<T>::write_projections(const GradientArrays<T>& arrays) const {
    const ProjectionGradients<T>& d = arrays.gradients->projections;
    for (const auto& [name, gradient] :
         {std::pair("W_Q", &d.W_Q), std::pair("W_K", &d.W_K), std::pair("W_V", &d.W_V),
          std::pair("W_O", &d.W_O), std::pair("b_Q", &d.b_Q), std::pair("b_K", &d.b_K),
          std::pair("b_V", &d.b_V), std::pair("b_O", &d.b_O), std::pair("q_norm", &d.q_norm),
          std::pair("k_norm", &d.k_norm)}) {
        if (gradient->empty()) continue;
        const auto own = arrays.shapes.find(name);
        const std::string file = array_file(arrays.layer, std::string("grad_") + name);
        if (own == arrays.shapes.end()) {
            files_.write(file, *gradient, gradient->shape());
        } else if (own->second.size() == 3 && gradient != &d.W_O) {
            files_.write(file, head_after_head(*gradient, own->second), own->second);
        } else {
            files_.write(file, *gradient, own->second);
        }
    }
}

template <class T>
void GradientArraySink<T>::write_attention(const GradientArrays<T>& arrays) const {
    const AttentionGradients<T>& attention = arrays.gradients->heads.attention;
    const auto file = [&](const char* name) { return array_file(arrays.layer, name); };
    if (choice_.q)
        files_.write_heads(file("grad_q"), separate_heads(attention.q), shape_.chosen_heads);
    if (choice_.k) files_.write_heads(file("grad_k"), separate_heads(attention.k));
    if (choice_.v) files_.write_heads(file("grad_v"), separate_heads(attention.v));
    if (choice_.context)
        files_.write_heads(file("grad_context"),
                           packed_heads(arrays.gradients->d_context, shape_.heads),
                           shape_.chosen_heads);
    if (choice_.bias && !attention.bias.empty()) {
        const Shape& shape = arrays.shapes.at("bias");
        files_.write(file("grad_bias"), narrowed_gradient<T>(attention.bias, shape), shape);
    }
    if (choice_.sink && !attention.sinks.empty()) {
        const Shape shape{attention.sinks.size()};
        files_.write(file("grad_sink"), narrowed_gradient<T>(attention.sinks, shape), shape);
    }
    if (choice_.relative_bias && !attention.relative.empty()) {
        const Shape shape{attention.relative.size() / shape_.heads, shape_.heads};
        files_.write(file("grad_relative_bias"), narrowed_gradient<T>(attention.relative, shape),
                     shape);
    }
}

template <class T>
void GradientArraySink<T>::end_layer(const GradientArrays<T>& arrays) {
    for (auto* file : {&scores_, &weights_}) {
        if (*file) (*file)->close();
        file->reset();
    }
    if (!wanted_ || !whole_) return;
    if (choice_.x && arrays.x) files_.write_batch(array_file(arrays.layer, "grad_x"), *arrays.x);
    if (choice_.x && !arrays.gradients->embeddings.empty())
        files_.write_batch(array_file(arrays.layer, "grad_context_embeddings"),
                           arrays.gradients->embeddings);
    write_attention(arrays);
    if (choice_.projections) write_projections(arrays);
}

template <class T>
void GradientArraySink<T>::write_final_hidden(const Array<T>& gradient) {
    if (whole_) files_.write_batch("grad_final_hidden.npy", gradient);
}

template class GradientArraySink<float>;
template class GradientArraySink<double>;

}  // namespace attn::results
