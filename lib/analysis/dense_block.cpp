#include "analysis/dense_block.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "attention/default_scale.hpp"
#include "attention/query_offset.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

constexpr double kMasked = -std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

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

std::vector<std::size_t> count_up(std::size_t count) {
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

DenseComputation::DenseComputation(const DenseInputs& inputs, Mistakes mistakes,
                                   DenseHeadsStore& store)
    : in_(inputs),
      options_(*inputs.options),
      mistakes_(std::move(mistakes)),
      heads_(store.get(inputs, mistakes_)),
      structure_(wrong_structure(options_.mask.structure, mistakes_, queries(), keys())),
      bias_(bias_options(), keys()),
      array_(array_options(), keys()) {}

MaskOptions<double> DenseComputation::bias_options() const {
    MaskOptions<double> options;
    if (!mistakes_.ignored_bias) {
        options = options_.mask;
        options.may_attend = options.added = {};
    }
    options.structure = structure_;
    return options;
}

MaskOptions<double> DenseComputation::array_options() const {
    MaskOptions<double> options;
    options.structure = structure_;
    if (mistakes_.ignored_mask) return options;
    options.may_attend = options_.mask.may_attend;
    options.added = options_.mask.added;
    return options;
}

std::size_t DenseComputation::kv_head(std::size_t head) const {
    const bool tile = (options_.kv_order == KvOrder::tile) != mistakes_.other_kv_order;
    return kv_head_of(head, heads(), heads_->k.view.heads, tile ? KvOrder::tile : KvOrder::repeat);
}

double DenseComputation::scale() const {
    const double usual = default_scale(heads_->q.view.width);
    return mistakes_.scale.value_or(options_.scale.value_or(usual));
}

double DenseComputation::cap(double score) const {
    const double cap = mistakes_.softcap.value_or(*options_.softcap);
    return cap * std::tanh(score / cap);
}

DenseBlock DenseComputation::block(DenseCells cells) const {
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
    const std::size_t pieces = (rows + kRows - 1) / kRows;
    parallel_for(block.cells.heads.size() * pieces, [&](std::size_t i) {
        const std::size_t first = i % pieces * kRows;
        score(block, i / pieces, first, std::min(kRows, rows - first));
    });
    normalise(block);
    if (mistakes_.softmax_twice) softmax_again(block);
    return block;
}

// Products, scores and who is allowed, of `count` rows of the block's head number `head`.
void DenseComputation::score(DenseBlock& block, std::size_t head, std::size_t first,
                             std::size_t count) const {
    const DenseCells& cells = block.cells;
    const std::size_t keys = cells.keys.size(), name = cells.heads[head];
    MatrixView<const double> q = heads_->q.view.head(cells.sequence, name);
    MatrixView<const double> k = heads_->k.view.head(cells.sequence, kv_head(name));
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
    multiply_transposed<double>(1, {rows.data(), count, q.columns},
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
        apply(bias_, cells, name, query, added, forbidden);
        for (std::size_t key = 0; key < keys; ++key)
            scores[key] = round_to(of_scores, scores[key] + mistakes_.bias_factor * added[key]);
        find_allowed(cells, name, query, scores, allowed);
        for (std::size_t key = 0; key < keys && !mistakes_.transposed_mask; ++key)
            allowed[key] = allowed[key] && !forbidden[key];
        if (!caps_last && !mistakes_.ones_for_allowed && !mistakes_.zeros_for_masked &&
            !mistakes_.mask_value)
            continue;
        for (std::size_t key = 0; key < keys; ++key)
            mask_wrongly(scores[key], allowed[key], caps_last);
    }
}

// What else than leaving it out may happen to a masked key.
void DenseComputation::mask_wrongly(double& score, std::uint8_t& allowed, bool caps) const {
    if (mistakes_.ones_for_allowed && allowed) score += 1;
    if (mistakes_.zeros_for_masked && !allowed) score = 0;
    if (mistakes_.mask_value && !allowed) {
        // Float32 leaves little of a score beside a large number.
        const auto value = static_cast<float>(*mistakes_.mask_value);
        score = mistakes_.fills_mask ? value : static_cast<float>(score) + value;
    }
    if (mistakes_.ones_for_allowed || mistakes_.zeros_for_masked || mistakes_.mask_value)
        allowed = 1;
    if (!caps) return;
    score = allowed ? cap(score) : -*options_.softcap;
    allowed = 1;
}

// What the mask adds to the cells of one row, and which of them it forbids.
void DenseComputation::apply(const Mask<double>& mask, const DenseCells& cells, std::size_t head,
                             std::size_t query, std::vector<double>& scores,
                             std::vector<std::uint8_t>& blocked) const {
    const std::size_t keys = cells.keys.size();
    if (keys == this->keys()) {
        mask.apply(cells.sequence, head, query, {0, keys}, scores.data(), blocked.data());
        return;
    }
    for (std::size_t key = 0; key < keys; ++key) {
        const std::size_t at = cells.keys[key];
        mask.apply(cells.sequence, head, query, {at, at + 1}, scores.data() + key,
                   blocked.data() + key);
    }
}

bool DenseComputation::may_attend(std::size_t sequence, std::size_t head, std::size_t query,
                                  std::size_t key) const {
    std::uint8_t blocked = 0, forbidden = 0;
    double score = 0;
    array_.apply(sequence, head, query, {key, key + 1}, &score, &blocked);
    bias_.apply(sequence, head, query, {key, key + 1}, &score, &forbidden);
    const bool by_array = (blocked == 0) != mistakes_.inverted_mask_array;
    const bool inside = array_.allowed(sequence, query).contains(key) && by_array;
    return inside != mistakes_.inverted_mask && forbidden == 0;
}

// Adds the numbers of the mask array, and says which keys may be attended.
void DenseComputation::find_allowed(const DenseCells& cells, std::size_t head, std::size_t query,
                                    double* scores, std::uint8_t* allowed) const {
    const std::size_t keys = cells.keys.size();
    const KeyRange range = array_.allowed(cells.sequence, query);
    std::vector<std::uint8_t> blocked(keys, 0);
    if (array_.blocks_cells()) {
        std::vector<double> added(scores, scores + keys);
        apply(array_, cells, head, query, added, blocked);
        for (std::size_t key = 0; key < keys; ++key) {
            if (!blocked[key]) scores[key] = added[key];
        }
    }
    for (std::size_t key = 0; key < keys; ++key) {
        const bool by_array = (blocked[key] == 0) != mistakes_.inverted_mask_array;
        const bool inside = range.contains(cells.keys[key]) && by_array;
        allowed[key] = mistakes_.transposed_mask
                           ? may_attend(cells.sequence, head, cells.keys[key], query)
                           : inside != mistakes_.inverted_mask;
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
        const bool sinks = !logits.empty() && !mistakes_.missing_sink;
        parallel_for(heads * queries, [&](std::size_t i) {
            const std::size_t head = block.cells.heads[i / queries];
            softmax(block, i * keys, 1, keys, sinks ? logits[head] : kMasked);
        });
    }
    const Rounding rounding = mistakes_.rounding_at(stage::weights);
    for (double& weight : block.weights) weight = round_to(rounding, weight);
    if (mistakes_.mask_after_softmax) return;
    for (std::size_t cell = 0; cell < block.scores.size(); ++cell) {
        if (!block.allowed[cell]) block.scores[cell] = kMasked;
    }
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

// Without the values of keys that are masked: zero times what is not finite is not zero.
void DenseComputation::multiply_attended(const DenseBlock& block, std::size_t first,
                                         MatrixView<const double> values,
                                         MatrixView<double> contexts) const {
    std::size_t cell = first;
    for (std::size_t query = 0; query < contexts.rows; ++query) {
        for (std::size_t key = 0; key < values.rows; ++key, ++cell) {
            if (!block.allowed[cell] && block.weights[cell] == 0) continue;
            for (std::size_t i = 0; i < values.columns; ++i)
                contexts.row(query)[i] += block.weights[cell] * values.row(key)[i];
        }
    }
}

std::vector<double> DenseComputation::output(std::size_t sequence,
                                             const std::vector<std::size_t>& queries) const {
    const HeadsView<double>& v = heads_->v.view;
    const std::size_t row = heads() * v.width;
    // Softmax over the queries needs all of them.
    const bool columns = mistakes_.axis == SoftmaxAxis::queries;
    const std::vector<std::size_t> computed = columns ? count_up(this->queries()) : queries;
    std::vector<double> contexts(computed.size() * row);
    const auto multiply_heads = [&](const std::vector<std::size_t>& heads) {
        const DenseBlock part = block({sequence, heads, computed, count_up(keys())});
        parallel_for(heads.size(), [&](std::size_t i) {
            const std::size_t first = i * computed.size() * keys();
            const MatrixView<const double> values = v.head(sequence, kv_head(heads[i]));
            const MatrixView<double> to(contexts.data() + heads[i] * v.width, computed.size(),
                                        v.width, row);
            if (heads_->finite_values) {
                multiply<double>({part.weights.data() + first, computed.size(), keys()}, values,
                                 to);
            } else {
                multiply_attended(part, first, values, to);
            }
        });
    };
    constexpr std::size_t kMostCells = std::size_t{1} << 21;
    const std::size_t fit = std::max<std::size_t>(1, kMostCells / (computed.size() * keys()));
    const std::size_t at_once = mistakes_.axis == SoftmaxAxis::heads ? heads() : fit;
    const std::vector<std::size_t> all = count_up(heads());
    for (std::size_t first = 0; first < heads(); first += at_once) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
        multiply_heads(
            {begin, begin + static_cast<std::ptrdiff_t>(std::min(at_once, heads() - first))});
    }
    if (columns) {
        std::vector<double> chosen;
        for (const std::size_t query : queries) {
            const auto begin = contexts.begin() + static_cast<std::ptrdiff_t>(query * row);
            chosen.insert(chosen.end(), begin, begin + static_cast<std::ptrdiff_t>(row));
        }
        contexts = std::move(chosen);
    }
    const Rounding of_contexts = mistakes_.rounding_at(stage::contexts);
    for (double& value : contexts) value = round_to(of_contexts, value);
    const Array<double> W_O = output_matrix(in_, mistakes_);
    if (!W_O.empty()) {
        const Array<double> projected =
            project(Array<double>({1, queries.size(), row}, std::move(contexts)), W_O,
                    output_bias(in_, mistakes_), in_.weights->order);
        contexts.assign(projected.data(), projected.data() + projected.size());
    }
    const Rounding of_output = mistakes_.rounding_at(stage::output);
    for (double& value : contexts) value = round_to(of_output, value);
    return contexts;
}

}  // namespace attn::analysis
