#include "attention/tile_backward.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/query_offset.hpp"
#include "core/divide_up.hpp"

namespace attn {
namespace {

// factor * [columns, rows] of some rows; as the kernels take what they spread over a panel.
template <class T>
std::vector<T> transposed(MatrixView<const T> rows, T factor) {
    std::vector<T> result(rows.columns * rows.rows);
    for (std::size_t row = 0; row < rows.rows; ++row) {
        const Span<const T> from = rows.row(row);
        for (std::size_t i = 0; i < from.size(); ++i)
            result[i * rows.rows + row] = factor * from[i];
    }
    return result;
}

// Whether squares of such gradients may leave the range of T.
template <class T>
bool is_far_from_one(Span<const T> values) {
    const T bound = std::sqrt(std::sqrt(std::numeric_limits<T>::max()));
    T largest{0};
    for (const T value : values) largest = std::max(largest, std::abs(value));
    return largest > bound || (largest > 0 && largest < 1 / bound);
}

template <class T>
double sum_of_squares(const T* values, std::size_t size) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    return sum;
}

template <class T>
class TileBackward {
  public:
    TileBackward(const BackwardTask<T>& task, const TilePlace& place, const Tile<T>& tile,
                 BackwardSums<T>& sums)
        : task_(task),
          inputs_(task.forward.inputs),
          kernels_(kernels<T>()),
          place_(place),
          tile_(tile),
          sums_(sums),
          rows_(tile.rows()),
          matrix_(task.swapped.matrix(
              place.sequence,
              kv_head_of(place.head, inputs_.q.heads, inputs_.k.heads, inputs_.kv_order))),
          q_(rows_of(inputs_.q.head(place.sequence, place.head))),
          d_context_(gradient_of_context()),
          q_transposed_(transposed(q_, inputs_.scale)),
          context_transposed_(transposed(d_context_, T{1})),
          weights_(rows_ * kernels_.panel_width),
          shifts_(rows_),
          shifted_dots_(rows_),
          dots_(rows_),
          is_far_(rows_),
          weight_squares_(rows_),
          score_squares_(rows_),
          score_sums_(rows_),
          weighted_(rows_) {
        if (inputs_.softcap) capped_ = AlignedBuffer<T>(rows_ * kernels_.panel_width);
        for (std::size_t row = 0; row < rows_; ++row) {
            const Span<const T> context = tile.context.row(row), gradient = d_context_.row(row);
            for (std::size_t i = 0; i < context.size(); ++i)
                dots_[row] += static_cast<double>(gradient[i]) * static_cast<double>(context[i]);
            is_far_[row] = is_far_from_one(gradient);
            if (inputs_.sinks.empty()) continue;
            sink_shares_.push_back(share_of_sink(row));
            sums_.sink -= sink_shares_.back() * dots_[row];
        }
        if (task.keep_cells) {
            kept_weights_.assign(rows_ * tile.active.size(), T{0});
            kept_scores_.assign(rows_ * tile.active.size(), T{0});
        }
    }

    void work(MatrixView<T> d_q) {
        const std::size_t width = kernels_.panel_width;
        q_gradient_.assign(rows_ * task_.swapped.values().padded_columns(), T{0});
        const std::size_t first = tile_.active.begin / width;
        const std::size_t last = tile_.active.empty() ? first : divide_up(tile_.active.end, width);
        gradients_ = AlignedBuffer<T>((last - first) * rows_ * width);
        for (std::size_t index = first; index < last; ++index)
            take_panel(task_.swapped.keys().panel(matrix_, index));
        find_dots();
        for (const Part& part : parts_) {
            if (inputs_.softcap) cap_scores(part);
            for (std::size_t row = part.rows.begin; row < part.rows.end; ++row) take_row(row, part);
            add_products(part);
        }
        for (std::size_t row = 0; row < rows_; ++row) {
            const T* from = q_gradient_.data() + row * task_.swapped.values().padded_columns();
            std::transform(from, from + d_q.columns, d_q.row(row).begin(),
                           [this](T value) { return inputs_.scale * value; });
        }
    }

    GradientTile<T> result(MatrixView<const T> d_q) const {
        GradientTile<T> gradients{
            tile_,           d_context_,     d_q,         {},           {},       dots_,
            weight_squares_, score_squares_, score_sums_, sink_shares_, weighted_};
        if (task_.keep_cells) {
            gradients.weights = {kept_weights_.data(), rows_, tile_.active.size()};
            gradients.scores = {kept_scores_.data(), rows_, tile_.active.size()};
        }
        return gradients;
    }

