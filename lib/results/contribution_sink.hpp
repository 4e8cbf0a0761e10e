// Writes what the values add, layer by layer: value_weighted, norms, layer_norms, contributions and
// mixing_ratio (see analysis/contributions.hpp).
#pragma once

#include "analysis/kept_weights.hpp"
#include "attention/sink.hpp"
#include "io/output_folder.hpp"
#include "results/outputs.hpp"

namespace attn::results {

template <class T>
class ContributionSink : public Sink<T> {
  public:
    // `own_norm`: the norm behind the residual where the user names one, else NormKind::none.
    ContributionSink(io::OutputFolder& folder, const SaveChoice& choice, bool batch_axis,
                     KvOrder order, Norm<T> own_norm);

    Needs needs() const override { return needs_surroundings(); }
    // Throws Error where the weights of a layer are larger than the memory, and for sums over heads
    // that are not all there.
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override { kept_.keep(tile); }
    // Throws Error for contributions without a residual that fits.
    void end_layer(const LayerOutputs<T>& outputs) override;

  private:
    io::OutputFolder& folder_;
    SaveChoice choice_;
    bool batch_axis_;
    KvOrder order_;
    Norm<T> own_norm_;
    analysis::KeptWeights<T> kept_;
};

}  // namespace attn::results
