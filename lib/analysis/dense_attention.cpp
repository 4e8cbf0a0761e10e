#include "analysis/dense_attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/dense_heads.hpp"
#include "analysis/transpose.hpp"
#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "attention/query_offset.hpp"
#include "core/magnitude.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

constexpr double kMasked = -std::numeric_limits<double>::infinity();

MaskStructure wrong_structure(const MaskStructure& right, const Mistakes& mistakes,
                              std::size_t queries, std::size_t keys) {
    MaskStructure structure = right;
    if (mistakes.causal) structure.causal = *mistakes.causal;
    if (mistakes.ignored_padding) structure.key_lengths.clear();
    if (mistakes.ignored_window) structure.window_left = structure.window_right = std::nullopt;
    if (structure.window_left) {
        const auto left = static_cast<std::ptrdiff_t>(*structure.window_left);
        structure.window_left = static_cast<std::size_t>(left + mistakes.window_shift);
    }
    if (mistakes.other_alignment) {
        const std::vector<std::ptrdiff_t> end = end_offsets(queries, keys, right.key_lengths);
        bool at_end = true;
        for (std::size_t sequence = 0; sequence < end.size(); ++sequence)
            at_end = at_end && offset_of(right.offsets, sequence) == end[sequence];
        structure.offsets = at_end ? std::vector<std::ptrdiff_t>{0} : end;
    }
    for (std::ptrdiff_t& offset : structure.offsets) offset += mistakes.shift;
    return structure;
}

// Scores, whom the mask allows, and the weights of a batch, step by step.
class Computation {
  public:
    Computation(const DenseInputs& in, const Mistakes& mistakes)
        : options_(*in.options),
          mistakes_(mistakes),
          heads_(make_dense_heads(in, mistakes)),
          batch_(heads_.q.view.batch),
          head_count_(heads_.q.view.heads),
          queries_(heads_.q.view.tokens),
          keys_(heads_.k.view.tokens),
          structure_(wrong_structure(options_.mask.structure, mistakes, queries_, keys_)),
          bias_(bias_options(), keys_),
          array_(array_options(), keys_) {
        const std::size_t cells = batch_ * head_count_ * queries_ * keys_;
        products_.resize(cells);
        scores_.resize(cells);
        allowed_.resize(cells);
        weights_.resize(cells);
    }

    DenseAttention run(const DenseInputs& in) {
        for_heads([&](std::size_t item) { score(item); });
        normalise();
        if (mistakes_.softmax_twice) softmax_again();
        const Array<double> output =
            in.wants_output ? multiply_values(in.weights) : Array<double>();
        const Shape cells{batch_, head_count_, queries_, keys_};
        if (mistakes_.transposed) {
            for_heads([&](std::size_t item) {
                transpose_head(weights_, item);
                transpose_head(scores_, item);
            });
        }
        if (mistakes_.rounding != Rounding::none) {
            for (double& weight : weights_) weight = round_to(mistakes_.rounding, weight);
            for (double& value : scores_) value = round_to(mistakes_.rounding, value);
        }
        return {{cells, std::move(products_)},
                {cells, std::move(scores_)},
                {cells, std::move(weights_)},
                output};
    }

  private:
    MaskOptions<double> bias_options() const {
        MaskOptions<double> options;
        if (!mistakes_.ignored_bias) {
            options = options_.mask;
            options.may_attend = options.added = {};
        }
        options.structure = structure_;
        return options;
    }
    MaskOptions<double> array_options() const {
        MaskOptions<double> options;
        options.structure = structure_;
        if (mistakes_.ignored_mask) return options;
        options.may_attend = options_.mask.may_attend;
        options.added = options_.mask.added;
        return options;
    }

    template <class Action>
    void for_heads(const Action& action) const {
        parallel_for(batch_ * head_count_, action);
    }

    std::size_t kv_head(std::size_t head) const {
        const std::size_t kv_heads = heads_.k.view.heads;
        const bool tile = (options_.kv_order == KvOrder::tile) != mistakes_.other_kv_order;
        return tile ? head % kv_heads : head / (head_count_ / kv_heads);
    }

    double scale() const {
        const double usual = 1 / std::sqrt(static_cast<double>(heads_.q.view.width));
        return mistakes_.scale.value_or(options_.scale.value_or(usual));
    }

    double cap(double score) const {
        return *options_.softcap * std::tanh(score / *options_.softcap);
    }

