#include "attention/attend_by_definition.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/definition.hpp"
#include "attention/divided_layer.hpp"
#include "attention/overflow.hpp"
#include "attention/stream_tiles.hpp"
#include "attention/travelling_contexts.hpp"

namespace attn {
namespace {

// The most cells of a matrix of a tile: the definition holds a dozen of them at once.
constexpr std::size_t kMostCells = std::size_t{1} << 18;

template <class T>
Array<T> narrowed(const Array<double>& array) {
    const auto values = array.values();
    std::vector<T> narrow;
    narrow.reserve(values.size());
    for (const double value : values) narrow.push_back(static_cast<T>(value));
    return Array<T>(array.shape(), std::move(narrow));
}

// What was computed in double, in the type of the tiles; what leaves its range is infinite.
template <class T>
DefinedHead<T> narrowed(const DefinedHead<double>& head) {
    DefinedHead<T> narrow;
    narrow.scale = static_cast<T>(head.scale);
    narrow.q = narrowed<T>(head.q);
    narrow.k = narrowed<T>(head.k);
    narrow.v = narrowed<T>(head.v);
    narrow.scaled = narrowed<T>(head.scaled);
    narrow.softcapped = narrowed<T>(head.softcapped);
    narrow.added = narrowed<T>(head.added);
    narrow.may_attend = head.may_attend;
    narrow.scores = narrowed<T>(head.scores);
    narrow.weights = narrowed<T>(head.weights);
    narrow.context = narrowed<T>(head.context);
    for (const double value : head.logsumexp) narrow.logsumexp.push_back(static_cast<T>(value));
    return narrow;
}

// Refuses what is not finite, first the causes, then what came of them.
template <class T>
class FiniteRows {
  public:
    FiniteRows(OverflowPlace place, std::size_t first_query, const DefinedHead<T>& head)
        : place_(place), first_query_(first_query), head_(head) {}

    void check() {
        const std::size_t rows = head_.weights.extent(0);
        for (std::size_t row = 0; row < rows; ++row) check_row(row);
    }

  private:
    void check_row(std::size_t row) {
        const std::size_t keys = head_.weights.extent(1), width = head_.v.extent(1);
        bool empty = true, lowest = true;
        place_.query = first_query_ + row;
        for (std::size_t key = 0; key < keys; ++key) {
            const std::size_t cell = row * keys + key;
            if (head_.may_attend[cell] == 0) continue;
            place_.key = key;
            if (!std::isfinite(head_.scaled.data()[cell])) refuse("the score (scale * q.k)");
            const T score = head_.scores.data()[cell];
            if (!(score <= std::numeric_limits<T>::max()))
                refuse("the score with its biases or its mask");
            empty = false;
            lowest = lowest && !std::isfinite(score);
        }
        if (!empty && lowest) refuse("like all of its row, the score with its biases or its mask");
        place_.key.reset();
        for (std::size_t column = 0; column < width; ++column) {
            if (std::isfinite(head_.context.data()[row * width + column])) continue;
            place_.column = column;
            refuse("the context (weights times values)");
        }
    }

    [[noreturn]] void refuse(const std::string& what) const { refuse_overflow<T>(place_, what); }

    OverflowPlace place_;
    std::size_t first_query_;
    const DefinedHead<T>& head_;
};

// What a tile says beside the matrices.
template <class T>
class TileFacts {
  public:
    TileFacts(const Mask<T>& mask, const HeadPlace& place, std::size_t first_query,
              const DefinedHead<T>& head, bool sum_rows)
        : rows_(head.weights.extent(0)), keys_(head.weights.extent(1)) {
        for (std::size_t row = 0; row < rows_; ++row)
            allowed_.push_back(mask.allowed(place.sequence, first_query + row));
        if (mask.blocks_cells()) {
            blocked_.resize(rows_ * keys_);
            for (std::size_t cell = 0; cell < blocked_.size(); ++cell)
                blocked_[cell] = head.may_attend[cell] == 0;
        }
        for (std::size_t row = 0; row < rows_ && sum_rows; ++row) {
            logsumexp_.push_back(static_cast<double>(head.logsumexp[row]));
            entropy_.push_back(0);
            for (const T weight : head.weights.matrix().row(row)) {
                const auto w = static_cast<double>(weight);
                if (w > 0) entropy_.back() -= w * std::log(w);
            }
            score_sums_.push_back(
                kernels<T>().sum_scores(head.scores.matrix().row(row).data(), keys_));
        }
    }

