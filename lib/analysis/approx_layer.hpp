// The methods of one run, made ready for the heads of one layer: what each of them keeps, factors
// or changes, and the exact rows that some of them want to see first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/head_numbers.hpp"
#include "attention/approx/method.hpp"
#include "attention/division.hpp"
#include "attention/input_sink.hpp"
#include "attention/layer.hpp"
#include "attention/packed_heads.hpp"
#include "attention/tile_computation.hpp"
#include "core/matrix.hpp"

namespace attn::analysis {

// A method with all its options; several parts are masks that are OR-ed.
struct ApproxMethod {
    struct Part {
        const approx::MethodRow* row = nullptr;
        approx::Options options;
    };
    std::string text;  // "local:window=32"
    std::vector<Part> parts;
    std::shared_ptr<const HeadNumbers> budgets =
        nullptr;  // main options of a method that runs heads alone

    // Whether its measures are made cell by cell, from ln w.
    bool measures_cells() const {
        return !row().kept_keys || row().name == "span" || row().name == "hyper";
    }
    // Whether it takes heads away, and leaves the others as they are.
    bool drops_heads() const { return row().group == approx::Group::heads; }
    const approx::MethodRow& row() const { return *parts.front().row; }
    const approx::Options& options() const { return parts.front().options; }
    // With the head's own budget, where it has one. Everything is called by its number.
    approx::Options options_of(std::size_t layer, std::size_t sequence, std::size_t head) const;
};

// Queries, keys and values of all heads of a layer, changed by one method.
template <class T>
struct ChangedLayer {
    LayerResult<T> heads;
    AttentionInputs<T> inputs;
    std::unique_ptr<PackedHeads<T>> packed;
    std::unique_ptr<LayerTask<T>> task;
};

// One method on one head; what the method does not have stays empty.
struct ReadyMethod {
    std::unique_ptr<approx::KeptKeys> kept;
    std::optional<approx::Factors> factors;
    std::optional<approx::ChangedInputs> changed;  // until the layer is put together
};

// A head as methods see it, with what it shows.
struct HeldHead {
    Matrix<double> q, k, v;
    approx::HeadInput input;
};

template <class T>
class ApproxLayer {
  public:
    // Makes all methods ready, heads side by side; of a divided layer the heads of this process,
    // and all processes make it at once. What the arguments show must outlive this.
    ApproxLayer(const std::vector<ApproxMethod>& methods, const LayerShape& shape,
                const LayerInputs<T>& inputs, const AttentionOptions<T>& options,
                const ProjectionInputs<T>* projections, const Division& division);
    ~ApproxLayer();

    // By place in the share.
    const ReadyMethod& ready(std::size_t slot, std::size_t method) const {
        return ready_[slot * methods_.size() + method];
    }
    // The changed inputs of methods that change them, else null.
    const ChangedLayer<T>* changed(std::size_t method) const { return changed_[method].get(); }

    // The head in float64, while this layer lives.
    std::unique_ptr<HeldHead> hold(std::size_t sequence, std::size_t head) const;
    // The exact weights of other queries and keys of the head; of computed attention only.
    std::unique_ptr<approx::ExactRows> recompute(std::size_t sequence, std::size_t head,
                                                 const HeldHead& held,
                                                 const approx::ChangedInputs& changed) const;

    approx::Sizes sizes(std::size_t sequence) const;
    bool causal() const { return options_.mask.structure.causal; }
    bool extra_logit() const { return inputs_.task && !inputs_.task->inputs.sinks.empty(); }

  private:
    bool is_ready_here(std::size_t sequence, std::size_t head) const {
        return shape_.streams(sequence, head) && division_.is_mine(sequence, head);
    }
    void make_ready(std::size_t sequence, std::size_t head);
    Heads<T> joined(std::size_t method, Matrix<double> approx::ChangedInputs::*matrix) const;
    void put_together(std::size_t method);
    void project_anew(std::size_t method);
    void start(ChangedLayer<T>& layer) const;

    const std::vector<ApproxMethod>& methods_;
    const LayerShape& shape_;
    const LayerInputs<T>& inputs_;
    const AttentionOptions<T>& options_;
    const ProjectionInputs<T>* projections_;
    const Division& division_;
    std::vector<std::unique_ptr<approx::ExactRows>> rows_;  // of every sequence and head
    std::vector<ReadyMethod> ready_;
    std::vector<std::unique_ptr<ChangedLayer<T>>> changed_;
};

}  // namespace attn::analysis
