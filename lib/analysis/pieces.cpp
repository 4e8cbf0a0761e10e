#include "analysis/pieces.hpp"

#include <algorithm>
#include <set>

#include "core/index_list.hpp"

namespace attn::analysis {
namespace {

// Rows are keys where softmax runs over the queries: a row of cells is then a column.
std::size_t rows_of(const Extents& extents, Observed kind, SoftmaxAxis axis) {
    return axis == SoftmaxAxis::queries && kind != Observed::output ? extents.keys
                                                                    : extents.queries;
}

// Cells that a row of one head costs.
std::size_t cost_of_row(const Extents& extents, Observed kind, SoftmaxAxis axis) {
    return rows_of(extents, kind, axis) == extents.keys && axis == SoftmaxAxis::queries &&
                   kind != Observed::output
               ? extents.queries
               : extents.keys;
}

bool needs_all_heads(Observed kind, SoftmaxAxis axis) {
    return kind == Observed::output || axis == SoftmaxAxis::heads;
}

std::vector<std::size_t> range(std::size_t first, std::size_t end) {
    std::vector<std::size_t> all;
    for (std::size_t i = first; i < end; ++i) all.push_back(i);
    return all;
}

// `count` of `total`, evenly spread and with the last one, and `one` besides.
std::vector<std::size_t> spread(std::size_t total, std::size_t count, std::size_t one) {
    std::set<std::size_t> chosen{std::min(one, total - 1)};
    count = std::min(count, total);
    for (std::size_t i = 0; i < count; ++i) chosen.insert((i + 1) * total / count - 1);
    return {chosen.begin(), chosen.end()};
}

}  // namespace

SoftmaxAxis whole_axis(const Mistakes& mistakes) {
    return mistakes.averaged ? SoftmaxAxis::heads : mistakes.axis;
}

bool is_little(const Extents& extents) {
    constexpr std::size_t kLittle = std::size_t{1} << 14;
    return extents.cells() <= kLittle;
}

std::vector<Piece> whole(const Extents& extents, Observed kind, SoftmaxAxis axis) {
    constexpr std::size_t kCells = std::size_t{1} << 20;
    const std::size_t rows = rows_of(extents, kind, axis);
    const std::size_t cost = cost_of_row(extents, kind, axis);
    // An output with softmax over the queries computes everything for any of its rows.
    const bool all_rows = kind == Observed::output && axis == SoftmaxAxis::queries;
    const std::size_t heads_at_once =
        needs_all_heads(kind, axis)
            ? extents.heads
            : std::clamp<std::size_t>(kCells / (rows * cost), 1, extents.heads);
    const std::size_t rows_at_once =
        all_rows ? rows : std::clamp<std::size_t>(kCells / (heads_at_once * cost), 1, rows);
    std::vector<Piece> pieces;
    for (std::size_t sequence = 0; sequence < extents.batch; ++sequence) {
        for (std::size_t head = 0; head < extents.heads; head += heads_at_once) {
            for (std::size_t row = 0; row < rows; row += rows_at_once) {
                pieces.push_back({sequence,
                                  range(head, std::min(extents.heads, head + heads_at_once)),
                                  range(row, std::min(rows, row + rows_at_once))});
            }
        }
    }
    return pieces;
}

std::vector<Piece> sample(const Extents& extents, Observed kind, SoftmaxAxis axis,
                          const Place& place) {
    if (is_little(extents)) return whole(extents, kind, axis);
    constexpr std::size_t kCells = 12000, kSequences = 2, kHeads = 3, kMostRows = 12;
    const std::size_t rows = rows_of(extents, kind, axis);
    const std::vector<std::size_t> sequences = spread(extents.batch, kSequences, place.sequence);
    const std::vector<std::size_t> heads = needs_all_heads(kind, axis)
                                               ? range(0, extents.heads)
                                               : spread(extents.heads, kHeads, place.head);
    const std::size_t fit =
        kCells / (sequences.size() * heads.size() * cost_of_row(extents, kind, axis));
    const std::size_t one =
        axis == SoftmaxAxis::queries && kind != Observed::output ? place.key : place.query;
    std::vector<Piece> pieces;
    for (const std::size_t sequence : sequences) {
        pieces.push_back(
            {sequence, heads, spread(rows, std::clamp<std::size_t>(fit, 2, kMostRows), one)});
    }
    return pieces;
}

Piece glance(const Extents& extents, Observed kind, SoftmaxAxis axis, const Place& place) {
    const std::size_t one =
        axis == SoftmaxAxis::queries && kind != Observed::output ? place.key : place.query;
    return {place.sequence,
            needs_all_heads(kind, axis) ? range(0, extents.heads)
                                        : spread(extents.heads, 1, place.head),
            spread(rows_of(extents, kind, axis), 1, one)};
}

Faced face(const DenseComputation& computation, const Observation& observation,
           const Piece& piece) {
    const ObservedValues& values = observation.values;
    Faced faced;
    if (observation.kind == Observed::output) {
        faced.width = values.extent(2);
        faced.expected = computation.output(piece.sequence, piece.rows);
        for (const std::size_t row : piece.rows) {
            const std::size_t place =
                piece.sequence * values.extent(1) + place_in(observation.queries, row);
            const std::size_t first = place * faced.width;
            for (std::size_t i = first; i < first + faced.width; ++i)
                faced.seen.push_back(values[i]);
        }
        return faced;
    }
    const Mistakes& mistakes = computation.mistakes();
    const std::size_t queries = computation.queries(), keys = computation.keys();
    DenseCells cells{piece.sequence, piece.heads, piece.rows, count_up(keys)};
    if (mistakes.axis == SoftmaxAxis::queries) {
        cells.queries = count_up(queries);
        cells.keys = piece.rows;
    }
    faced.block = computation.block(std::move(cells));
    const DenseCells& of = faced.block.cells;
    faced.width = of.keys.size();
    faced.expected =
        observation.kind == Observed::weights ? faced.block.weights : faced.block.scores;
    faced.seen.reserve(of.count());
    // The observation as it was before it was transposed.
    const bool flipped = mistakes.transposed && queries == keys;
    for (const std::size_t head : of.heads) {
        const std::size_t place =
            piece.sequence * values.extent(1) + place_in(observation.heads, head);
        const std::size_t first = place * values.extent(2) * keys;
        for (const std::size_t at : of.queries) {
            const std::size_t query = place_in(observation.queries, at);
            for (const std::size_t key : of.keys)
                faced.seen.push_back(
                    values[first + (flipped ? key * keys + query : query * keys + key)]);
        }
    }
    return faced;
}

}  // namespace attn::analysis
