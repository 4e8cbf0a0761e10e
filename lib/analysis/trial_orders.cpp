// In which order heads stand, and key/value heads, told by the observation: by matching, not by
// trying all orders.
#include <algorithm>

#include "analysis/head_matching.hpp"
#include "analysis/trial.hpp"
#include "analysis/value_matching.hpp"
#include "core/index_list.hpp"

namespace attn::analysis {
namespace {

// W_O as it lies; none where the contexts stand side by side.
struct OutputProjection {
    Array<double> matrix;
    MatrixOrder order = MatrixOrder::in_out;
};

// What some heads make of their contexts [rows, heads * width], in these cells of the output.
std::vector<double> part_of_output(const std::vector<double>& contexts, std::size_t row,
                                   std::size_t width, const std::vector<std::size_t>& heads,
                                   const OutputProjection& W_O,
                                   const std::vector<std::size_t>& cells) {
    const bool projects = !W_O.matrix.empty();
    const std::size_t columns = projects ? output_width(W_O.matrix, W_O.order) : row;
    const bool in_first = W_O.order == MatrixOrder::in_out;
    std::vector<double> part;
    for (const std::size_t cell : cells) {
        const double* const context = contexts.data() + cell / columns * row;
        const std::size_t column = cell % columns;
        double sum = 0;
        for (const std::size_t head : heads) {
            const std::size_t first = head * width, end = first + width;
            if (!projects) {
                sum += column >= first && column < end ? context[column] : 0;
                continue;
            }
            for (std::size_t i = first; i < end; ++i) {
                sum += context[i] *
                       W_O.matrix.data()[in_first ? i * columns + column : column * row + i];
            }
        }
        part.push_back(sum);
    }
    return part;
}

// Every so many of the rows, so that no more than `most` are left: the first ones may have no key.
std::vector<std::size_t> spread_rows(const std::vector<std::size_t>& rows, std::size_t most) {
    std::vector<std::size_t> chosen;
    for (const std::size_t at : thin_out(rows.size(), most)) chosen.push_back(rows[at]);
    return chosen;
}

// Nothing is told where the order is the right one.
bool take_order(const std::optional<std::vector<std::size_t>>& found,
                std::vector<std::size_t> Mistakes::*order, Explanation& explanation,
                Mistakes& mistakes) {
    if (!found || order_text(*found).empty()) return false;
    mistakes.*order = *found;
    explanation.add_detail(order_text(*found));
    return true;
}

}  // namespace

// A few rows show that it is some order, the sample which: in a row that has one key, or none, all
// heads are the same.
std::optional<std::vector<std::size_t>> Trial::matched(
    HeadMatching& matching, SoftmaxAxis axis, const std::function<void(Piece)>& add) const {
    add(glance_at(axis));
    if (!matching.order()) return std::nullopt;
    for (const Piece& piece : pieces(axis, true)) add(piece);
    return matching.order();
}

bool Trial::choose_head_order(Explanation& explanation, Mistakes& mistakes) {
    const DenseComputation computation(inputs_, mistakes, store_);
    HeadMatching matching(observation_.kind, extents_.heads, unit_);
    const auto add = [&](Piece piece) {
        piece.heads = count_up(extents_.heads);
        matching.add(face(computation, observation_, piece));
    };
    return take_order(matched(matching, whole_axis(mistakes), add), &Mistakes::head_order,
                      explanation, mistakes);
}

// An output is the sum of what each head makes of some head's values, or keys and values: `order`
// says which of the two. `piece`: some rows of a sequence.
void Trial::add_parts(const Piece& piece, const Mistakes& mistakes, KeyValueOrder order,
                      std::size_t cells_at_most, ValueParts& all) {
    const DenseComputation right(inputs_, mistakes, store_);
    const std::size_t heads = right.heads(), values = right.kv_heads();
    Faced faced = face(right, observation_, piece);
    std::vector<std::vector<std::size_t>> groups(values);
    for (std::size_t head = 0; head < heads; ++head) groups[right.kv_head(head)].push_back(head);
    OutputProjection W_O{output_matrix(inputs_, mistakes)};
    if (inputs_.weights != nullptr) W_O.order = inputs_.weights->order;
    const std::vector<std::size_t> cells = thin_out(faced.seen.size(), cells_at_most);
    for (std::size_t head = 0; head < values; ++head) {
        Mistakes of_head = mistakes;
        of_head.missing_W_O = true;
        of_head.added_residual = false;
        (of_head.*order).assign(values, head);
        const std::vector<double> contexts =
            DenseComputation(inputs_, of_head, store_).output(piece.sequence, piece.rows);
        const std::size_t row = contexts.size() / piece.rows.size();
        for (std::size_t place = 0; place < values; ++place) {
            const std::vector<double> part =
                part_of_output(contexts, row, row / heads, groups[place], W_O, cells);
            std::vector<double>& parts = all.parts[place * values + head];
            parts.insert(parts.end(), part.begin(), part.end());
            if (head != place) continue;
            for (std::size_t i = 0; i < cells.size(); ++i) faced.expected[cells[i]] -= part[i];
        }
    }
    // What is left of the expected output is what no head made: biases and the like.
    for (const std::size_t cell : cells)
        all.seen.push_back(faced.seen[cell] - faced.expected[cell]);
}

// In all sequences of the sample: in one of them there may be no key.
bool Trial::choose_in_output(Explanation& explanation, Mistakes& mistakes, KeyValueOrder order) {
    const DenseComputation right(inputs_, mistakes, store_);
    const std::size_t values = right.kv_heads();
    const std::size_t most = explanation.mistakes.size() > 1 ? 16 : 32;  // more take too long
    if (values > most) return false;
    constexpr std::size_t kRows = 12;
    std::vector<Piece> pieces = this->pieces(mistakes.axis, true);
    ValueParts all{values, std::vector<std::vector<double>>(values * values), {}};
    for (Piece& piece : pieces) {
        piece.rows = spread_rows(piece.rows, kRows);
        add_parts(piece, mistakes, order, (4 * values * values + 64) / pieces.size(), all);
    }
    return take_order(match_values(all), order, explanation, mistakes);
}

bool Trial::choose_value_order(Explanation& explanation, Mistakes& mistakes) {
    return choose_in_output(explanation, mistakes, &Mistakes::value_order);
}

// A softmax over the heads reads all key/value heads for each weight, so that none can be matched
// by itself: of few, all orders are tried.
bool Trial::choose_among_orders(Explanation& explanation, Mistakes& mistakes) {
    constexpr std::size_t kMost = 4;
    std::vector<std::size_t> order =
        count_up(DenseComputation(inputs_, mistakes, store_).kv_heads());
    if (order.size() > kMost) return false;
    std::vector<std::vector<std::size_t>> orders;
    do orders.push_back(order);
    while (std::next_permutation(order.begin(), order.end()));
    const std::size_t best =
        nearest(mistakes, count_up(orders.size()),
                [&](Mistakes& tried, std::size_t index) { tried.kv_order = orders[index]; });
    return take_order(orders[best], &Mistakes::kv_order, explanation, mistakes);
}

// In matrices each place is compared with what each head would give there.
bool Trial::choose_kv_order(Explanation& explanation, Mistakes& mistakes) {
    if (mistakes.axis == SoftmaxAxis::heads && observation_.kind != Observed::scores)
        return choose_among_orders(explanation, mistakes);
    if (observation_.kind == Observed::output)
        return choose_in_output(explanation, mistakes, &Mistakes::kv_order);
    const DenseComputation right(inputs_, mistakes, store_);
    const std::size_t values = right.kv_heads();
    const std::size_t most = explanation.mistakes.size() > 1 ? 8 : 32;  // more take too long
    if (values > most) return false;
    std::vector<std::vector<std::size_t>> readers(values);
    for (std::size_t head = 0; head < right.heads(); ++head)
        readers[right.kv_head(head)].push_back(head);
    std::vector<DenseComputation> computations;
    for (std::size_t head = 0; head < values; ++head) {
        Mistakes of_head = mistakes;
        of_head.kv_order.assign(values, head);
        computations.emplace_back(inputs_, of_head, store_);
    }
    HeadMatching matching(observation_.kind, values, unit_);
    const auto add = [&](Piece piece) {
        piece.heads = count_up(extents_.heads);
        for (std::size_t head = 0; head < values; ++head)
            matching.add(face(computations[head], observation_, piece), head, readers);
    };
    return take_order(matched(matching, whole_axis(mistakes), add), &Mistakes::kv_order,
                      explanation, mistakes);
}

}  // namespace attn::analysis
