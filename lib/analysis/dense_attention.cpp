#include "analysis/dense_attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

constexpr double kMasked = -std::numeric_limits<double>::infinity();

struct AllHeads {
    Heads<double> q, k, v;
};

Array<double> transpose(const Array<double>& matrix) {
    if (matrix.empty() || matrix.extent(0) != matrix.extent(1)) return matrix;
    const std::size_t n = matrix.extent(0);
    std::vector<double> values(n * n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) values[j * n + i] = matrix.data()[i * n + j];
    }
    return {matrix.shape(), std::move(values)};
}

Heads<double> split(const Array<double>& packed, std::size_t heads, bool by_reshape) {
    if (!by_reshape) return make_packed_heads(packed, heads);
    const Shape& shape = packed.shape();
    return make_separate_heads(packed.reshaped({shape[0], heads, shape[1], shape[2] / heads}));
}

AllHeads project_heads(const DenseInputs& in, const Mistakes& mistakes) {
    if (in.weights == nullptr) return {*in.q, *in.k, *in.v};
    const ProjectionWeights<double>& w = *in.weights;
    const auto make = [&](const Array<double>& x, const Array<double>& matrix,
                          const Array<double>& bias, std::size_t heads, const Norm<double>& norm) {
        const Array<double> used = mistakes.transposed_weights ? transpose(matrix) : matrix;
        const Array<double> packed =
            project(x, used, mistakes.missing_biases ? Array<double>() : bias, w.order);
        return split(normalise_heads(packed, heads, norm), heads, mistakes.heads_by_reshape);
    };
    const Array<double>& context = in.context == nullptr ? *in.x : *in.context;
    return {make(*in.x, w.W_Q, w.b_Q, w.heads, w.q_norm),
            make(context, w.W_K, w.b_K, w.kv_heads, w.k_norm),
            make(context, w.W_V, w.b_V, w.kv_heads, {})};
}

void turn(const RotaryOptions<double>& rotary, const Mistakes& mistakes, AllHeads& heads) {
    RotaryPairs pairs = rotary.pairs;
    if (mistakes.other_rotary_pairs) {
        pairs =
            pairs == RotaryPairs::half_split ? RotaryPairs::interleaved : RotaryPairs::half_split;
    }
    heads.q = make_separate_heads(rotate(heads.q.view, rotary.table, rotary.query_rows, pairs));
    heads.k = make_separate_heads(rotate(heads.k.view, rotary.table, rotary.key_rows, pairs));
}

AllHeads make_heads(const DenseInputs& in, const Mistakes& mistakes) {
    const AttentionOptions<double>& options = *in.options;
    AllHeads heads = project_heads(in, mistakes);
    if (options.rotary && !mistakes.missing_rotary) turn(*options.rotary, mistakes, heads);
    if (!options.past_key.empty()) {
        const auto join = [](const Array<double>& past, const Heads<double>& rest) {
            return make_separate_heads(join_tokens(separate_heads(past), rest.view));
        };
        heads.k = join(options.past_key, heads.k);
        heads.v = join(options.past_value, heads.v);
    }
    return heads;
}

MaskStructure wrong_structure(const MaskStructure& right, const Mistakes& mistakes,
                              std::size_t queries, std::size_t keys) {
    MaskStructure structure = right;
    if (mistakes.causal) structure.causal = *mistakes.causal;
    if (mistakes.ignored_padding) structure.key_lengths.clear();
    if (mistakes.ignored_window) structure.window_left = structure.window_right = std::nullopt;
    const auto end = static_cast<std::ptrdiff_t>(keys) - static_cast<std::ptrdiff_t>(queries);
    for (std::ptrdiff_t& offset : structure.offsets) {
        if (mistakes.other_alignment) offset = offset == end ? 0 : end;
        offset += mistakes.shift;
    }
    return structure;
}

// Scores, whom the mask allows, and the weights of a batch, step by step.
class Computation {
  public:
    Computation(const DenseInputs& in, const Mistakes& mistakes)
        : options_(*in.options),
          mistakes_(mistakes),
          heads_(make_heads(in, mistakes)),
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

