#include "analysis/verify_sink.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "attention/rounding_bounds.hpp"
#include "core/word_list.hpp"

namespace attn::analysis {
namespace {

// The most cells of a layer; a definition of so many takes a fraction of a second.
constexpr std::size_t kMostCells = std::size_t{1} << 18;
constexpr std::size_t kMostSequences = 2, kMostHeads = 4, kLeastRows = 2;

// The first, the last, and what lies evenly in between; of 0 … total - 1.
std::vector<std::size_t> spread(std::size_t total, std::size_t count) {
    count = std::min(total, count);
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < count; ++i)
        chosen.push_back(count == 1 ? total - 1 : i * (total - 1) / (count - 1));
    return chosen;
}

std::vector<std::size_t> spread(const Chosen& streamed, std::size_t total, std::size_t count) {
    std::vector<std::size_t> places = spread(streamed ? streamed->size() : total, count);
    if (streamed) {
        for (std::size_t& place : places) place = (*streamed)[place];
    }
    return places;
}

std::optional<std::size_t> index_in(const std::vector<std::size_t>& sorted, std::size_t number) {
    const auto found = std::lower_bound(sorted.begin(), sorted.end(), number);
    if (found == sorted.end() || *found != number) return std::nullopt;
    return static_cast<std::size_t>(found - sorted.begin());
}

// One row of one kind of numbers beside what it should be.
template <class T>
struct Row {
    const char* what;
    const std::vector<T>& seen;
    const Array<double>& defined;
    const Array<double>& bounds;
    std::size_t row;

    std::size_t width() const { return defined.extent(1); }
    double seen_at(std::size_t i) const { return static_cast<double>(seen[row * width() + i]); }
    double defined_at(std::size_t i) const { return defined.data()[row * width() + i]; }
    double bound_at(std::size_t i) const {
        const double bound = bounds.data()[row * width() + i];
        // Below the smallest normal number steps are as large for all; a masked key has no step.
        constexpr double kSteps = 1e4;
        return bound == 0
                   ? 0
                   : bound + kSteps * static_cast<double>(std::numeric_limits<T>::denorm_min());
    }

    // How many times its bound a difference is.
    double excess(std::size_t i) const {
        if (seen_at(i) == defined_at(i)) return 0;
        const double times = std::abs(seen_at(i) - defined_at(i)) / bound_at(i);
        return std::isnan(times) ? std::numeric_limits<double>::infinity() : times;
    }

    // Whether T holds what it should be, and has it; -inf is the score of a masked key.
    bool is_finite() const {
        constexpr auto most = static_cast<double>(std::numeric_limits<T>::max());
        for (std::size_t i = 0; i < width(); ++i) {
            const bool masked = defined_at(i) == -std::numeric_limits<double>::infinity();
            if (!masked && !(std::abs(defined_at(i)) <= most)) return false;
            if (!masked && !std::isfinite(seen_at(i))) return false;
        }
        return true;
    }
};

}  // namespace

std::string describe(const Discrepancy& found) {
    std::ostringstream text;
    text.precision(9);
    text << "layer " << found.layer << ", sequence " << found.sequence << ", head " << found.head
         << ", query " << found.query;
    if (found.key) text << ", key " << *found.key;
    if (found.column) text << ", column " << *found.column;
    text << ": the " << found.what << " is " << found.seen << ", by definition " << found.defined;
    text.precision(2);
    text << " (rounding explains " << found.bound << ")";
    return text.str();
}

std::string describe(const Verification& verification) {
    std::ostringstream text;
    text.precision(2);
    text << "verified by the definition: " << verification.rows << " of " << verification.all_rows
         << " rows, of " << counted(verification.heads, "head") << " in "
         << counted(verification.layers, "layer") << "; the largest difference is "
         << verification.largest << " of what rounding explains";
    if (verification.not_finite > 0)
        text << "; " << counted(verification.not_finite, "row")
             << " left out for numbers that are not finite";
    return text.str();
}

VerifiedRows rows_to_verify(const LayerShape& shape) {
    const std::size_t sequences = shape.sequences_streamed(), heads = shape.heads_streamed();
    const std::size_t row = std::max<std::size_t>(1, shape.keys);
    if (sequences * heads * shape.queries <= kMostCells / row) {
        return {spread(shape.chosen_sequences, shape.sequences, sequences),
                spread(shape.chosen_heads, shape.heads, heads),
                spread(shape.queries, shape.queries)};
    }
    VerifiedRows rows;
    rows.sequences = spread(shape.chosen_sequences, shape.sequences, kMostSequences);
    rows.heads = spread(shape.chosen_heads, shape.heads, kMostHeads);
    const std::size_t fit = kMostCells / row / (rows.sequences.size() * rows.heads.size());
    rows.queries = spread(shape.queries, std::max(kLeastRows, fit));
    return rows;
}

template <class T>
Needs VerifySink<T>::needs() const {
    Needs needs;
    needs.scores = true;
    return needs;
}

