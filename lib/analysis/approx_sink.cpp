#include "analysis/approx_sink.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "analysis/gradient_norms.hpp"
#include "analysis/tile_measures.hpp"
#include "attention/approx/cost.hpp"
#include "attention/divided_layer.hpp"
#include "core/error.hpp"
#include "core/number_word.hpp"
#include "core/parallel.hpp"
#include "kernels/kept_kernels.hpp"

namespace attn::analysis {

template <class T>
ApproxSink<T>::ApproxSink(std::vector<ApproxMethod> methods, ApproxOptions<T> options)
    : methods_(std::move(methods)), options_(std::move(options)) {}

template <class T>
ApproxSink<T>::~ApproxSink() = default;

template <class T>
Needs ApproxSink<T>::needs() const {
    Needs needs;
    needs.scores = needs.row_sums =
        std::any_of(methods_.begin(), methods_.end(),
                    [](const ApproxMethod& method) { return method.measures_cells(); });
    needs.projections = true;
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
bool ApproxSink<T>::keeps_contexts() const {
    return projections_ && !projections_->weights->W_O.empty() && !shape_.chosen_heads &&
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
    if (keeps_contexts()) {
        const std::size_t size = shape.sequences * shape.queries * shape.heads * shape.d_value;
        contexts_.assign(size, T{0});
        for (auto& difference : differences_) difference.assign(size, T{0});
    }
    if (inputs_.task || options_.values.empty()) return;
    const Array<T>& values = options_.values;
    values_ = std::make_unique<Panels<T>>(kernels<T>(), shape.sequences * shape.heads, shape.keys,
                                          values.extent(3));
    for (std::size_t i = 0; i < shape.sequences * shape.heads; ++i)
        values_->pack(i, values.slice(i / shape.heads).slice(i % shape.heads).matrix());
}

namespace {

// Saved attention may be anything, and what is computed from NaN is NaN: nothing is far from that,
// and nothing near it, so that every budget would seem to be enough.
template <class T>
void require_weights(const Tile<T>& tile, const LayerShape& shape) {
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        if (!tile.context.empty()) {
            const Span<const T> context = tile.context.row(row);
            // Squares that overflow say no more than that it is worth a look.
            const bool sound = std::isfinite(
                kept_kernels<T>().compare(context.data(), context.data(), context.size()).squares);
            const auto wrong = sound ? context.end()
                                     : std::find_if(context.begin(), context.end(),
                                                    [](T value) { return !std::isfinite(value); });
            if (wrong != context.end())
                fail("layer ", shape.layer, ", head ", shape.number_of(tile.head), ", query ",
                     tile.first_query + row, ": its context holds ",
                     std::isnan(*wrong) ? "NaN" : "an infinity",
                     ", which no approximation can be compared with");
        }
        const Span<const T> weights = tile.weights.row(row);
        const ScoreSums sums = kernels<T>().sum_scores(weights.data(), weights.size());
        const bool all = sums.count == static_cast<double>(weights.size());
        if (all && (weights.empty() || (sums.smallest >= 0 && std::isfinite(sums.largest))))
            continue;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            if (std::isfinite(weights[i]) && weights[i] >= 0) continue;
            fail("layer ", shape.layer, ", head ", shape.number_of(tile.head), ", query ",
                 tile.first_query + row, ", key ", tile.active.begin + i, ": is ",
                 word_of_number(static_cast<double>(weights[i])),
                 ", expected attention weights of 0 or more");
        }
    }
}

// Puts the rows of a tile where they belong.
template <class T>
class TileSlots : public TileResults<T> {
  public:
    struct Places {
        ErrorSums* sums;  // of method 0; those of the next one are `stride` behind
        std::size_t stride;
        T* context;              // row 0 of the head, or null
        std::vector<T*> others;  // differences of each method
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
        T* const difference = places_.others[method] + query * places_.row_stride;
        for (std::size_t i = 0; i < exact.size(); ++i) {
            context[i] = exact[i];
            difference[i] = implied[i] - exact[i];
        }
    }

  private:
    Places places_;
};

}  // namespace

template <class T>
void ApproxSink<T>::consume(const Tile<T>& tile) {
    require_weights(tile, shape_);
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
    places.row_stride = shape_.heads * shape_.d_value;
    if (!contexts_.empty()) {
        const std::size_t start = row_of(tile.sequence, tile.head, 0);
        places.context = contexts_.data() + start;
        for (auto& difference : differences_) places.others.push_back(difference.data() + start);
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
    }
    exact_slots_[slot] = exact_cost_of(slot, sequence);
}

template <class T>
void ApproxSink<T>::save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const {
    const std::size_t slot = shape_.slot(sequence, head);
    to.put_values(&slots_[slot * methods_.size()], methods_.size());
    to.put(exact_slots_[slot]);
    if (contexts_.empty()) return;
    for (std::size_t query = 0; query < shape_.queries; ++query) {
        const std::size_t row = row_of(sequence, head, query);
        to.put_values(&contexts_[row], shape_.d_value);
        for (const auto& difference : differences_) to.put_values(&difference[row], shape_.d_value);
    }
}

template <class T>
void ApproxSink<T>::restore_head(std::size_t sequence, std::size_t head, ByteReader& from) {
    const std::size_t slot = shape_.slot(sequence, head);
    from.take_values(&slots_[slot * methods_.size()], methods_.size());
    from.take(exact_slots_[slot]);
    if (contexts_.empty()) return;
    for (std::size_t query = 0; query < shape_.queries; ++query) {
        const std::size_t row = row_of(sequence, head, query);
        from.take_values(&contexts_[row], shape_.d_value);
        for (auto& difference : differences_) from.take_values(&difference[row], shape_.d_value);
    }
}

