#include "results/received_sink.hpp"

#include "io/npy_writer.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {

template <class T>
void ReceivedSink<T>::end_layer(const LayerOutputs<T>& outputs) {
    const std::vector<std::vector<double>>& received = stats_.received();
    std::vector<T> values;
    for (auto head = received.end() - static_cast<std::ptrdiff_t>(shape_.slots());
         head != received.end(); ++head) {
        for (const double value : *head) values.push_back(static_cast<T>(value));
    }
    Shape shape{shape_.heads_streamed(), shape_.keys};
    if (batch_axis_) shape.insert(shape.begin(), shape_.sequences_streamed());
    io::NpyWriter file(folder_.stage(array_file(outputs.layer, "received")), dtype_of<T>(), shape);
    file.write(0, Span<const T>(values));
    file.close();
}

template class ReceivedSink<float>;
template class ReceivedSink<double>;

}  // namespace attn::results
