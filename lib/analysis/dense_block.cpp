#include "analysis/dense_block.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <tuple>

#include "analysis/wrong_structure.hpp"
#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "attention/default_scale.hpp"
#include "core/divide_up.hpp"
#include "core/index_list.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

constexpr double kMasked = -std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The rows of some tokens, copied.
std::vector<double> gather(const MatrixView<const double>& matrix,
                           const std::vector<std::size_t>& tokens, std::size_t first,
                           std::size_t count) {
    std::vector<double> rows;
    rows.reserve(count * matrix.columns);
    for (std::size_t i = first; i < first + count; ++i) {
        const Span<const double> row = matrix.row(tokens[i]);
        rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
}

}  // namespace

DenseComputation::DenseComputation(const DenseInputs& inputs, Mistakes mistakes,
                                   DenseHeadsStore& store)
    : in_(inputs),
      options_(*inputs.options),
      mistakes_(std::move(mistakes)),
      late_factor_(scales_late(inputs, mistakes_) ? mistakes_.input_factor : 1),
      store_(store),
      sizes_(dense_sizes(inputs)),
      structure_(wrong_structure(options_.mask.structure, mistakes_, queries(), keys())),
      bias_(bias_options(), keys()),
      array_(array_options(), keys()) {}

// Which head stands in this place.
std::size_t DenseComputation::computed_head(std::size_t place) const {
    return mistakes_.head_order.empty() ? place : mistakes_.head_order[place];
}

std::size_t DenseComputation::kv_head(std::size_t head) const {
    if (mistakes_.one_kv_head) return 0;
    const bool tile = (options_.kv_order == KvOrder::tile) != mistakes_.other_kv_order;
    const std::size_t place =
        kv_head_of(head, heads(), kv_heads(), tile ? KvOrder::tile : KvOrder::repeat);
    return mistakes_.kv_order.empty() ? place : mistakes_.kv_order[place];
}

std::size_t DenseComputation::value_head(std::size_t head) const {
    const std::size_t place = kv_head(head);
    return mistakes_.value_order.empty() ? place : mistakes_.value_order[place];
}

// The heads that are computed in some places, or all where that is most of them or the output will
// ask for all.
HeadChoice DenseComputation::choice_of(const std::vector<std::size_t>& places) const {
    if (in_.wants_output || 2 * places.size() > heads()) return {};
    std::set<std::size_t> queries, keys;
    for (const std::size_t place : places) {
        queries.insert(computed_head(place));
        keys.insert(kv_head(computed_head(place)));
    }
    return {{queries.begin(), queries.end()}, {keys.begin(), keys.end()}};
}

std::shared_ptr<const DenseHeads> DenseComputation::take(const HeadChoice& choice) const {
    const bool same = choice.queries == choice_.queries && choice.keys == choice_.keys;
    if (heads_ == nullptr || !same) heads_ = store_.get(in_, mistakes_, choice);
    choice_ = choice;
    return heads_;
}

double DenseComputation::scale() const {
    const double usual = default_scale(sizes_.width);
    return mistakes_.scale.value_or(options_.scale.value_or(usual));
}

double DenseComputation::cap(double score) const {
    const double cap = mistakes_.softcap.value_or(*options_.softcap);
    return cap * std::tanh(score / cap);
}

double DenseComputation::sink(double logit) const {
    return logit * (mistakes_.scaled_sink ? scale() : 1) + std::log(mistakes_.sink_factor);
}

DenseBlock DenseComputation::block(DenseCells cells) const {
    assert(!mistakes_.averaged || cells.heads.size() == heads());
    DenseBlock block = attend(std::move(cells));
    if (mistakes_.averaged) average_heads(block);
    if (mistakes_.sorted_keys) sort_keys(block);
    return block;
}

