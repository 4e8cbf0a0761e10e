// Writes gradients into .npy files of an output folder: those of scores and weights while they
// stream by, the others when a layer is complete.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "attention/layer_backward.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"
#include "results/array_files.hpp"
#include "results/gradient_outputs.hpp"

namespace attn::results {

// What a layer has given, and the shapes in which its inputs were saved.
template <class T>
struct GradientArrays {
    std::size_t layer = 0;
    const Array<T>* x = nullptr;  // of the block's input; null: there is none
    const LayerGradients<T>* gradients = nullptr;
    std::map<std::string, Shape> shapes;  // of W_Q …, "bias", where they differ from ours
};

template <class T>
class GradientArraySink : public GradientSink<T> {
  public:
    // The files have a batch axis iff `batch_axis`. `whole`: also writes what all ranks know, as
    // one of them does.
    GradientArraySink(io::OutputFolder& folder, const GradientChoice& choice, bool batch_axis,
                      bool whole = true)
        : folder_(folder),
          files_(folder, batch_axis),
          choice_(choice),
          batch_axis_(batch_axis),
          whole_(whole) {}

    bool needs_cells() const override { return choice_.cells() && wanted_; }
    void begin_layer(const LayerShape& shape) override;
    void consume(const GradientTile<T>& tile) override;

    // Whether the arrays of the next layer are written.
    void want(bool wanted) { wanted_ = wanted; }
    void end_layer(const GradientArrays<T>& arrays);
    void write_final_hidden(const Array<T>& gradient);

  private:
    io::OutputFolder& folder_;
    ArrayFiles<T> files_;
    GradientChoice choice_;
    bool batch_axis_;
    bool whole_;
    bool wanted_ = true;
    LayerShape shape_;
    std::unique_ptr<io::NpyWriter> scores_;
    std::unique_ptr<io::NpyWriter> weights_;

    std::unique_ptr<io::NpyWriter> create_cells(const std::string& name);
    void write_cells(const io::NpyWriter& file, MatrixView<const T> cells,
                     const Tile<T>& tile) const;
    void write_projections(const GradientArrays<T>& arrays) const;
    void write_attention(const GradientArrays<T>& arrays) const;
};

}  // namespace attn::results
