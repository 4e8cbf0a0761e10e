// Writes scores, weights and contexts into .npy files of an output folder while they stream by.
#pragma once

#include <memory>
#include <vector>

#include "attention/sink.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"

namespace attn::pipeline {

struct ArrayChoice {
    bool scores = false;
    bool weights = false;
    bool context = false;
    bool logsumexp = false;
};

template <class T>
class ArraySink : public Sink<T> {
  public:
    // Writes the heads of `heads`, in that order. The files have a batch axis iff `batch_axis`.
    ArraySink(io::OutputFolder& folder, ArrayChoice choice, std::vector<std::size_t> heads,
              bool batch_axis);

    bool wants_scores() const override { return choice_.scores; }
    bool wants_row_sums() const override { return choice_.logsumexp; }
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_layer() override;

  private:
    io::OutputFolder& folder_;
    ArrayChoice choice_;
    std::vector<std::size_t> heads_;
    bool batch_axis_;
    LayerShape shape_;
    std::unique_ptr<io::NpyWriter> scores_;
    std::unique_ptr<io::NpyWriter> weights_;
    std::unique_ptr<io::NpyWriter> context_;
    std::unique_ptr<io::NpyWriter> logsumexp_;

    std::unique_ptr<io::NpyWriter> create(const std::string& name, const Shape& of_row);
    void write_cells(const io::NpyWriter& file, MatrixView<const T> cells, const Tile<T>& tile,
                     std::size_t slot, T masked) const;
    void write_context(const Tile<T>& tile, std::size_t slot) const;
    std::size_t row_index(const Tile<T>& tile, std::size_t slot) const;
};

}  // namespace attn::pipeline
