#include "results/layer_array_sink.hpp"

#include "io/npy_writer.hpp"
#include "model/embedding.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {

template <class T>
LayerArraySink<T>::LayerArraySink(io::OutputFolder& folder, const SaveChoice& choice,
                                  bool batch_axis)
    : folder_(folder), choice_(choice), batch_axis_(batch_axis) {}

template <class T>
Needs LayerArraySink<T>::needs() const {
    Needs needs;
    needs.output = choice_.output;
    needs.hidden = choice_.hidden;
    needs.logits = choice_.logits || choice_.probs;
    return needs;
}

template <class T>
void LayerArraySink<T>::end_layer(const LayerOutputs<T>& outputs) {
    const LayerResult<T>& attention = *outputs.attention;
    const auto file = [&](const char* name) { return array_file(outputs.layer, name); };
    if (choice_.output) write_array(file("output"), attention.output);
    if (choice_.q) write_heads(file("q"), attention.q.view, shape_.chosen_heads);
    if (choice_.k) write_heads(file("k"), attention.k.view, std::nullopt);
    if (choice_.v) write_heads(file("v"), attention.v.view, std::nullopt);
    if (choice_.present) {
        write_heads(file("present_key"), attention.k.view, std::nullopt);
        write_heads(file("present_value"), attention.v.view, std::nullopt);
    }
    if (choice_.hidden) write_array(file("hidden"), *outputs.hidden);
}

template <class T>
void LayerArraySink<T>::end_model(const ModelOutputs<T>& outputs) {
    if (choice_.hidden) write_array("final_hidden.npy", *outputs.hidden);
    if (choice_.logits) write_array("logits.npy", *outputs.logits);
    if (choice_.probs) write_array("probs.npy", model::probabilities(*outputs.logits));
}

// An array [batch, …]; a single sequence that came without the axis goes without it.
template <class T>
void LayerArraySink<T>::write_array(const std::string& name, const Array<T>& array) const {
    Shape shape = array.shape();
    if (!batch_axis_) shape.erase(shape.begin());
    io::NpyWriter file(folder_.stage(name), dtype_of<T>(), shape);
    file.write(0, array.values());
    file.close();
}

template <class T>
void LayerArraySink<T>::write_heads(const std::string& name, const HeadsView<T>& view,
                                    const Chosen& heads) const {
    Shape shape{heads ? heads->size() : view.heads, view.tokens, view.width};
    if (batch_axis_) shape.insert(shape.begin(), view.batch);
    io::NpyWriter file(folder_.stage(name), dtype_of<T>(), shape);
    std::size_t offset = 0;
    for (std::size_t sequence = 0; sequence < view.batch; ++sequence) {
        for (std::size_t head = 0; head < view.heads; ++head) {
            if (!is_chosen(heads, head)) continue;
            const MatrixView<const T> matrix = view.head(sequence, head);
            for (std::size_t row = 0; row < matrix.rows; ++row, offset += matrix.columns) {
                file.write(offset, matrix.row(row));
            }
        }
    }
    file.close();
}

template class LayerArraySink<float>;
template class LayerArraySink<double>;

}  // namespace attn::results
