// Packs the arrays of each layer into one file as soon as they are complete. Stands behind the
// sinks that write them.
#pragma once

#include "attention/ranks_sink.hpp"
#include "results/packed_arrays.hpp"

namespace attn::results {

template <class T>
class PackingSink : public Sink<T>, public JoiningSink<T> {
  public:
    PackingSink(io::OutputFolder& folder, ArrayFormat format) : folder_(folder), format_(format) {}

    void consume(const Tile<T>&) override {}
    bool takes_rows() const override { return true; }
    void end_layer(const LayerOutputs<T>& outputs) override {
        pack_arrays(folder_, layer_folder(outputs.layer), format_);
    }
    void end_model(const ModelOutputs<T>&) override { pack_arrays(folder_, "", format_); }

  private:
    io::OutputFolder& folder_;
    ArrayFormat format_;
};

}  // namespace attn::results