DenseBlock DenseComputation::attend(DenseCells cells) const {
    assert(mistakes_.axis != SoftmaxAxis::keys || cells.keys.size() == keys());
    assert(mistakes_.axis != SoftmaxAxis::queries || cells.queries.size() == queries());
    assert(mistakes_.axis != SoftmaxAxis::heads || cells.heads.size() == heads());
    const SingleThreadedBlas blas;
    DenseBlock block;
    const std::size_t count = cells.count(), rows = cells.queries.size();
    block.cells = std::move(cells);
    block.products.resize(count);
    block.scores.resize(count);
    block.weights.resize(count);
    block.allowed.resize(count);
    constexpr std::size_t kRows = 64;
    const std::size_t pieces = divide_up(rows, kRows);
    const auto taken = take(choice_of(block.cells.heads));
    parallel_for(block.cells.heads.size() * pieces, [&](std::size_t i) {
        const std::size_t first = i % pieces * kRows;
        score(*taken, block, i / pieces, first, std::min(kRows, rows - first));
    });
    normalise(block);
    if (mistakes_.softmax_twice) softmax_again(block);
    return block;
}

// Products, scores and who is allowed, of `count` rows of the block's head number `head`.
void DenseComputation::score(const DenseHeads& heads, DenseBlock& block, std::size_t head,
                             std::size_t first, std::size_t count) const {
    const DenseCells& cells = block.cells;
    const std::size_t keys = cells.keys.size(), name = computed_head(cells.heads[head]);
    MatrixView<const double> q = heads.query_head(cells.sequence, name);
    MatrixView<const double> k = heads.key_head(cells.sequence, kv_head(name));
    if (mistakes_.swapped_queries_and_keys) std::swap(q, k);
    const std::size_t start = (head * cells.queries.size() + first) * keys;
    std::vector<double> rows = gather(q, cells.queries, first, count);
    double factor = round_to(mistakes_.rounding_at(stage::factor), scale());
    const Rounding of_scaled = mistakes_.rounding_at(stage::scaled_queries);
    if (of_scaled != Rounding::none) {
        for (double& value : rows) value = round_to(of_scaled, value * factor);
        factor = 1;
    }
    const Rounding of_heads = mistakes_.rounding_at(stage::scaled_heads);
    const bool all = keys == k.rows && of_heads == Rounding::none;
    std::vector<double> some =
        all ? std::vector<double>() : gather(k, cells.keys, 0, cells.keys.size());
    if (of_heads != Rounding::none && factor > 0) {
        for (double& value : rows) value = round_to(of_heads, value * std::sqrt(factor));
        for (double& value : some) value = round_to(of_heads, value * std::sqrt(factor));
        factor = 1;
    }
    multiply_transposed<double>(late_factor_ * late_factor_, {rows.data(), count, q.columns},
                                all ? k : MatrixView<const double>(some.data(), keys, k.columns),
                                {block.products.data() + start, count, keys});
    const bool caps = options_.softcap && !mistakes_.missing_softcap;
    const bool caps_last = caps && mistakes_.softcap_after_mask;
    const Rounding of_products = mistakes_.rounding_at(stage::products);
    const Rounding of_scores = mistakes_.rounding_at(stage::scores);
    for (std::size_t row = 0; row < count; ++row) {
        const std::size_t query = cells.queries[first + row];
        double* const products = block.products.data() + start + row * keys;
        double* const scores = block.scores.data() + start + row * keys;
        std::uint8_t* const allowed = block.allowed.data() + start + row * keys;
        for (std::size_t key = 0; key < keys; ++key) {
            scores[key] = round_to(of_products, products[key]) * factor;
            if (caps && !caps_last) scores[key] = cap(scores[key]);
        }
        std::vector<double> added(keys);
        std::vector<std::uint8_t> forbidden(keys, 0);  // by a bias of -inf
        find_bias(cells, name, query, added, forbidden);
        for (std::size_t key = 0; key < keys; ++key)
            scores[key] = round_to(of_scores, scores[key] + mistakes_.bias_factor * added[key]);
        find_allowed(cells, name, query, scores, allowed);
        for (std::size_t key = 0; key < keys && !mistakes_.transposed_mask; ++key)
            allowed[key] = allowed[key] && !forbidden[key];
        if (mistakes_.temperature != 1) {
            for (std::size_t key = 0; key < keys; ++key) scores[key] /= mistakes_.temperature;
        }
        if (!caps_last && !mistakes_.ones_for_allowed && !mistakes_.zeros_for_masked &&
            !mistakes_.mask_value)
            continue;
        for (std::size_t key = 0; key < keys; ++key)
            mask_wrongly(scores[key], allowed[key], caps_last);
    }
}

