#include "analysis/head_gradients.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "analysis/jacobian.hpp"
#include "analysis/row_limits.hpp"

namespace attn::analysis {
namespace {

constexpr double kVanished = 1e-3;

struct RowGradients {
    double context = 0, weights = 0, scores = 0, q = 0;  // sums of squares
    double dot = 0;
    Jacobian jacobian;
    double largest = 0;
    bool has_keys = false;
    bool counts = false;   // for the Jacobian
    bool correct = false;  // what must hold does
};

template <class T>
double squares_of(Span<const T> values) {
    double sum = 0;
    for (const T value : values) sum += static_cast<double>(value) * static_cast<double>(value);
    return sum;
}

template <class T>
std::size_t attended_keys(const Tile<T>& tile, std::size_t row) {
    const KeyRange allowed = tile.allowed[row];
    if (allowed.empty()) return 0;
    if (tile.blocked.empty()) return allowed.size();
    const std::uint8_t* first = tile.blocked.row(row).data() + (allowed.begin - tile.active.begin);
    return allowed.size() -
           static_cast<std::size_t>(std::count_if(
               first, first + allowed.size(), [](std::uint8_t blocked) { return blocked != 0; }));
}

// Whether the sums are what they must be, within what rounding makes of products that cancel. Of
// NaN nothing is known.
template <class T>
bool sums_are_right(const GradientTile<T>& tile, std::size_t row) {
    if (!std::isfinite(tile.weight_squares[row]) || !std::isfinite(tile.dots[row])) return true;
    const bool has_sinks = !tile.sink_shares.empty();
    const double size = std::sqrt(tile.weight_squares[row]) + std::abs(tile.dots[row]);
    const double most = (sizeof(T) == sizeof(float) ? 1e-2 : 1e-8) * size;
    return std::abs(tile.weighted[row] - tile.dots[row]) <= most &&
           (has_sinks || std::abs(tile.score_sums[row]) <= most);
}

double ratio(double a, double b) {
    return b > 0 ? a / b : HeadGradientStats::kNone;
}

void summarise_rows(const std::vector<RowGradients>& rows, bool spectral,
                    HeadGradientStats& stats) {
    double context = 0, weights = 0, scores = 0, q = 0, dots = 0;
    double norm = 0, trace = 0, eigenvalue = 0, vanishing = 0, counted = 0;
    double saturated = 0, with_keys = 0;
    for (const RowGradients& row : rows) {
        context += row.context, weights += row.weights, scores += row.scores, q += row.q;
        dots += row.dot;
        if (row.has_keys) with_keys += 1, saturated += row.largest > kSaturatedRow ? 1 : 0;
        if (!row.counts) continue;
        counted += 1;
        norm += row.jacobian.norm;
        trace += row.jacobian.trace;
        eigenvalue += row.jacobian.spectral;
        vanishing += row.jacobian.norm < kVanished ? 1 : 0;
    }
    stats.grad_context = std::sqrt(context);
    stats.grad_weights = std::sqrt(weights);
    stats.grad_scores = std::sqrt(scores);
    stats.grad_q = std::sqrt(q);
    stats.softmax_gain = ratio(stats.grad_scores, stats.grad_weights);
    stats.jacobian_norm = ratio(norm, counted);
    stats.jacobian_trace = ratio(trace, counted);
    if (spectral) stats.jacobian_spectral = ratio(eigenvalue, counted);
    stats.vanishing_rows = ratio(vanishing, counted);
    stats.saturation = ratio(saturated, with_keys);
    stats.importance = std::abs(dots);
}

}  // namespace

bool is_nonfinite(const HeadGradientStats& head) {
    const double all[] = {head.grad_context, head.grad_weights, head.grad_scores,
                          head.grad_q,       head.grad_k,       head.grad_v};
    return !std::all_of(std::begin(all), std::end(all), [](double x) { return std::isfinite(x); });
}

const std::vector<GradientMeasure>& gradient_measures() {
    using Stats = HeadGradientStats;
    static const std::vector<GradientMeasure> all = {
        {"grad_context", &Stats::grad_context, "norm of the gradient of the contexts"},
        {"grad_weights", &Stats::grad_weights, "of the weights that may be attended"},
        {"grad_scores", &Stats::grad_scores, "of the scores that softmax saw"},
        {"grad_q", &Stats::grad_q, "of the queries, rotated"},
        {"grad_k", &Stats::grad_k, "of the keys, rotated: this head's own part"},
        {"grad_v", &Stats::grad_v, "of the values: this head's own part"},
        {"softmax_gain", &Stats::softmax_gain,
         "grad_scores / grad_weights, at most 0.5: what softmax lets through"},
        {"jacobian_norm", &Stats::jacobian_norm,
         "mean size of softmax's Jacobian: small for one-hot and for wide uniform rows"},
        {"jacobian_trace", &Stats::jacobian_trace,
         "its mean trace: 0 one-hot, 1 - 1/m uniform over m keys; saturated heads have both small"},
        {"jacobian_spectral", &Stats::jacobian_spectral,
         "its mean largest eigenvalue, at most 0.5 (--spectral)"},
        {"vanishing_rows", &Stats::vanishing_rows,
         "share of rows whose Jacobian is below 0.001: they pass no gradient to queries and keys"},
        {"saturation", &Stats::saturation, "share of rows with a weight above 0.999"},
        {"importance", &Stats::importance,
         "abs(sum of context * its gradient): what the loss would feel without the head"},
    };
    return all;
}

template <class T>
struct HeadGradientSink<T>::Rows {
    std::vector<RowGradients> rows;
};

template <class T>
HeadGradientSink<T>::HeadGradientSink(bool spectral) : spectral_(spectral) {}

template <class T>
HeadGradientSink<T>::~HeadGradientSink() = default;

template <class T>
void HeadGradientSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    heads_.assign(shape.slots(), {});
    rows_.clear();
    rows_.resize(shape.slots());
    violation_.clear();
}

