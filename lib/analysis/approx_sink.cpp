#include "analysis/approx_sink.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "analysis/dealt_contexts.hpp"
#include "analysis/gradient_norms.hpp"
#include "analysis/sound_tile.hpp"
#include "analysis/tile_measures.hpp"
#include "attention/approx/cost.hpp"
#include "attention/divided_layer.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {

template <class T>
ApproxSink<T>::ApproxSink(std::vector<ApproxMethod> methods, ApproxOptions<T> options)
    : methods_(std::move(methods)), options_(std::move(options)) {}

template <class T>
ApproxSink<T>::~ApproxSink() = default;

template <class T>
Needs ApproxSink<T>::needs() const {
    Needs needs = needs_projections();
    needs.scores = needs.row_sums =
        std::any_of(methods_.begin(), methods_.end(),
                    [](const ApproxMethod& method) { return method.measures_cells(); });
    return needs;
}

template <class T>
void ApproxSink<T>::begin_projections(const ProjectionInputs<T>& projections) {
    projections_ = projections;
}

template <class T>
void ApproxSink<T>::begin_options(const AttentionOptions<T>& options) {
    attention_ = options;
}

template <class T>
void ApproxSink<T>::begin_inputs(const LayerInputs<T>& inputs) {
    inputs_ = inputs;
}

template <class T>
bool ApproxSink<T>::drops_heads() const {
    return std::any_of(methods_.begin(), methods_.end(),
                       [](const ApproxMethod& method) { return method.drops_heads(); });
}

template <class T>
bool ApproxSink<T>::keeps_contexts() const {
    return (has_output() || (has_contexts() && drops_heads())) && !shape_.chosen_heads &&
           !shape_.chosen_sequences;
}

template <class T>
void ApproxSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    layer_ = std::make_unique<ApproxLayer<T>>(methods_, shape_, inputs_, attention_,
                                              projections_ ? &*projections_ : nullptr, division_);
    blocks_.assign(shape.slots() * methods_.size() * shape.blocks(), ErrorSums{});
    slots_.assign(shape.slots() * methods_.size(), HeadApproximation{});
    exact_slots_.assign(shape.slots(), ExactCost{});
    contexts_.clear();
    differences_.assign(methods_.size(), {});
    slot_values_.assign(shape.slots() * methods_.size(), {});
    mean_errors_.assign(shape.sequences * methods_.size(), kNoMeasure);
    if (keeps_contexts()) {
        const std::size_t size = shape.sequences * shape.queries * shape.heads * width();
        contexts_.assign(size, T{0});
        for (auto& difference : differences_) difference.assign(has_output() ? size : 0, T{0});
    }
    if (inputs_.task || options_.values.empty()) return;
    const Array<T>& values = options_.values;
    values_ = std::make_unique<Panels<T>>(kernels<T>(), shape.sequences * shape.heads, shape.keys,
                                          values.extent(3));
    for (std::size_t i = 0; i < shape.sequences * shape.heads; ++i)
        values_->pack(i, values.slice(i / shape.heads).slice(i % shape.heads).matrix());
}

namespace {

// Puts the rows of a tile where they belong.
template <class T>
class TileSlots : public TileResults<T> {
  public:
    struct Places {
        ErrorSums* sums;  // of method 0; those of the next one are `stride` behind
        std::size_t stride;
        T* context;              // row 0 of the head, or null
        std::vector<T*> others;  // differences of each method, where W_O wants to know
        std::size_t row_stride;
    };
    explicit TileSlots(Places places) : places_(std::move(places)) {}

    void add(std::size_t method, const RowError& row) override {
        places_.sums[method * places_.stride].add(row);
    }
    void add_context(std::size_t method, std::size_t query, Span<const T> exact,
                     Span<const T> implied) override {
        if (!places_.context) return;
        T* const context = places_.context + query * places_.row_stride;
        std::copy(exact.begin(), exact.end(), context);
        if (places_.others.empty()) return;
        T* const difference = places_.others[method] + query * places_.row_stride;
        for (std::size_t i = 0; i < exact.size(); ++i) difference[i] = implied[i] - exact[i];
    }

  private:
    Places places_;
};

}  // namespace