    void tell(Tile<T>& tile) const {
        tile.active = {0, keys_};
        tile.allowed = allowed_;
        if (!blocked_.empty()) tile.blocked = {blocked_.data(), rows_, keys_};
        tile.logsumexp = logsumexp_;
        tile.entropy = entropy_;
        tile.score_sums = score_sums_;
    }

  private:
    std::size_t rows_, keys_;
    std::vector<KeyRange> allowed_;
    std::vector<std::uint8_t> blocked_;
    std::vector<double> logsumexp_, entropy_;
    std::vector<ScoreSums> score_sums_;
};

}  // namespace

template <class T>
Array<T> attend_by_definition(std::size_t layer, const HeadsView<T>& q, const HeadsView<T>& k,
                              const HeadsView<T>& v, const AttentionOptions<T>& options,
                              const Sinks<T>& sinks, const LayerShare& share) {
    LayerShape shape;
    shape.layer = layer;
    shape.sequences = q.batch;
    shape.heads = q.heads;
    shape.queries = q.tokens;
    shape.keys = k.tokens + (options.past_key.empty() ? 0 : options.past_key.extent(2));
    shape.d_value = v.width;
    shape.block_rows = std::clamp<std::size_t>(kMostCells / std::max<std::size_t>(1, shape.keys), 1,
                                               std::max<std::size_t>(1, q.tokens));
    shape.chosen_sequences = share.sequences;
    shape.chosen_heads = share.heads;
    const Needs needs = needs_of(sinks);
    const Mask<T> mask(options.mask, shape.keys);
    const Division division = divide_layer(mask, shape, sinks, share.output);
    const std::size_t columns = shape.heads * shape.d_value;
    std::vector<T> contexts(shape.sequences * shape.queries * columns);
    const TileOrder order(shape, BlockOrder::falling, wants_blocks(sinks));
    TravellingContexts<T> travelling(share.output ? division : Division(), shape, order,
                                     contexts.data());

    const auto make = [&](const TilePlace& at, const Emit<T>& emit) {
        const HeadPlace place{at.sequence, at.head};
        const std::size_t first = at.block * shape.block_rows;
        std::vector<std::size_t> queries(shape.rows_of_block(at.block));
        for (std::size_t row = 0; row < queries.size(); ++row) queries[row] = first + row;
        const auto head = narrowed<T>(define_head<double>(q, k, v, options, place, queries));
        if (!options.allow_nonfinite) {
            OverflowPlace of_head;
            of_head.layer = layer;
            of_head.sequence = place.sequence;
            of_head.head = place.head;
            FiniteRows<T>(of_head, first, head).check();
        }
        for (std::size_t row = 0; row < queries.size(); ++row) {
            const Span<const T> context = head.context.matrix().row(row);
            std::copy(context.begin(), context.end(),
                      contexts.data() + (place.sequence * shape.queries + queries[row]) * columns +
                          place.head * shape.d_value);
        }
        const TileFacts<T> facts(mask, place, first, head, needs.row_sums);
        Tile<T> tile;
        tile.layer = layer;
        tile.sequence = place.sequence;
        tile.head = place.head;
        tile.first_query = first;
        facts.tell(tile);
        tile.weights = head.weights.matrix();
        if (needs.scores) tile.scores = head.at(options.score_stage).matrix();
        tile.context = head.context.matrix();
        emit(tile);
        travelling.finish(at);
    };
    stream_tiles(shape, sinks, order, share.output, division, make,
                 [&](const auto& loop) { travelling.meanwhile(loop); });
    return Array<T>({shape.sequences, shape.queries, columns}, std::move(contexts));
}

template Array<float> attend_by_definition(std::size_t, const HeadsView<float>&,
                                           const HeadsView<float>&, const HeadsView<float>&,
                                           const AttentionOptions<float>&, const Sinks<float>&,
                                           const LayerShare&);
template Array<double> attend_by_definition(std::size_t, const HeadsView<double>&,
                                            const HeadsView<double>&, const HeadsView<double>&,
                                            const AttentionOptions<double>&, const Sinks<double>&,
                                            const LayerShare&);

}  // namespace attn