    DenseAttention run(const ProjectionWeights<double>* weights) {
        for_heads([&](std::size_t item) { score(item); });
        normalise();
        if (mistakes_.softmax_twice) softmax_again();
        const Array<double> output = multiply_values(weights);
        const Shape cells{batch_, head_count_, queries_, keys_};
        if (mistakes_.transposed) for_heads([&](std::size_t item) { transpose_head(item); });
        for (double& weight : weights_) weight = round_to(mistakes_.rounding, weight);
        for (double& value : scores_) value = round_to(mistakes_.rounding, value);
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
        multiply_transposed<double>(1, heads_.q.view.head(sequence, head),
                                    heads_.k.view.head(sequence, kv_head(head)),
                                    {products, queries_, keys_});
        const bool caps = options_.softcap && !mistakes_.missing_softcap;
        for (std::size_t query = 0; query < queries_; ++query) {
            const std::size_t row = (item * queries_ + query) * keys_;
            double* scores = scores_.data() + row;
            for (std::size_t key = 0; key < keys_; ++key) {
                scores[key] = products_[row + key] * scale();
                if (caps && !mistakes_.softcap_after_mask) scores[key] = cap(scores[key]);
            }
            bias_.apply(sequence, head, query, {0, keys_}, scores, nullptr);
            find_allowed(sequence, head, query, scores, allowed_.data() + row);
            if (caps && mistakes_.softcap_after_mask) {
                for (std::size_t key = 0; key < keys_; ++key) {
                    scores[key] = allowed_[row + key] ? cap(scores[key]) : -*options_.softcap;
                    allowed_[row + key] = 1;
                }
            }
        }
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
            if (all || allowed_[cell]) high = std::max(high, scores_[cell]);
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
            const bool sinks = !options_.sinks.empty() && !mistakes_.missing_sink;
            parallel_for(batch_ * head_count_ * queries_, [&](std::size_t i) {
                const std::size_t head = i / queries_ % head_count_;
                softmax(i * keys_, 1, keys_, sinks ? options_.sinks[head] : kMasked, all);
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

    void transpose_head(std::size_t item) {
        if (queries_ != keys_) return;
        for (std::vector<double>* cells : {&weights_, &scores_}) {
            double* matrix = cells->data() + item * queries_ * keys_;
            for (std::size_t i = 0; i < queries_; ++i) {
                for (std::size_t j = 0; j < i; ++j)
                    std::swap(matrix[i * keys_ + j], matrix[j * keys_ + i]);
            }
        }
    }

    Array<double> multiply_values(const ProjectionWeights<double>* weights) const {
        const std::size_t width = heads_.v.view.width;
        std::vector<double> contexts(batch_ * queries_ * head_count_ * width);
        for_heads([&](std::size_t item) {
            const std::size_t sequence = item / head_count_, head = item % head_count_;
            double* to = contexts.data() + sequence * queries_ * head_count_ * width + head * width;
            multiply<double>({weights_.data() + item * queries_ * keys_, queries_, keys_},
                             heads_.v.view.head(sequence, kv_head(head)),
                             {to, queries_, width, head_count_ * width});
        });
        const Array<double> packed({batch_, queries_, head_count_ * width}, std::move(contexts));
        if (weights == nullptr || weights->W_O.empty()) return packed;
        return project(packed,
                       mistakes_.transposed_weights ? transpose(weights->W_O) : weights->W_O,
                       mistakes_.missing_biases ? Array<double>() : weights->b_O, weights->order);
    }

    const AttentionOptions<double>& options_;
    const Mistakes& mistakes_;
    AllHeads heads_;
    std::size_t batch_, head_count_, queries_, keys_;
    MaskStructure structure_;
    Mask<double> bias_;   // what is added
    Mask<double> array_;  // structure and mask array
    std::vector<double> products_, scores_, weights_;
    std::vector<std::uint8_t> allowed_;
};

}  // namespace

double round_to(Rounding rounding, double value) {
    if (rounding == Rounding::none || value == 0 || !std::isfinite(value)) return value;
    const int bits = rounding == Rounding::float16 ? 10 : 7;
    // The smallest float16 is 2^-24; what is below rounds to a multiple of it.
    const int floor = rounding == Rounding::float16 ? -24 : -133;
    const double step = std::ldexp(1.0, std::max(floor, std::ilogb(value) - bits));
    return std::nearbyint(value / step) * step;
}

DenseAttention compute_dense(const DenseInputs& inputs, const Mistakes& mistakes) {
    const SingleThreadedBlas blas;
    return Computation(inputs, mistakes).run(inputs.weights);
}

}  // namespace attn::analysis