template <class T>
void ApproxSink<T>::consume(const Tile<T>& tile) {
    require_sound_tile(tile, shape_);
    HeadValues<T> values;
    if (inputs_.task) {
        const AttentionInputs<T>& from = inputs_.task->inputs;
        const std::size_t kv = kv_head_of(tile.head, from.q.heads, from.k.heads, from.kv_order);
        values = {&inputs_.task->packed.values(), inputs_.task->packed.matrix(tile.sequence, kv),
                  from.v.head(tile.sequence, kv)};
    } else if (values_) {
        values = {values_.get(), tile.sequence * shape_.heads + tile.head,
                  options_.values.slice(tile.sequence).slice(tile.head).matrix()};
    }
    const std::size_t slot = shape_.slot(tile.sequence, tile.head);
    typename TileSlots<T>::Places places;
    places.sums = &blocks_[slot * methods_.size() * shape_.blocks() + tile.block(shape_)];
    places.stride = shape_.blocks();
    places.context = nullptr;
    places.row_stride = shape_.heads * width();
    if (!contexts_.empty()) {
        const std::size_t start = row_of(tile.sequence, tile.head, 0);
        places.context = contexts_.data() + start;
        for (auto& difference : differences_)
            if (!difference.empty()) places.others.push_back(difference.data() + start);
    }
    TileSlots<T> results(std::move(places));
    measure_tile<T>({methods_, *layer_, shape_, values, inputs_.task != nullptr, options_.top_keys},
                    tile, results);
}

template <class T>
approx::CostInputs ApproxSink<T>::cost_inputs(std::size_t sequence, const ErrorSums& sums) const {
    approx::CostInputs inputs;
    inputs.sizes = layer_->sizes(sequence);
    inputs.causal = layer_->causal();
    inputs.element_bytes = options_.element_bytes;
    inputs.cells = sums.cells();
    inputs.kept_cells = sums.kept();
    inputs.allowed_last = sums.last_cells();
    inputs.kept_last = sums.last_kept();
    return inputs;
}

template <class T>
void ApproxSink<T>::add_costs(std::size_t slot, std::size_t sequence, std::size_t method,
                              HeadApproximation& head) const {
    const approx::MethodRow& row = methods_[method].row();
    if (!row.cost || !inputs_.task) return;
    approx::CostInputs inputs = cost_inputs(sequence, head.sums);
    const ReadyMethod& ready = layer_->ready(slot, method);
    if (ready.kept) {
        inputs.scored = ready.kept->scored();
        inputs.scored_last = ready.kept->scored_last();
    }
    const approx::Cost exact = approx::exact_cost(inputs);
    const approx::Cost cost =
        methods_[method].parts.size() > 1
            ? approx::sparse_cost(inputs)
            : row.cost(methods_[method].options_of(head.layer, sequence, head.head), inputs);
    const auto ratio = [](std::uint64_t a, std::uint64_t b) {
        return b == 0 ? kNoMeasure : static_cast<double>(a) / static_cast<double>(b);
    };
    ApproxMeasures& measures = head.measures;
    measures.flops = static_cast<double>(cost.flops);
    measures.exact_flops = static_cast<double>(exact.flops);
    measures.kept_bytes = static_cast<double>(cost.kept_bytes);
    measures.read_bytes = static_cast<double>(cost.read_bytes);
    measures.flops_ratio = ratio(cost.flops, exact.flops);
    measures.kept_ratio = ratio(cost.kept_bytes, exact.kept_bytes);
    measures.read_ratio = ratio(cost.read_bytes, exact.read_bytes);
}

// The first method is exact attention, whose rows are all measured.
template <class T>
ExactCost ApproxSink<T>::exact_cost_of(std::size_t slot, std::size_t sequence) const {
    const approx::CostInputs inputs = cost_inputs(sequence, slots_[slot * methods_.size()].sums);
    std::vector<std::uint64_t> tile_keys;
    for (std::size_t block = 0; block < shape_.blocks(); ++block)
        tile_keys.push_back(
            inputs_.mask->allowed(sequence, block * shape_.block_rows, shape_.rows_of_block(block))
                .end);
    const approx::IoBytes bytes = approx::exact_io(inputs, tile_keys);
    return {approx::exact_cost(inputs).flops, bytes.standard, bytes.tiled};
}