template <class T>
typename HeadGradientSink<T>::Rows& HeadGradientSink<T>::rows_of(std::size_t slot) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!rows_[slot])
        rows_[slot] = std::make_unique<Rows>(Rows{std::vector<RowGradients>(shape_.queries)});
    return *rows_[slot];
}

template <class T>
void HeadGradientSink<T>::consume(const GradientTile<T>& gradients) {
    const Tile<T>& tile = gradients.tile;
    Rows& head = rows_of(shape_.slot(tile.sequence, tile.head));
    const bool has_sinks = !gradients.sink_shares.empty();  // which are places too
    for (std::size_t index = 0; index < tile.rows(); ++index) {
        RowGradients row;
        row.context = squares_of(gradients.context.row(index));
        row.weights = gradients.weight_squares[index];
        row.scores = gradients.score_squares[index];
        row.q = squares_of(gradients.q.row(index));
        row.dot = gradients.dots[index];
        row.correct = sums_are_right(gradients, index);
        const std::size_t keys = attended_keys(tile, index);
        const KeyRange allowed = tile.allowed[index];
        const Span<const T> weights(
            tile.weights.row(index).data() + (keys == 0 ? 0 : allowed.begin - tile.active.begin),
            keys == 0 ? 0 : allowed.size());
        row.has_keys = keys > 0;
        row.counts = keys > 0 && keys + (has_sinks ? 1 : 0) > 1;
        if (row.has_keys) {
            const Jacobian found = measure_jacobian(
                weights, has_sinks ? gradients.sink_shares[index] : 0.0, spectral_);
            row.largest = found.largest;
            if (row.counts) row.jacobian = found;
        }
        head.rows[tile.first_query + index] = row;
    }
}

template <class T>
void HeadGradientSink<T>::end_head(std::size_t sequence, std::size_t place,
                                   const HeadGradients& own) {
    const std::size_t slot = shape_.slot(sequence, place);
    HeadGradientStats stats;
    stats.layer = shape_.layer;
    stats.sequence = sequence;
    stats.head = shape_.number_of(place);
    summarise_rows(rows_[slot]->rows, spectral_, stats);
    stats.grad_k = std::sqrt(own.k_squares);
    stats.grad_v = std::sqrt(own.v_squares);
    const std::vector<RowGradients>& rows = rows_[slot]->rows;
    const auto wrong = std::find_if(rows.begin(), rows.end(),
                                    [](const RowGradients& row) { return !row.correct; });
    const std::lock_guard<std::mutex> lock(mutex_);
    if (wrong != rows.end()) {
        take_violation(
            slot, "layer " + std::to_string(shape_.layer) + ", head " + std::to_string(stats.head) +
                      ", query " + std::to_string(wrong - rows.begin()) +
                      ": the gradients of its weights do not agree with that of its context, or "
                      "those of its scores do not sum to 0: numbers cancel; give --precision f64");
    }
    heads_[slot] = stats;
    rows_[slot].reset();
}

// That of the first head, whoever ends first.
template <class T>
void HeadGradientSink<T>::take_violation(std::size_t slot, const std::string& text) {
    if (!violation_.empty() && violated_slot_ <= slot) return;
    violated_slot_ = slot;
    violation_ = text;
}

template <class T>
void HeadGradientSink<T>::save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const {
    const std::size_t slot = shape_.slot(sequence, head);
    to.put(heads_[slot]);
    to.put(slot == violated_slot_ ? violation_ : std::string());
}

template <class T>
void HeadGradientSink<T>::restore_head(std::size_t sequence, std::size_t head, ByteReader& from) {
    const std::size_t slot = shape_.slot(sequence, head);
    from.take(heads_[slot]);
    std::string violation;
    from.take(violation);
    if (!violation.empty()) take_violation(slot, violation);
}

template class HeadGradientSink<float>;
template class HeadGradientSink<double>;

}  // namespace attn::analysis
