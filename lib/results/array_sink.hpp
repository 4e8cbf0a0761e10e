// Writes scores, weights and contexts into .npy files of an output folder while they stream by.
#pragma once

#include <memory>
#include <vector>

#include "attention/ranks_sink.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"

namespace attn::results {

struct ArrayChoice {
    bool scores = false;
    bool weights = false;
    bool context = false;
    bool logsumexp = false;
};

template <class T>
class ArraySink : public Sink<T>, public JoiningSink<T> {
  public:
    // The files have a batch axis iff `batch_axis`.
    ArraySink(io::OutputFolder& folder, ArrayChoice choice, bool batch_axis);

    Needs needs() const override;
    bool takes_rows() const override { return true; }
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_tiles() override;

  private:
    io::OutputFolder& folder_;
    ArrayChoice choice_;
    bool batch_axis_;
    LayerShape shape_;
    std::unique_ptr<io::NpyWriter> scores_;
    std::unique_ptr<io::NpyWriter> weights_;
    std::unique_ptr<io::NpyWriter> context_;
    std::unique_ptr<io::NpyWriter> logsumexp_;

    std::unique_ptr<io::NpyWriter> create(const std::string& name, const Shape& of_row);
    void write_cells(const io::NpyWriter& file, MatrixView<const T> cells, const Tile<T>& tile,
                     T masked) const;
    void write_context(const Tile<T>& tile) const;
    std::size_t row_index(const Tile<T>& tile) const;
};

}  // namespace attn::results