template <class T>
void ApproxSink<T>::end_head(std::size_t sequence, std::size_t head) {
    const std::size_t slot = shape_.slot(sequence, head);
    for (std::size_t method = 0; method < methods_.size(); ++method) {
        HeadApproximation& result = slots_[slot * methods_.size() + method];
        result.layer = shape_.layer;
        result.sequence = sequence;
        result.head = shape_.number_of(head);
        result.method = method;
        for (std::size_t block = 0; block < shape_.blocks(); ++block)
            result.sums.add(blocks_[(slot * methods_.size() + method) * shape_.blocks() + block]);
        const approx::MethodRow& row = methods_[method].row();
        result.measures = result.sums.measures(row.kept_keys && row.counts_cells);
        add_costs(slot, sequence, method, result);
        const std::optional<approx::Factors>& factors = layer_->ready(slot, method).factors;
        if (!factors) continue;
        result.measures.pinv_residual = factors->residual.value_or(kNoMeasure);
        slot_values_[slot * methods_.size() + method] = factors->singular_values;
    }
    exact_slots_[slot] = exact_cost_of(slot, sequence);
}

template <class T>
void ApproxSink<T>::save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const {
    const std::size_t slot = shape_.slot(sequence, head);
    to.put_values(&slots_[slot * methods_.size()], methods_.size());
    to.put(exact_slots_[slot]);
    for (std::size_t method = 0; method < methods_.size(); ++method)
        to.put(slot_values_[slot * methods_.size() + method]);
}

template <class T>
void ApproxSink<T>::restore_head(std::size_t sequence, std::size_t head, ByteReader& from) {
    const std::size_t slot = shape_.slot(sequence, head);
    from.take_values(&slots_[slot * methods_.size()], methods_.size());
    from.take(exact_slots_[slot]);
    for (std::size_t method = 0; method < methods_.size(); ++method)
        from.take(slot_values_[slot * methods_.size() + method]);
}

template <class T>
void ApproxSink<T>::end_heads() {
    const ProductOwners owners = own_products(division_, shape_.heads, methods_.size());
    // What heads put out is looked at by all.
    const bool all_look = drops_heads() || options_.needs;
    deal_contexts(division_, shape_, owners, all_look, contexts_, differences_);
    const Array<T> W_O = output_matrix();
    if (drops_heads()) {
        for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence)
            if (is_chosen(shape_.chosen_sequences, sequence)) drop_heads(sequence, W_O);
    }
    if (options_.needs) find_all_needs(W_O);
    if (contexts_.empty() || W_O.empty()) return;
    const Shape shape{shape_.sequences, shape_.queries, shape_.heads * shape_.d_value};
    outputs_ = measure_outputs<T>({contexts_, differences_, shape, shape_.heads}, W_O, owners,
                                  division_.ranks);
}

// [queries, heads * width()].
template <class T>
std::vector<T> ApproxSink<T>::contexts_of(std::size_t sequence) const {
    const std::size_t size = shape_.queries * shape_.heads * width();
    const auto first = contexts_.begin() + static_cast<std::ptrdiff_t>(sequence * size);
    return std::vector<T>(first, first + static_cast<std::ptrdiff_t>(size));
}

// [heads * d_value, d_model]; empty where there is none, or nothing goes through it.
template <class T>
Array<T> ApproxSink<T>::output_matrix() const {
    const bool is_target = options_.needs && options_.needs->measure == NeedsMeasure::output;
    if (!has_output() || (contexts_.empty() && !is_target)) return {};
    return in_out_weights(*projections_->weights);
}

// The squared outputs of the heads of a sequence, with W_O or as they stand side by side.
template <class T>
std::vector<double> ApproxSink<T>::output_squares(std::size_t sequence, const Array<T>& W_O,
                                                  double& all) const {
    if (!contexts_.empty()) {
        const std::vector<T> own = contexts_of(sequence);
        all = squares_of_all(own, shape_.queries, W_O);
        return squares_of_heads(own, shape_.queries, shape_.heads, W_O);
    }
    std::vector<double> squares(shape_.heads);
    all = 0;
    for (std::size_t head = 0; head < shape_.heads; ++head) {
        if (!shape_.streams(sequence, head)) continue;
        squares[head] =
            slots_[shape_.slot(sequence, head) * methods_.size()].sums.context_squares();
        all += squares[head];
    }
    return squares;
}

