// What a mistake chooses among a few, told by the observation: which heads, which layer, how many.
#include <algorithm>

#include "analysis/head_matching.hpp"
#include "analysis/other_relative.hpp"
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

}  // namespace

// A few rows show that it is some order, the sample which: in a row that has one key, or none, all
// heads are the same. Nothing is told where the order is the right one.
bool Trial::choose_head_order(Explanation& explanation, Mistakes& mistakes) {
    const DenseComputation computation(inputs_, mistakes, store_);
    HeadMatching matching(observation_.kind, extents_.heads, unit_);
    const auto add = [&](Piece piece) {
        piece.heads = count_up(extents_.heads);
        matching.add(face(computation, observation_, piece));
    };
    add(glance_at(whole_axis(mistakes)));
    if (!matching.order()) return false;
    for (const Piece& piece : pieces(whole_axis(mistakes), true)) add(piece);
    const auto order = matching.order();
    if (!order || order_text(*order).empty()) return false;
    mistakes.head_order = *order;
    explanation.add_detail(order_text(*order));
    return true;
}

// An output is the sum of what each head makes of some head's values.
bool Trial::choose_value_order(Explanation& explanation, Mistakes& mistakes) {
    const DenseComputation right(inputs_, mistakes, store_);
    const std::size_t heads = right.heads(), values = right.kv_heads();
    const std::size_t most = explanation.mistakes.size() > 1 ? 16 : 32;  // more take too long
    if (values > most) return false;
    constexpr std::size_t kRows = 12;
    Piece piece = pieces(mistakes.axis, true).front();
    piece.rows.resize(std::min(kRows, piece.rows.size()));
    Faced faced = face(right, observation_, piece);
    std::vector<std::vector<std::size_t>> groups(values);
    for (std::size_t head = 0; head < heads; ++head) groups[right.kv_head(head)].push_back(head);
    OutputProjection W_O{output_matrix(inputs_, mistakes)};
    if (inputs_.weights != nullptr) W_O.order = inputs_.weights->order;
    const std::vector<std::size_t> cells = thin_out(faced.seen.size(), 4 * values * values + 64);
    ValueParts all;
    all.heads = values;
    all.parts.resize(values * values * cells.size());
    for (std::size_t head = 0; head < values; ++head) {
        Mistakes of_head = mistakes;
        of_head.missing_W_O = true;
        of_head.added_residual = false;
        of_head.value_order.assign(values, head);
        const std::vector<double> contexts =
            DenseComputation(inputs_, of_head, store_).output(piece.sequence, piece.rows);
        const std::size_t row = contexts.size() / piece.rows.size();
        for (std::size_t place = 0; place < values; ++place) {
            const std::vector<double> part =
                part_of_output(contexts, row, row / heads, groups[place], W_O, cells);
            std::copy(part.begin(), part.end(),
                      all.parts.begin() +
                          static_cast<std::ptrdiff_t>((place * values + head) * cells.size()));
            if (head != place) continue;
            for (std::size_t i = 0; i < cells.size(); ++i) faced.expected[cells[i]] -= part[i];
        }
    }
    // What is left of the expected output is what no head made: biases and the like.
    for (const std::size_t cell : cells)
        all.seen.push_back(faced.seen[cell] - faced.expected[cell]);
    const auto found = match_values(all);
    if (!found || order_text(*found).empty()) return false;
    mistakes.value_order = *found;
    explanation.add_detail(order_text(*found));
    return true;
}

// The value that comes nearest, of several the first: in the rows that are looked at first, or in
// the sample where those do not tell them apart, having too few keys.
std::size_t Trial::nearest(const Mistakes& mistakes, const std::vector<std::size_t>& values,
                           const std::function<void(Mistakes&, std::size_t)>& set) {
    const auto square_of = [&](std::size_t value, bool on_sample) {
        Mistakes tried = mistakes;
        set(tried, value);
        Closeness close(unit_, saved_, 0, is_weights());
        if (on_sample) {
            visit(tried, true, [&](const Piece&, const Faced& faced) { close.add(faced); });
        } else {
            const DenseComputation computation(inputs_, tried, store_);
            close.add(face(computation, observation_, glance_at(whole_axis(tried))));
        }
        return close.square();
    };
    std::vector<std::size_t> best;
    const auto keep_best_of = [&](const std::vector<std::size_t>& among, bool on_sample) {
        double least = kNoMatch * kNoMatch;
        best.assign(1, among.front());
        for (const std::size_t value : among) {
            const double square = square_of(value, on_sample);
            if (square > least || !(square < kNoMatch * kNoMatch)) continue;
            if (square < least) best.clear();
            least = square;
            best.push_back(value);
        }
    };
    keep_best_of(values, false);
    if (best.size() > 1) keep_best_of(std::vector<std::size_t>(best), true);
    return best.front();
}

