// Writes what stands around the tiles of a layer into .npy files: queries, keys, values, outputs,
// hidden states, and what the model makes of the last.
#pragma once

#include "attention/layer.hpp"
#include "attention/ranks_sink.hpp"
#include "io/output_folder.hpp"
#include "results/array_files.hpp"
#include "results/outputs.hpp"

namespace attn::results {

template <class T>
class LayerArraySink : public Sink<T>, public JoiningSink<T> {
  public:
    // The files have a batch axis iff `batch_axis`. With `own` all that comes is of these tokens,
    // and no queries, keys and values are chosen.
    LayerArraySink(io::OutputFolder& folder, const SaveChoice& choice, bool batch_axis,
                   std::optional<OwnTokens> own = {});

    Needs needs() const override;
    void begin_layer(const LayerShape& shape) override { shape_ = shape; }
    void consume(const Tile<T>&) override {}
    bool takes_rows() const override { return true; }
    void end_layer(const LayerOutputs<T>& outputs) override;
    void end_model(const ModelOutputs<T>& outputs) override;

  private:
    ArrayFiles<T> files_;
    SaveChoice choice_;
    LayerShape shape_;
};

}  // namespace attn::results