template <class T>
void ApproxSink<T>::end_heads() {
    for (std::size_t method = 0; method < methods_.size(); ++method) {
        if (methods_[method].row().group == approx::Group::heads) drop_heads(method);
    }
    if (options_.needs) find_all_needs();
    if (contexts_.empty()) return;
    const Shape shape{shape_.sequences, shape_.queries, shape_.heads * shape_.d_value};
    outputs_ = measure_outputs<T>({contexts_, differences_, shape, shape_.heads},
                                  in_out_weights(*projections_->weights), division_.ranks);
}

// Of the heads of a sequence, with W_O or as they stand side by side.
template <class T>
std::vector<double> ApproxSink<T>::output_squares(std::size_t sequence, double& all) const {
    std::vector<double> squares(shape_.heads);
    all = 0;
    if (contexts_.empty()) {
        for (std::size_t head = 0; head < shape_.heads; ++head) {
            if (!shape_.streams(sequence, head)) continue;
            squares[head] =
                slots_[shape_.slot(sequence, head) * methods_.size()].sums.context_squares();
            all += squares[head];
        }
        return squares;
    }
    const std::size_t columns = shape_.heads * shape_.d_value;
    const auto first =
        contexts_.begin() + static_cast<std::ptrdiff_t>(sequence * shape_.queries * columns);
    const std::vector<T> own(first, first + static_cast<std::ptrdiff_t>(shape_.queries * columns));
    const Shape shape{1, shape_.queries, columns};
    const Array<T> W_O = in_out_weights(*projections_->weights);
    all = sum_of_squares(project(Array<T>(shape, own), W_O, Array<T>()));
    for (std::size_t head = 0; head < shape_.heads; ++head) {
        const std::size_t begin = head * shape_.d_value;
        squares[head] = sum_of_squares(project(columns_of(own, shape, begin, shape_.d_value),
                                               W_O.rows(begin, shape_.d_value), Array<T>()));
    }
    return squares;
}

// All heads were measured as if they were gone; those that stay are as exact attention has them.
// The heads that put out least, or mean least to the gradient, are dropped first, of equal ones the
// lower.
template <class T>
void ApproxSink<T>::drop_heads(std::size_t method) {
    const approx::Options& options = methods_[method].options();
    for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence) {
        if (!is_chosen(shape_.chosen_sequences, sequence)) continue;
        double all = 0;
        const std::vector<double> squares = output_squares(sequence, all);
        std::vector<std::size_t> order;
        for (std::size_t head = 0; head < shape_.heads; ++head) {
            if (shape_.streams(sequence, head)) order.push_back(head);
        }
        const auto importance = [&](std::size_t head) {
            return options.word("by") == "grad"
                       ? options_.importance.at({shape_.layer, sequence, shape_.number_of(head)})
                       : squares[head];
        };
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return importance(a) < importance(b);
        });
        const std::size_t most = order.size();
        const std::size_t dropped =
            options.has("keep")
                ? most - std::min(most, options.whole("keep"))
                : static_cast<std::size_t>(options.real("share") * static_cast<double>(most));
        for (std::size_t i = dropped; i < most; ++i) keep_head(sequence, order[i], method);
    }
}

template <class T>
void ApproxSink<T>::keep_head(std::size_t sequence, std::size_t head, std::size_t method) {
    const std::size_t first = shape_.slot(sequence, head) * methods_.size();
    slots_[first + method] = slots_[first];
    slots_[first + method].method = method;
    if (differences_[method].empty()) return;
    const std::size_t columns = shape_.heads * shape_.d_value;
    for (std::size_t query = 0; query < shape_.queries; ++query) {
        T* const row = differences_[method].data() + (sequence * shape_.queries + query) * columns +
                       head * shape_.d_value;
        std::fill(row, row + shape_.d_value, T{0});
    }
}

template <class T>
void ApproxSink<T>::find_all_needs() {
    std::vector<NeedsOfHead> found(shape_.slots());
    for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence) {
        if (!is_chosen(shape_.chosen_sequences, sequence)) continue;
        double all = 0;
        const std::vector<double> squares = output_squares(sequence, all);
        parallel_for(shape_.heads, [&](std::size_t head) {
            if (shape_.streams(sequence, head) && division_.is_mine(sequence, head))
                found[shape_.slot(sequence, head)] =
                    needs_of_head(sequence, head, squares[head], all);
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
NeedsOfHead ApproxSink<T>::needs_of_head(std::size_t sequence, std::size_t head, double squares,
                                         double all) const {
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
        const Array<T> W_O =
            in_out_weights(*projections_->weights).rows(head * shape_.d_value, shape_.d_value);
        Matrix<double> through(shape_.d_value, W_O.extent(1));
        std::copy(W_O.values().begin(), W_O.values().end(), through.values.begin());
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
            layer.worst_head = number(layer.worst_head);
            layer.min_head = number(layer.min_head);
            layers_.push_back(layer);
        }
    }
    if (!contexts_.empty()) tell_outputs();
    for (std::size_t method = 0; method < methods_.size(); ++method) {
        for (std::size_t slot = 0; slot < shape_.slots(); ++slot)
            heads_.push_back(slots_[slot * methods_.size() + method]);
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