// What stands in the place of softmax: each cell by itself.
void DenseComputation::activate(DenseBlock& block, std::size_t first, std::size_t count) const {
    for (std::size_t cell = first; cell < first + count; ++cell) {
        const double score = block.scores[cell];
        if (!block.allowed[cell]) continue;
        block.weights[cell] = mistakes_.activation == Activation::relu ? std::max(0.0, score)
                                                                       : 1 / (1 + std::exp(-score));
    }
}

// Softmax of `count` cells that lie `stride` apart, those that are allowed.
void DenseComputation::softmax(DenseBlock& block, std::size_t first, std::size_t stride,
                               std::size_t count, double sink) const {
    const bool all = mistakes_.mask_after_softmax;
    const Rounding rounding = mistakes_.rounding_at(stage::exponentials);
    const std::size_t end = first + count * stride;
    double high = sink;
    for (std::size_t cell = first; cell < end; cell += stride) {
        if (!all && !block.allowed[cell]) continue;
        if (!(block.scores[cell] <= high)) high = block.scores[cell];
        if (std::isnan(high)) break;
    }
    if (high == kMasked) {
        if (!mistakes_.nan_without_keys) return;
        for (std::size_t cell = first; cell < end; cell += stride) block.weights[cell] = kNaN;
        return;
    }
    const auto exponential = [&](double score) {
        return round_to(rounding, std::exp(round_to(rounding, score - high)));
    };
    double sum = sink == kMasked ? 0 : exponential(sink);
    for (std::size_t cell = first; cell < end; cell += stride) {
        if (!all && !block.allowed[cell]) continue;
        block.weights[cell] = exponential(block.scores[cell]);
        sum += block.weights[cell];
    }
    sum = round_to(rounding, sum);
    if (mistakes_.log_softmax) {
        for (std::size_t cell = first; cell < end; cell += stride)
            block.scores[cell] -= high + std::log(sum);
    }
    const Rounding fused = mistakes_.rounding_at(stage::fused);
    for (std::size_t cell = first; cell < end; cell += stride) {
        block.weights[cell] = round_to(fused, block.weights[cell]);
        block.weights[cell] /= sum;
        if (mistakes_.mask_after_softmax && !block.allowed[cell]) block.weights[cell] = 0;
    }
}

void DenseComputation::normalise(DenseBlock& block) const {
    const std::size_t heads = block.cells.heads.size(), queries = block.cells.queries.size(),
                      keys = block.cells.keys.size();
    const std::size_t matrix = queries * keys;
    if (mistakes_.axis == SoftmaxAxis::heads) {
        parallel_for(queries, [&](std::size_t query) {
            for (std::size_t i = query * keys; i < (query + 1) * keys; ++i)
                softmax(block, i, matrix, heads, kMasked);
        });
    } else if (mistakes_.axis == SoftmaxAxis::queries) {
        parallel_for(heads * keys, [&](std::size_t i) {
            softmax(block, i / keys * matrix + i % keys, keys, queries, kMasked);
        });
    } else {
        const std::vector<double>& logits =
            mistakes_.sinks.empty() ? options_.sinks : mistakes_.sinks;
        const bool sinks = !logits.empty() && !mistakes_.missing_sink && !mistakes_.added_sink;
        parallel_for(heads * queries, [&](std::size_t i) {
            const std::size_t head = computed_head(block.cells.heads[i / queries]);
            if (mistakes_.activation != Activation::softmax) return activate(block, i * keys, keys);
            softmax(block, i * keys, 1, keys, sinks ? sink(logits[head]) : kMasked);
            change_row(block, i * keys, logits.empty() ? 0 : logits[head]);
        });
    }
    const Rounding rounding = mistakes_.rounding_at(stage::weights);
    parallel_for(heads * queries, [&](std::size_t row) {
        for (std::size_t cell = row * keys; cell < (row + 1) * keys; ++cell) {
            if (rounding != Rounding::none)
                block.weights[cell] = round_to(rounding, block.weights[cell]);
            if (!block.allowed[cell] && !mistakes_.mask_after_softmax) block.scores[cell] = kMasked;
        }
    });
}