// The heads that put out least, or mean least to the gradient, are dropped first, of equal ones the
// lower.
template <class T>
std::vector<std::size_t> ApproxSink<T>::dropped_heads(std::size_t sequence,
                                                      const ApproxMethod& method,
                                                      const std::vector<double>& squares) const {
    const approx::Options& options = method.options();
    std::vector<std::size_t> order;
    for (std::size_t head = 0; head < shape_.heads; ++head) {
        if (shape_.streams(sequence, head)) order.push_back(head);
    }
    const auto importance = [&](std::size_t head) {
        return options.word("by") == "grad"
                   ? options_.importance.at({shape_.layer, sequence, shape_.number_of(head)})
                   : squares[head];
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return importance(a) < importance(b); });
    const std::size_t most = order.size();
    order.resize(options.has("keep")
                     ? most - std::min(most, options.whole("keep"))
                     : static_cast<std::size_t>(options.real("share") * static_cast<double>(most)));
    return order;
}

// All heads were measured as if they were gone; those that stay are as exact attention has them.
template <class T>
void ApproxSink<T>::drop_heads(std::size_t sequence, const Array<T>& W_O) {
    double all = 0;
    const std::vector<double> squares = output_squares(sequence, W_O, all);
    // What is left of each head where its mean stands in its place.
    std::vector<T> varying;
    std::vector<double> left;
    if (!contexts_.empty()) {
        varying = less_means(contexts_of(sequence), shape_.heads * width());
        left = squares_of_heads(varying, shape_.queries, shape_.heads, W_O);
    }
    for (std::size_t method = 0; method < methods_.size(); ++method) {
        if (!methods_[method].drops_heads()) continue;
        const auto dropped = dropped_heads(sequence, methods_[method], squares);
        std::vector<T> of_dropped = varying;
        for (std::size_t head = 0; head < shape_.heads; ++head) {
            if (!shape_.streams(sequence, head)) continue;
            const bool kept = std::find(dropped.begin(), dropped.end(), head) == dropped.end();
            if (kept) keep_head(sequence, head, method);
            if (contexts_.empty()) continue;
            ApproxMeasures& measures =
                slots_[shape_.slot(sequence, head) * methods_.size() + method].measures;
            measures.output_share = relative_error(squares[head], all);
            measures.mean_error = relative_error(left[head], all);
            for (std::size_t query = 0; kept && query < shape_.queries; ++query)
                std::fill_n(of_dropped.data() + row_of(0, head, query), width(), T{0});
        }
        if (!contexts_.empty())
            mean_errors_[sequence * methods_.size() + method] =
                relative_error(squares_of_all(of_dropped, shape_.queries, W_O), all);
    }
}

template <class T>
void ApproxSink<T>::keep_head(std::size_t sequence, std::size_t head, std::size_t method) {
    const std::size_t first = shape_.slot(sequence, head) * methods_.size();
    slots_[first + method] = slots_[first];
    slots_[first + method].method = method;
    if (differences_[method].empty()) return;
    const std::size_t columns = shape_.heads * width();
    for (std::size_t query = 0; query < shape_.queries; ++query) {
        T* const row = differences_[method].data() + (sequence * shape_.queries + query) * columns +
                       head * shape_.d_value;
        std::fill(row, row + shape_.d_value, T{0});
    }
}

template <class T>
void ApproxSink<T>::find_all_needs(const Array<T>& W_O) {
    std::vector<NeedsOfHead> found(shape_.slots());
    for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence) {
        if (!is_chosen(shape_.chosen_sequences, sequence)) continue;
        double all = 0;
        const std::vector<double> squares = output_squares(sequence, W_O, all);
        parallel_for(shape_.heads, [&](std::size_t head) {
            if (shape_.streams(sequence, head) && division_.is_mine(sequence, head))
                found[shape_.slot(sequence, head)] =
                    needs_of_head(sequence, head, W_O, squares[head], all);
        });
    }
    exchange_heads(
        division_, shape_,
        [&](std::size_t sequence, std::size_t head, ByteWriter& to) {
            put_needs(found[shape_.slot(sequence, head)].needs, to);
        },
        [&](std::size_t sequence, std::size_t head, ByteReader& from) {
            NeedsOfHead& one = found[shape_.slot(sequence, head)];
            one = {shape_.layer, sequence, shape_.number_of(head), {}};
            take_needs(one.needs, from);
        });
    std::move(found.begin(), found.end(), std::back_inserter(needs_found_));
}

