#include "results/contribution_sink.hpp"

#include <map>
#include <memory>

#include "core/error.hpp"
#include "io/npy_writer.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {
namespace {

// The parts of one array of a layer, written one after another.
template <class T>
class PartWriter {
  public:
    PartWriter(io::OutputFolder& folder, std::size_t layer, const char* name, const Shape& shape)
        : file_(folder.stage(array_file(layer, name)), dtype_of<T>(), shape) {}

    void write(const std::vector<T>& values) {
        file_.write(written_, Span<const T>(values));
        written_ += values.size();
    }
    void close() { file_.close(); }

  private:
    io::NpyWriter file_;
    std::size_t written_ = 0;
};

// Everything that was asked for of a layer.
template <class T>
class LayerFiles {
  public:
    LayerFiles(io::OutputFolder& folder, const SaveChoice& choice, const LayerShape& shape,
               bool batch_axis) {
        const ArraySizes sizes{shape.heads_streamed(), 0, shape.queries, shape.keys, 0,
                               shape.d_value,          0};
        for (const Output& output : contribution_outputs()) {
            if (!(choice.*output.chosen)) continue;
            Shape array = output.arrays.front().shape(sizes);
            if (batch_axis) array.insert(array.begin(), shape.sequences_streamed());
            files_[output.name] =
                std::make_unique<PartWriter<T>>(folder, shape.layer, output.name, array);
        }
    }

    bool has(const char* name) const { return files_.count(name) != 0; }
    void write(const char* name, const std::vector<T>& values) { files_.at(name)->write(values); }
    // The weights of a head, each times the length of its key's vector.
    void write_weighted(const char* name, MatrixView<const T> weights,
                        const std::vector<double>& lengths) {
        if (has(name)) write(name, analysis::weighted_lengths<T>(weights, lengths).values);
    }
    void close() {
        for (auto& [name, file] : files_) file->close();
    }

  private:
    std::map<std::string, std::unique_ptr<PartWriter<T>>> files_;
};

}  // namespace

template <class T>
ContributionSink<T>::ContributionSink(io::OutputFolder& folder, const SaveChoice& choice,
                                      bool batch_axis, KvOrder order, Norm<T> own_norm)
    : folder_(folder),
      choice_(choice),
      batch_axis_(batch_axis),
      order_(order),
      own_norm_(std::move(own_norm)) {}

template <class T>
void ContributionSink<T>::begin_layer(const LayerShape& shape) {
    const bool of_all_heads = choice_.layer_norms || choice_.contributions || choice_.mixing_ratio;
    if (of_all_heads && shape.heads_streamed() < shape.heads)
        fail(
            "--save layer_norms, contributions, mixing_ratio: are sums over all heads; leave out "
            "--head");
    kept_.begin_layer(shape, "what the values add");
}

template <class T>
void ContributionSink<T>::end_layer(const LayerOutputs<T>& outputs) {
    const Array<T> W_O = analysis::output_matrix(outputs);
    const char* const flag = choice_.contributions ? "--save contributions" : "--save mixing_ratio";
    LayerFiles<T> files(folder_, choice_, kept_.shape(), batch_axis_);
    for (const std::size_t sequence : kept_.sequences()) {
        const analysis::LayerValues<T> layer = kept_.values(outputs, sequence, order_, W_O);
        std::vector<Matrix<double>> given;
        for (std::size_t head = 0; head < layer.heads(); ++head) {
            given.push_back(analysis::given_vectors(layer, head));
            const MatrixView<const T> weights = layer.weights[head];
            files.write_weighted("value_weighted", weights, analysis::lengths(layer.values[head]));
            files.write_weighted("norms", weights, analysis::lengths<double>(given.back().view()));
        }
        if (files.has("layer_norms"))
            files.write("layer_norms", analysis::layer_lengths(layer, given).values);
        if (!choice_.contributions && !choice_.mixing_ratio) continue;
        analysis::Surroundings<T> around =
            analysis::surroundings_of(outputs, kept_.shape(), sequence, layer.d_model(), flag);
        if (own_norm_.kind != NormKind::none) around.after_sum = own_norm_;
        const auto tokens = analysis::token_contributions(layer, given, around);
        if (files.has("contributions")) files.write("contributions", tokens.shares.values);
        if (files.has("mixing_ratio")) files.write("mixing_ratio", tokens.mixing_ratio);
    }
    files.close();
}

template class ContributionSink<float>;
template class ContributionSink<double>;

}  // namespace attn::results