  private:
    // Some keys and the rows that may attend any of them.
    struct Part {
        KeyRange keys;      // inside of the active ones
        KeyRange rows;      // begin … end - 1
        std::size_t width;  // of the panel, in which the keys come first
        T* gradients;       // dL/dweights [rows that attend, width], then dL/dscores

        T* row(std::size_t row) const { return gradients + (row - rows.begin) * width; }
    };

    MatrixView<const T> rows_of(MatrixView<const T> head) const {
        return {head.data + tile_.first_query * head.stride, rows_, head.columns, head.stride};
    }

    MatrixView<const T> gradient_of_context() const {
        const std::size_t width = inputs_.v.width;
        const std::size_t columns = inputs_.q.heads * width;
        const std::size_t row = place_.sequence * inputs_.q.tokens + tile_.first_query;
        return {task_.d_context + row * columns + place_.head * width, rows_, width, columns};
    }

    // What of the row's weight the sink takes; all of it where there is no key.
    double share_of_sink(std::size_t row) const {
        return std::exp(static_cast<double>(inputs_.sinks[place_.head]) - tile_.logsumexp[row]);
    }

    KeyRange attended(std::size_t row, KeyRange keys) const {
        const KeyRange& allowed = tile_.allowed[row];
        const KeyRange range{std::max(allowed.begin, keys.begin), std::min(allowed.end, keys.end)};
        return range.empty() ? KeyRange{keys.begin, keys.begin} : range;
    }

    KeyRange rows_that_attend(KeyRange keys) const {
        std::size_t first = 0;
        std::size_t last = rows_;
        while (first < last && attended(first, keys).empty()) ++first;
        while (last > first && attended(last - 1, keys).empty()) --last;
        return {first, last};
    }

    // The gradients of the weights of some keys.
    void take_panel(const Panel<T>& values) {
        const KeyRange keys{values.first_column,
                            std::min(values.first_column + values.width, tile_.active.end)};
        const Part part{keys, rows_that_attend(keys), values.width,
                        gradients_.data() + parts_.size() * rows_ * kernels_.panel_width};
        if (part.rows.empty()) return;
        kernels_.multiply({d_context_.data + part.rows.begin * d_context_.stride, d_context_.stride,
                           part.rows.size(), values.data, part.width, d_context_.columns,
                           part.gradients, part.width, T{1}});
        for (std::size_t row = part.rows.begin; row < part.rows.end; ++row) clear_masked(row, part);
        parts_.push_back(part);
    }

    // No gradient where the row attends nothing.
    void clear_masked(std::size_t row, const Part& part) const {
        const KeyRange range = attended(row, part.keys);
        T* const gradients = part.row(row);
        const std::size_t begin = range.begin - part.keys.begin, end = begin + range.size();
        std::fill(gradients, gradients + begin, T{0});
        std::fill(gradients + end, gradients + part.width, T{0});
        if (tile_.blocked.empty()) return;
        const std::uint8_t* blocked =
            tile_.blocked.row(row).data() + range.begin - tile_.active.begin;
        for (std::size_t i = 0; i < range.size(); ++i)
            if (blocked[i] != 0) gradients[begin + i] = T{0};
    }

    const T* weights_of(std::size_t row, KeyRange range) const {
        return tile_.weights.row(row).data() + range.begin - tile_.active.begin;
    }

    // What softmax takes off, the sum of w dL/dw. A row that gives nearly all of its weight to one
    // key would lose what is left in the rounding of this key's gradient: softmax does not change
    // where all gradients of weights are shifted, so that they are counted from that key's.
    void find_dots() {
        std::vector<std::size_t> strongest(rows_);
        for (std::size_t row = 0; row < rows_; ++row) {
            const KeyRange range = tile_.allowed[row];
            if (range.empty()) continue;
            const T* const weights = weights_of(row, range);
            strongest[row] =
                range.begin + static_cast<std::size_t>(
                                  std::max_element(weights, weights + range.size()) - weights);
        }
        for (const Part& part : parts_) {
            for (std::size_t row = part.rows.begin; row < part.rows.end; ++row) {
                if (strongest[row] >= part.keys.begin && strongest[row] < part.keys.end &&
                    !tile_.allowed[row].empty())
                    shifts_[row] = part.row(row)[strongest[row] - part.keys.begin];
            }
        }
        // Upstream gradients near one may meet values that are not.
        for (std::size_t row = 0; row < rows_; ++row) {
            if (is_far_from_one(Span<const T>(&shifts_[row], 1))) is_far_[row] = true;
        }
        for (const Part& part : parts_) {
            for (std::size_t row = part.rows.begin; row < part.rows.end; ++row) {
                const KeyRange range = attended(row, part.keys);
                shifted_dots_[row] += kernels_.weighted_sum(
                    weights_of(row, range), part.row(row) + (range.begin - part.keys.begin),
                    range.size(), shifts_[row]);
            }
        }
        // The gradient of the sink's weight is 0, before the shift.
        for (std::size_t row = 0; row < sink_shares_.size(); ++row)
            shifted_dots_[row] -= sink_shares_[row] * static_cast<double>(shifts_[row]);
    }