template <class T>
void VerifySink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    rows_ = rows_to_verify(shape);
    const std::size_t rows = rows_.queries.size();
    heads_.assign(rows_.sequences.size() * rows_.heads.size(), Head());
    for (Head& head : heads_) {
        head.scores.assign(rows * shape.keys, -std::numeric_limits<T>::infinity());
        head.weights.assign(rows * shape.keys, T{0});
        head.context.assign(rows * shape.d_value, T{0});
    }
}

template <class T>
std::optional<std::size_t> VerifySink<T>::slot_of(std::size_t sequence, std::size_t head) const {
    const auto of_sequence = index_in(rows_.sequences, sequence);
    const auto of_head = index_in(rows_.heads, head);
    if (!of_sequence || !of_head) return std::nullopt;
    return *of_sequence * rows_.heads.size() + *of_head;
}

template <class T>
void VerifySink<T>::consume(const Tile<T>& tile) {
    const auto slot = slot_of(tile.sequence, tile.head);
    if (!slot) return;
    Head& head = heads_[*slot];
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const auto place = index_in(rows_.queries, tile.first_query + row);
        if (!place) continue;
        const auto copy = [&](const MatrixView<const T>& from, std::vector<T>& to,
                              std::size_t start) {
            std::copy(from.row(row).begin(), from.row(row).end(),
                      to.begin() + static_cast<std::ptrdiff_t>(start));
        };
        copy(tile.scores, head.scores, *place * shape_.keys + tile.active.begin);
        copy(tile.weights, head.weights, *place * shape_.keys + tile.active.begin);
        copy(tile.context, head.context, *place * shape_.d_value);
    }
}

template <class T>
void VerifySink<T>::save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const {
    const auto slot = slot_of(sequence, head);
    if (!slot) return;
    for (const auto* rows : {&heads_[*slot].scores, &heads_[*slot].weights, &heads_[*slot].context})
        to.put(*rows);
}

template <class T>
void VerifySink<T>::restore_head(std::size_t sequence, std::size_t head, ByteReader& from) {
    const auto slot = slot_of(sequence, head);
    if (!slot) return;
    for (auto* rows : {&heads_[*slot].scores, &heads_[*slot].weights, &heads_[*slot].context})
        from.take(*rows);
}

template <class T>
void VerifySink<T>::end_layer(const LayerOutputs<T>& outputs) {
    const LayerResult<T>& attention = *outputs.attention;
    AttentionOptions<T> options = options_(shape_.layer);
    // Queries and keys are rotated already, and the cache stands in front of them.
    options.rotary.reset();
    options.past_key = options.past_value = {};
    for (const std::size_t sequence : rows_.sequences) {
        for (const std::size_t head : rows_.heads) {
            const HeadPlace place{sequence, head};
            const auto defined =
                define_head<double>(attention.q.view, attention.k.view, attention.v.view, options,
                                    place, rows_.queries);
            compare(place, heads_[*slot_of(sequence, head)], defined, options);
        }
    }
    heads_.clear();
    ++result_.layers;
    result_.heads += rows_.sequences.size() * rows_.heads.size();
    result_.rows += rows_.sequences.size() * rows_.heads.size() * rows_.queries.size();
    result_.all_rows += shape_.slots() * shape_.queries;
}

template <class T>
void VerifySink<T>::compare(const HeadPlace& place, const Head& seen,
                            const DefinedHead<double>& defined,
                            const AttentionOptions<T>& options) {
    const ScoreStage stage = options.score_stage;
    const HeadBounds bounds = rounding_bounds<T>(defined);
    for (std::size_t row = 0; row < rows_.queries.size(); ++row) {
        const Row<T> kinds[] = {
            {"score", seen.scores, defined.at(stage), bounds.at(stage), row},
            {"weight", seen.weights, defined.weights, bounds.weights, row},
            {"context", seen.context, defined.context, bounds.context, row},
        };
        const bool is_finite = std::all_of(std::begin(kinds), std::end(kinds),
                                           [](const Row<T>& kind) { return kind.is_finite(); });
        if (!is_finite && options.allow_nonfinite) {
            ++result_.not_finite;
            continue;
        }
        for (const Row<T>& kind : kinds) {
            for (std::size_t i = 0; i < kind.width(); ++i) {
                const double times = kind.excess(i);
                result_.largest = std::max(result_.largest, times);
                if (times <= 1 || result_.first) continue;
                Discrepancy found{kind.what,
                                  shape_.layer,
                                  place.sequence,
                                  place.head,
                                  rows_.queries[row],
                                  {},
                                  {},
                                  kind.seen_at(i),
                                  kind.defined_at(i),
                                  kind.bound_at(i)};
                (&kind.seen == &seen.context ? found.column : found.key) = i;
                result_.first = found;
            }
        }
    }
}

template class VerifySink<float>;
template class VerifySink<double>;

}  // namespace attn::analysis
