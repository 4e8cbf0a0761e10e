#include "results/layer_array_sink.hpp"

#include "model/embedding.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {

template <class T>
LayerArraySink<T>::LayerArraySink(io::OutputFolder& folder, const SaveChoice& choice,
                                  bool batch_axis, std::optional<OwnTokens> own)
    : files_(folder, batch_axis, own), choice_(choice) {}

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
    if (choice_.output) files_.write_batch(file("output"), attention.output);
    if (choice_.q) files_.write_heads(file("q"), attention.q.view, shape_.chosen_heads);
    if (choice_.k) files_.write_heads(file("k"), attention.k.view);
    if (choice_.v) files_.write_heads(file("v"), attention.v.view);
    if (choice_.present) {
        files_.write_heads(file("present_key"), attention.k.view);
        files_.write_heads(file("present_value"), attention.v.view);
    }
    if (choice_.hidden) files_.write_batch(file("hidden"), *outputs.hidden);
}

template <class T>
void LayerArraySink<T>::end_model(const ModelOutputs<T>& outputs) {
    if (choice_.hidden) files_.write_batch("final_hidden.npy", *outputs.hidden);
    if (choice_.logits) files_.write_batch("logits.npy", *outputs.logits);
    if (choice_.probs) files_.write_batch("probs.npy", model::probabilities(*outputs.logits));
}

template class LayerArraySink<float>;
template class LayerArraySink<double>;

}  // namespace attn::results