    // The capped scores of the panel, as the forward pass had them.
    void cap_scores(const Part& part) {
        const Panel<T> keys =
            task_.forward.packed.keys().panel(matrix_, part.keys.begin / kernels_.panel_width);
        kernels_.multiply({q_.data + part.rows.begin * q_.stride, q_.stride, part.rows.size(),
                           keys.data, part.width, q_.columns, capped_.data(), part.width,
                           inputs_.scale});
        kernels_.softcap(capped_.data(), part.rows.size() * part.width, *inputs_.softcap);
    }

    // From dL/dweights of a row to dL/d(scaled scores), in place; copies its weights.
    void take_row(std::size_t row, const Part& part) {
        const KeyRange range = attended(row, part.keys);
        T* const gradients = part.row(row);
        const std::size_t place = (row - part.rows.begin) * part.width;
        T* const weights = weights_.data() + place;
        const std::size_t begin = range.begin - part.keys.begin;
        const std::size_t end = begin + range.size();
        std::fill(weights, weights + begin, T{0});
        std::fill(weights + end, weights + part.width, T{0});
        const T* from = weights_of(row, range);
        std::copy(from, from + range.size(), weights + begin);
        keep(kept_weights_, row, range, gradients + begin);
        to_scores(row, weights + begin, gradients + begin, range.size());
        keep(kept_scores_, row, range, gradients + begin);
        add_to_biases(row, range, gradients + begin);
        if (inputs_.softcap) uncap(capped_.data() + place + begin, gradients + begin, range.size());
    }

    void to_scores(std::size_t row, const T* weights, T* gradients, std::size_t size) {
        // The kernels square in T.
        const double squares = is_far_[row] ? sum_of_squares(gradients, size) : 0;
        SoftmaxGradientSums sums = kernels_.softmax_backward(weights, gradients, size, shifts_[row],
                                                             static_cast<T>(shifted_dots_[row]));
        if (is_far_[row]) {
            sums.weight_squares = squares;
            sums.score_squares = sum_of_squares(gradients, size);
        }
        weight_squares_[row] += sums.weight_squares;
        score_squares_[row] += sums.score_squares;
        score_sums_[row] += sums.scores;
        weighted_[row] += sums.weighted;
    }

    // d(cap tanh(u / cap)) / du = 1 - (capped / cap)²
    void uncap(const T* capped, T* gradients, std::size_t size) const {
        for (std::size_t i = 0; i < size; ++i) {
            // Masked keys may have scores that are no numbers.
            if (gradients[i] == T{0}) continue;
            const T share = capped[i] / *inputs_.softcap;
            gradients[i] *= (T{1} - share) * (T{1} + share);
        }
    }

    void keep(std::vector<T>& cells, std::size_t row, KeyRange range, const T* values) const {
        if (cells.empty()) return;
        std::copy(values, values + range.size(),
                  cells.data() + row * tile_.active.size() + range.begin - tile_.active.begin);
    }

    void add_to_biases(std::size_t row, KeyRange range, const T* gradients) {
        const std::size_t query = tile_.first_query + row;
        if (!task_.buckets.empty()) {
            const std::ptrdiff_t at =
                position_of(task_.mask.structure.offsets, place_.sequence, query);
            const std::size_t* buckets =
                task_.buckets.data() +
                (static_cast<std::ptrdiff_t>(range.begin) - at - task_.first_distance);
            for (std::size_t i = 0; i < range.size(); ++i)
                sums_.relative[buckets[i]] += static_cast<double>(gradients[i]);
        }
        const Broadcast<T>& bias = task_.mask.bias;
        if (bias.empty()) return;
        const std::size_t own_row = bias.varies_by_query() ? query - sums_.queries.begin : 0;
        double* to = sums_.bias.data() + own_row * (bias.varies_by_key() ? bias.keys() : 1);
        for (std::size_t i = 0; i < range.size(); ++i)
            to[bias.varies_by_key() ? range.begin + i : 0] += static_cast<double>(gradients[i]);
    }