    void score(std::size_t item) {
        const std::size_t sequence = item / head_count_, head = item % head_count_;
        double* products = products_.data() + item * queries_ * keys_;
        MatrixView<const double> q = heads_.q.view.head(sequence, head);
        MatrixView<const double> k = heads_.k.view.head(sequence, kv_head(head));
        if (mistakes_.swapped_queries_and_keys) std::swap(q, k);
        multiply_transposed<double>(1, q, k, {products, queries_, keys_});
        const bool caps = options_.softcap && !mistakes_.missing_softcap;
        std::vector<double> added(keys_);
        std::vector<std::uint8_t> forbidden(keys_, 0);  // by a bias of -inf
        for (std::size_t query = 0; query < queries_; ++query) {
            const std::size_t row = (item * queries_ + query) * keys_;
            double* scores = scores_.data() + row;
            for (std::size_t key = 0; key < keys_; ++key) {
                scores[key] = products_[row + key] * scale();
                if (caps && !mistakes_.softcap_after_mask) scores[key] = cap(scores[key]);
            }
            std::fill(added.begin(), added.end(), 0.0);
            bias_.apply(sequence, head, query, {0, keys_}, added.data(), forbidden.data());
            for (std::size_t key = 0; key < keys_; ++key)
                scores[key] += mistakes_.bias_factor * added[key];
            if (mistakes_.arithmetic != Rounding::none) {
                for (std::size_t key = 0; key < keys_; ++key)
                    scores[key] = round_to(mistakes_.arithmetic, scores[key]);
            }
            find_allowed(sequence, head, query, scores, allowed_.data() + row);
            for (std::size_t key = 0; key < keys_; ++key)
                allowed_[row + key] = allowed_[row + key] && !forbidden[key];
        }
        if (mistakes_.transposed_mask) transpose_head(allowed_, item);
        const bool caps_last = caps && mistakes_.softcap_after_mask;
        if (!caps_last && !mistakes_.ones_for_allowed && !mistakes_.zeros_for_masked) return;
        const std::size_t first = item * queries_ * keys_;
        for (std::size_t cell = first; cell < first + queries_ * keys_; ++cell)
            mask_wrongly(cell, caps_last);
    }

    // What else than leaving it out may happen to a masked key.
    void mask_wrongly(std::size_t cell, bool caps) {
        double& score = scores_[cell];
        std::uint8_t& allowed = allowed_[cell];
        if (mistakes_.ones_for_allowed && allowed) score += 1;
        if (mistakes_.zeros_for_masked && !allowed) score = 0;
        if (mistakes_.ones_for_allowed || mistakes_.zeros_for_masked) allowed = 1;
        if (!caps) return;
        score = allowed ? cap(score) : -*options_.softcap;
        allowed = 1;
    }

    // Adds the numbers of the mask array, and says which keys may be attended.
    void find_allowed(std::size_t sequence, std::size_t head, std::size_t query, double* scores,
                      std::uint8_t* allowed) const {
        std::vector<std::uint8_t> blocked(keys_, 0);
        std::vector<double> added(scores, scores + keys_);
        array_.apply(sequence, head, query, {0, keys_}, added.data(), blocked.data());
        const KeyRange range = array_.allowed(sequence, query);
        for (std::size_t key = 0; key < keys_; ++key) {
            if (!blocked[key]) scores[key] = added[key];
            const bool by_array = (blocked[key] == 0) != mistakes_.inverted_mask_array;
            allowed[key] = (range.contains(key) && by_array) != mistakes_.inverted_mask;
        }
    }

    // Softmax of `count` cells that lie `stride` apart, those that are allowed.
    void softmax(std::size_t first, std::size_t stride, std::size_t count, double sink, bool all) {
        double high = sink;
        for (std::size_t i = 0, cell = first; i < count; ++i, cell += stride) {
            if (!all && !allowed_[cell]) continue;
            if (!(scores_[cell] <= high)) high = scores_[cell];
            if (std::isnan(high)) break;
        }
        if (high == kMasked) return;
        double sum = sink == kMasked ? 0 : std::exp(sink - high);
        for (std::size_t i = 0, cell = first; i < count; ++i, cell += stride) {
            if (!all && !allowed_[cell]) continue;
            weights_[cell] = std::exp(scores_[cell] - high);
            sum += weights_[cell];
        }
        for (std::size_t i = 0, cell = first; i < count; ++i, cell += stride) {
            weights_[cell] /= sum;
            if (mistakes_.mask_after_softmax && !allowed_[cell]) weights_[cell] = 0;
        }
    }