// What is done to the weights of a row behind softmax.
void DenseComputation::change_row(DenseBlock& block, std::size_t first, double sink) const {
    if (mistakes_.top_keys > 0) keep_largest(block, first);
    if (!mistakes_.added_sink) return;
    for (std::size_t key = 0; key < block.cells.keys.size(); ++key)
        block.weights[first + key] += sink;
}

// Keeps the largest of each row, of equal ones the first.
void DenseComputation::keep_largest(DenseBlock& block, std::size_t first) const {
    const std::size_t keys = block.cells.keys.size();
    if (mistakes_.top_keys >= keys) return;
    double* const weights = block.weights.data() + first;
    std::vector<double> sorted(weights, weights + keys);
    const auto least = sorted.begin() + static_cast<std::ptrdiff_t>(mistakes_.top_keys - 1);
    std::nth_element(sorted.begin(), least, sorted.end(), std::greater<>());
    std::size_t equal =
        mistakes_.top_keys - static_cast<std::size_t>(std::count_if(
                                 weights, weights + keys, [&](double w) { return w > *least; }));
    double sum = 0;
    for (std::size_t key = 0; key < keys; ++key) {
        const bool kept = weights[key] > *least || (weights[key] == *least && equal > 0);
        if (kept && weights[key] == *least) --equal;
        if (!kept) weights[key] = 0;
        if (!kept && mistakes_.renormalises_top) block.allowed[first + key] = 0;
        sum += weights[key];
    }
    if (!mistakes_.renormalises_top || !(sum > 0)) return;
    for (std::size_t key = 0; key < keys; ++key) weights[key] /= sum;
}

// Over all keys: a weight of 0 is a score like any other.
void DenseComputation::softmax_again(DenseBlock& block) const {
    const std::size_t keys = block.cells.keys.size();
    assert(keys == this->keys());
    parallel_for(block.weights.size() / keys, [&](std::size_t row) {
        double* weights = block.weights.data() + row * keys;
        double sum = 0;
        for (std::size_t key = 0; key < keys; ++key) sum += weights[key] = std::exp(weights[key]);
        for (std::size_t key = 0; key < keys; ++key) weights[key] /= sum;
    });
}

// Each row by its weights, and by its scores where weights are alike.
void DenseComputation::sort_keys(DenseBlock& block) const {
    const std::size_t keys = block.cells.keys.size();
    assert(keys == this->keys());
    parallel_for(block.weights.size() / keys, [&](std::size_t row) {
        const std::size_t first = row * keys;
        std::vector<std::size_t> order = count_up(keys);
        const auto rank = [&](std::size_t key) {
            const std::size_t cell = first + key;
            return std::tuple(block.allowed[cell], block.weights[cell], block.scores[cell]);
        };
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return rank(a) > rank(b); });
        const auto sort = [&](auto& values) {
            const auto start = values.begin() + static_cast<std::ptrdiff_t>(first);
            const auto unsorted = std::vector(start, start + static_cast<std::ptrdiff_t>(keys));
            for (std::size_t key = 0; key < keys; ++key) values[first + key] = unsorted[order[key]];
        };
        sort(block.products);
        sort(block.scores);
        sort(block.weights);
        sort(block.allowed);
    });
}

void DenseComputation::average_heads(DenseBlock& block) const {
    const std::size_t cells = block.cells.queries.size() * block.cells.keys.size();
    for (std::vector<double>* values : {&block.weights, &block.scores}) {
        for (std::size_t cell = 0; cell < cells; ++cell) {
            double sum = 0;
            for (std::size_t i = cell; i < values->size(); i += cells) sum += (*values)[i];
            const double mean = sum / static_cast<double>(heads());
            for (std::size_t i = cell; i < values->size(); i += cells) (*values)[i] = mean;
        }
    }
}

}  // namespace attn::analysis