template <class T>
NeedsOfHead ApproxSink<T>::needs_of_head(std::size_t sequence, std::size_t head,
                                         const Array<T>& W_O, double squares, double all) const {
    const std::unique_ptr<HeldHead> held = layer_->hold(sequence, head);
    if (values_) {
        held->v = Matrix<double>(shape_.keys, options_.values.extent(3));
        const Array<T> values = options_.values.slice(sequence).slice(head);
        std::copy(values.values().begin(), values.values().end(), held->v.values.begin());
        held->input.v = held->v.view();
    }
    NeedsTarget target = *options_.needs;
    if (has_contexts()) target.output_share = all > 0 ? std::sqrt(squares / all) : 0;
    if (target.measure == NeedsMeasure::output) {
        const Array<T> own = W_O.rows(head * shape_.d_value, shape_.d_value);
        Matrix<double> through(shape_.d_value, own.extent(1));
        std::copy(own.values().begin(), own.values().end(), through.values.begin());
        target.through = std::move(through);
        target.norm = std::sqrt(all);
    }
    const RecomputeRows recompute = [&](const approx::ChangedInputs& changed) {
        return layer_->recompute(sequence, head, *held, changed);
    };
    return {shape_.layer, sequence, shape_.number_of(head),
            find_needs(held->input, target, inputs_.task ? recompute : RecomputeRows())};
}

template <class T>
void ApproxSink<T>::tell_outputs() {
    const double* error = outputs_.errors.data();
    for (std::size_t method = 0; method < methods_.size(); ++method) {
        for (std::size_t head = 0; head < shape_.heads; ++head, ++error) {
            for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence) {
                const std::size_t slot = shape_.slot(sequence, head);
                slots_[slot * methods_.size() + method].measures.output_error =
                    relative_error(*error, outputs_.exact);
            }
        }
        for (LayerApproximation& layer : layers_) {
            if (layer.layer == shape_.layer && layer.method == method)
                layer.measures.output_error = relative_error(*error, outputs_.exact);
        }
        ++error;
    }
}

template <class T>
void ApproxSink<T>::end_layer(const LayerOutputs<T>&) {
    const std::size_t heads = shape_.heads_streamed();
    for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence) {
        if (!is_chosen(shape_.chosen_sequences, sequence)) continue;
        std::size_t first = 0;
        while (!shape_.streams(sequence, first)) ++first;
        const std::size_t slot = shape_.slot(sequence, first);
        for (std::size_t method = 0; method < methods_.size(); ++method) {
            std::vector<const ErrorSums*> sums;
            std::vector<const ApproxMeasures*> measures;
            for (std::size_t i = 0; i < heads; ++i) {
                const HeadApproximation& head = slots_[(slot + i) * methods_.size() + method];
                sums.push_back(&head.sums);
                measures.push_back(&head.measures);
            }
            LayerApproximation layer{shape_.layer, sequence, method, {}, 0, 0};
            layer.measures = pooled_measures(sums, measures, layer.worst_head, layer.min_head);
            const auto number = [&](std::size_t i) {
                return slots_[(slot + i) * methods_.size() + method].head;
            };
            layer.measures.mean_error = mean_errors_[sequence * methods_.size() + method];
            layer.worst_head = number(layer.worst_head);
            layer.min_head = number(layer.min_head);
            layers_.push_back(layer);
        }
    }
    if (!contexts_.empty() && has_output()) tell_outputs();
    for (std::size_t method = 0; method < methods_.size(); ++method) {
        for (std::size_t slot = 0; slot < shape_.slots(); ++slot) {
            heads_.push_back(slots_[slot * methods_.size() + method]);
            singular_values_.push_back(std::move(slot_values_[slot * methods_.size() + method]));
        }
    }
    for (const ExactCost& slot : exact_slots_) {
        exact_.flops += slot.flops;
        exact_.bytes_standard += slot.bytes_standard;
        exact_.bytes_tiled += slot.bytes_tiled;
    }
    layer_.reset();
    projections_.reset();
    contexts_.clear();
    differences_.clear();
}

template class ApproxSink<float>;
template class ApproxSink<double>;

}  // namespace attn::analysis