    void normalise() {
        const bool all = mistakes_.mask_after_softmax;
        const std::size_t matrix = queries_ * keys_;
        if (mistakes_.axis == SoftmaxAxis::heads) {
            parallel_for(batch_ * matrix, [&](std::size_t i) {
                softmax(i / matrix * head_count_ * matrix + i % matrix, matrix, head_count_,
                        kMasked, all);
            });
        } else if (mistakes_.axis == SoftmaxAxis::queries) {
            parallel_for(batch_ * head_count_ * keys_, [&](std::size_t i) {
                softmax(i / keys_ * matrix + i % keys_, keys_, queries_, kMasked, all);
            });
        } else {
            const std::vector<double>& logits =
                mistakes_.sinks.empty() ? options_.sinks : mistakes_.sinks;
            const bool sinks = !logits.empty() && !mistakes_.missing_sink;
            parallel_for(batch_ * head_count_ * queries_, [&](std::size_t i) {
                const std::size_t head = i / queries_ % head_count_;
                softmax(i * keys_, 1, keys_, sinks ? logits[head] : kMasked, all);
            });
        }
        for (std::size_t cell = 0; cell < scores_.size(); ++cell) {
            if (!allowed_[cell] && !mistakes_.mask_after_softmax) scores_[cell] = kMasked;
        }
    }

    // Over all keys: a weight of 0 is a score like any other.
    void softmax_again() {
        parallel_for(weights_.size() / keys_, [&](std::size_t row) {
            double* weights = weights_.data() + row * keys_;
            double sum = 0;
            for (std::size_t key = 0; key < keys_; ++key)
                sum += weights[key] = std::exp(weights[key]);
            for (std::size_t key = 0; key < keys_; ++key) weights[key] /= sum;
        });
    }

    // The matrix of one head, where it is square.
    template <class T>
    void transpose_head(std::vector<T>& cells, std::size_t item) const {
        if (queries_ == keys_) transpose_square(cells.data() + item * keys_ * keys_, keys_);
    }

    static bool is_finite(MatrixView<const double> values) {
        for (std::size_t row = 0; row < values.rows; ++row) {
            if (!attn::is_finite(largest_magnitude(values.row(row).data(), values.columns)))
                return false;
        }
        return true;
    }

    // Without the values of keys that are masked: zero times what is not finite is not zero.
    void multiply_attended(std::size_t cell, MatrixView<const double> values,
                           MatrixView<double> context) const {
        for (std::size_t query = 0; query < queries_; ++query) {
            for (std::size_t key = 0; key < keys_; ++key, ++cell) {
                if (!allowed_[cell] && weights_[cell] == 0) continue;
                for (std::size_t i = 0; i < values.columns; ++i)
                    context.row(query)[i] += weights_[cell] * values.row(key)[i];
            }
        }
    }

    Array<double> multiply_values(const ProjectionWeights<double>* weights) const {
        const std::size_t width = heads_.v.view.width;
        std::vector<double> contexts(batch_ * queries_ * head_count_ * width);
        for_heads([&](std::size_t item) {
            const std::size_t sequence = item / head_count_, head = item % head_count_;
            double* to = contexts.data() + sequence * queries_ * head_count_ * width + head * width;
            const MatrixView<const double> values = heads_.v.view.head(sequence, kv_head(head));
            const MatrixView<double> context(to, queries_, width, head_count_ * width);
            if (is_finite(values)) {
                multiply<double>({weights_.data() + item * queries_ * keys_, queries_, keys_},
                                 values, context);
            } else {
                multiply_attended(item * queries_ * keys_, values, context);
            }
        });
        const Array<double> packed({batch_, queries_, head_count_ * width}, std::move(contexts));
        if (weights == nullptr || weights->W_O.empty()) return packed;
        return project(packed,
                       mistakes_.transposed_weights ? transpose(weights->W_O) : weights->W_O,
                       mistakes_.missing_biases ? Array<double>() : weights->b_O, weights->order);
    }

    const AttentionOptions<double>& options_;
    const Mistakes& mistakes_;
    DenseHeads heads_;
    std::size_t batch_, head_count_, queries_, keys_;
    MaskStructure structure_;
    Mask<double> bias_;   // what is added
    Mask<double> array_;  // structure and mask array
    std::vector<double> products_, scores_, weights_;
    std::vector<std::uint8_t> allowed_;
};

}  // namespace

DenseAttention compute_dense(const DenseInputs& inputs, const Mistakes& mistakes) {
    const SingleThreadedBlas blas;
    return Computation(inputs, mistakes).run(inputs);
}

}  // namespace attn::analysis