    void add_products(const Part& part) {
        const std::size_t depth = part.rows.size();
        T* const k = sums_.k.data() + q_.columns * part.keys.begin;
        T* const v = sums_.v.data() + d_context_.columns * part.keys.begin;
        kernels_.add_product({q_transposed_.data() + part.rows.begin, rows_, q_.columns,
                              part.gradients, part.width, depth, k, part.width, T{1}});
        kernels_.add_product({context_transposed_.data() + part.rows.begin, rows_,
                              d_context_.columns, weights_.data(), part.width, depth, v, part.width,
                              T{1}});
        const Panels<T>& keys = task_.swapped.values();
        const std::size_t columns = keys.padded_columns();
        for (std::size_t index = 0; index < keys.panels(); ++index) {
            const Panel<T> panel = keys.panel(matrix_, index);
            kernels_.add_product(
                {part.gradients, part.width, depth, panel.data + part.keys.begin * panel.width,
                 panel.width, part.keys.size(),
                 q_gradient_.data() + part.rows.begin * columns + panel.first_column, columns,
                 T{1}});
        }
    }

    const BackwardTask<T>& task_;
    const AttentionInputs<T>& inputs_;
    const Kernels<T>& kernels_;
    TilePlace place_;
    const Tile<T>& tile_;
    BackwardSums<T>& sums_;
    std::size_t rows_;
    std::size_t matrix_;  // of the packed keys and values
    MatrixView<const T> q_;
    MatrixView<const T> d_context_;
    std::vector<T> q_transposed_;        // scale * [d_head, rows]
    std::vector<T> context_transposed_;  // [d_value, rows]
    AlignedBuffer<T> weights_;           // [rows that attend, panel], and likewise:
    AlignedBuffer<T> capped_;            // with a soft cap
    AlignedBuffer<T> gradients_;         // of all parts
    std::vector<Part> parts_;
    std::vector<T> q_gradient_;    // [rows, padded d_head]
    std::vector<T> kept_weights_;  // [rows, active], only where a sink wants them
    std::vector<T> kept_scores_;
    std::vector<T> shifts_;             // the gradient of the weight that is largest
    std::vector<double> shifted_dots_;  // sums of w (dL/dw - shift)
    std::vector<double> dots_;          // of dL/dcontext with the context
    std::vector<bool> is_far_;          // whether the row's squares need a wider type
    std::vector<double> weight_squares_;
    std::vector<double> score_squares_;
    std::vector<double> score_sums_;
    std::vector<double> sink_shares_;
    std::vector<double> weighted_;
};

}  // namespace

template <class T>
BackwardSums<T>::BackwardSums(const BackwardTask<T>& task, KeyRange queries_of_blocks)
    : queries(queries_of_blocks) {
    const std::size_t keys = task.forward.packed.keys().padded_columns();
    k.assign(task.forward.inputs.k.width * keys, T{0});
    v.assign(task.forward.inputs.v.width * keys, T{0});
    const Broadcast<T>& spread = task.mask.bias;
    if (!spread.empty())
        bias.assign((spread.varies_by_query() ? queries.size() : 1) *
                        (spread.varies_by_key() ? spread.keys() : 1),
                    0.0);
    relative.assign(task.mask.relative.buckets(), 0.0);
}

template <class T>
void take_tile_backward(const BackwardTask<T>& task, const TilePlace& place, MatrixView<T> context,
                        MatrixView<T> d_q, BackwardSums<T>& sums,
                        const std::function<void(const GradientTile<T>&)>& done) {
    compute_tile<T>(task.forward, place, context, [&](const Tile<T>& tile) {
        TileBackward<T> work(task, place, tile, sums);
        work.work(d_q);
        done(work.result(d_q));
    });
}

template struct BackwardSums<float>;
template struct BackwardSums<double>;
template void take_tile_backward(const BackwardTask<float>&, const TilePlace&, MatrixView<float>,
                                 MatrixView<float>, BackwardSums<float>&,
                                 const std::function<void(const GradientTile<float>&)>&);
template void take_tile_backward(const BackwardTask<double>&, const TilePlace&, MatrixView<double>,
                                 MatrixView<double>, BackwardSums<double>&,
                                 const std::function<void(const GradientTile<double>&)>&);

}  // namespace attn