// As many as the fullest row has; of outputs the number that comes nearest.
bool Trial::choose_top_keys(Explanation& explanation, Mistakes& mistakes) {
    const bool scores = observation_.kind == Observed::scores;
    if (scores && !mistakes.renormalises_top) return false;
    if (observation_.kind == Observed::output) {
        const auto set = [](Mistakes& m, std::size_t count) { m.top_keys = count; };
        std::vector<std::size_t> usual;
        // Of few keys each one counts: the error does not fall steadily towards the right number.
        constexpr std::size_t kSingly = 16;
        for (std::size_t count = 1; count < extents_.keys; count += count < kSingly ? 1 : count / 4)
            usual.push_back(count);
        if (usual.empty()) return false;
        std::size_t best = nearest(mistakes, usual, set);
        for (std::size_t step = best < kSingly ? 0 : best / 4; step > 0; step /= 2) {
            best = nearest(mistakes, {best, best - step, std::min(best + step, extents_.keys - 1)},
                           set);
        }
        mistakes.top_keys = best;
    } else {
        bool some_left_out = false;
        std::size_t most = 0;
        visit(mistakes, true, [&](const Piece&, const Faced& faced) {
            for (std::size_t first = 0; first < faced.seen.size(); first += faced.width) {
                std::size_t kept = 0, allowed = 0;
                for (std::size_t i = first; i < first + faced.width; ++i) {
                    kept += scores ? faced.seen[i] > kMask : faced.seen[i] != 0;
                    allowed += faced.expected[i] != 0 && faced.block.allowed[i];
                }
                most = std::max(most, kept);
                some_left_out = some_left_out || kept < allowed;
            }
        });
        if (most == 0 || !some_left_out) return false;
        mistakes.top_keys = most;
    }
    explanation.add_detail(std::to_string(mistakes.top_keys) + " in each row");
    return true;
}

// From the distances that people give; beside another mistake only those.
bool Trial::choose_max_distance(Explanation& explanation, Mistakes& mistakes) {
    const RelativeBias<double>& right = inputs_.options->mask.relative;
    const auto set = [&](Mistakes& m, std::size_t distance) {
        m.relative = with_max_distance(right, extents_.heads, distance);
    };
    const std::size_t exact = right.buckets() / 2;  // no distance is shared before
    const auto possible = [&](std::vector<std::size_t> distances) {
        for (std::size_t& distance : distances) distance = std::max(distance, exact + 1);
        return distances;
    };
    std::size_t best = nearest(
        mistakes, possible({128, 64, 256, 32, 20, 16, 10, 8, 512, 1024, 100, 50, 200}), set);
    for (std::size_t step = std::max<std::size_t>(1, best / 32), last = 0;
         explanation.mistakes.size() == 1 && step != last;
         last = step, step = std::max<std::size_t>(1, step / 8)) {
        std::vector<std::size_t> around{best};
        for (std::size_t i = 1; i <= 16; ++i)
            around.insert(around.end(), {best - std::min(best, i * step), best + i * step});
        best = nearest(mistakes, possible(around), set);
    }
    set(mistakes, best);
    explanation.add_detail("max distance " + std::to_string(best));
    return true;
}

bool Trial::choose_relative_layer(Explanation& explanation, Mistakes& mistakes) {
    const auto& others = inputs_.other_relative;
    const auto set = [&](Mistakes& m, std::size_t number) { m.relative = others[number].second; };
    const std::size_t best = nearest(mistakes, count_up(others.size()), set);
    set(mistakes, best);
    explanation.add_detail("layer " + std::to_string(others[best].first));
    return true;
}

// One half of the dimensions, or, where it is the only mistake, any eighths of them.
bool Trial::choose_pair_split(Explanation& explanation, Mistakes& mistakes) {
    const std::size_t all = 2 * inputs_.options->rotary->frequencies.radians.size();
    std::vector<std::size_t> parts{all / 2};
    for (std::size_t i = 1; i < 8 && explanation.mistakes.size() == 1; ++i) {
        if (all % 8 == 0 || i % 2 == 0) parts.push_back(i * all / 8);
    }
    const auto set = [](Mistakes& m, std::size_t until) { m.other_pairs_until = until; };
    set(mistakes, nearest(mistakes, parts, set));
    explanation.add_detail("the first " + std::to_string(mistakes.other_pairs_until) + " of " +
                           std::to_string(all));
    return true;
}

bool Trial::choose(Explanation& explanation, Mistakes& mistakes) {
    using Choice = bool (Trial::*)(Explanation&, Mistakes&);
    constexpr std::pair<Fit, Choice> kChoices[] = {
        {Fit::head_order, &Trial::choose_head_order},
        {Fit::value_order, &Trial::choose_value_order},
        {Fit::top_keys, &Trial::choose_top_keys},
        {Fit::max_distance, &Trial::choose_max_distance},
        {Fit::relative_layer, &Trial::choose_relative_layer},
        {Fit::pair_split, &Trial::choose_pair_split}};
    for (const auto& [fit, choice] : kChoices) {
        if (has(explanation, fit) && !(this->*choice)(explanation, mistakes)) return false;
    }
    return true;
}

}  // namespace attn::analysis
