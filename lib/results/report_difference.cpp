#include "results/report_difference.hpp"

#include <algorithm>
#include <cmath>

namespace attn::results {
namespace {

// Jensen-Shannon divergence of two rows, nats; NaN where one is none of probabilities.
template <class T>
double divergence_of(const T* a, const T* b, std::size_t keys) {
    double sum = 0;
    for (std::size_t key = 0; key < keys; ++key) {
        const auto p = static_cast<double>(a[key]), q = static_cast<double>(b[key]);
        const double mean = (p + q) / 2;
        if (p != 0) sum += p / 2 * std::log(p / mean);
        if (q != 0) sum += q / 2 * std::log(q / mean);
    }
    return sum;
}

}  // namespace

// The rows of one head, a slot a query.
template <class T>
struct DifferenceSink<T>::Rows {
    std::vector<double> max_abs;
    std::vector<double> divergence;
};

template <class T>
DifferenceSink<T>::DifferenceSink(Other other, ReportSink<T>& packed)
    : other_(std::move(other)), packed_(packed) {}

template <class T>
DifferenceSink<T>::~DifferenceSink() = default;

template <class T>
void DifferenceSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    ++layers_;
    rows_.clear();
    for (std::size_t slot = 0; slot < shape.slots(); ++slot) {
        rows_.push_back(std::make_unique<Rows>());
        rows_.back()->max_abs.resize(shape.queries);
        rows_.back()->divergence.resize(shape.queries);
    }
    max_abs_.resize(layers_ * shape.slots());
    mean_js_.resize(layers_ * shape.slots());
    packed_.begin_layer(shape);
}

template <class T>
void DifferenceSink<T>::consume(const Tile<T>& tile) {
    const MatrixView<const T> other = other_(layers_ - 1, tile.sequence, tile.head);
    Rows& rows = *rows_[shape_.slot(tile.sequence, tile.head)];
    std::vector<T> cells(tile.rows() * shape_.keys);
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const std::size_t query = tile.first_query + row;
        T* const difference = cells.data() + row * shape_.keys;
        const Span<const T> weights = tile.weights.row(row);
        std::copy(weights.begin(), weights.end(), difference + tile.active.begin);
        const T* const minus = other.row(query).data();
        rows.divergence[query] = divergence_of(difference, minus, shape_.keys);
        double largest = 0;
        for (std::size_t key = 0; key < shape_.keys; ++key) {
            difference[key] -= minus[key];
            const double size = std::abs(static_cast<double>(difference[key]));
            // Nothing is larger than a NaN, or smaller.
            if (!(size <= largest)) largest = std::isnan(largest) ? largest : size;
        }
        rows.max_abs[query] = largest;
    }
    Tile<T> whole = tile;
    whole.active = {0, shape_.keys};
    whole.weights = {cells.data(), tile.rows(), shape_.keys};
    whole.blocked = {};
    packed_.consume(whole);
}

template <class T>
void DifferenceSink<T>::end_head(std::size_t sequence, std::size_t head) {
    const std::size_t slot = shape_.slot(sequence, head);
    const Rows& rows = *rows_[slot];
    const std::size_t place = (layers_ - 1) * shape_.slots() + slot;
    double sum = 0;
    for (const double row : rows.divergence) sum += row;
    const auto nan = std::find_if(rows.max_abs.begin(), rows.max_abs.end(),
                                  [](double row) { return std::isnan(row); });
    max_abs_[place] = nan != rows.max_abs.end()
                          ? *nan
                          : *std::max_element(rows.max_abs.begin(), rows.max_abs.end());
    mean_js_[place] = sum / static_cast<double>(shape_.queries);
    rows_[slot].reset();
    packed_.end_head(sequence, head);
}

template <class T>
void DifferenceSink<T>::end_layer(const LayerOutputs<T>& outputs) {
    packed_.end_layer(outputs);
}

template <class T>
ReportDifference DifferenceSink<T>::result() const {
    ReportDifference result;
    const std::size_t heads = shape_.heads_streamed();
    for (std::size_t sequence = 0; sequence < shape_.sequences_streamed(); ++sequence) {
        for (std::size_t layer = 0; layer < layers_; ++layer) {
            const std::size_t first = layer * shape_.slots() + sequence * heads;
            for (std::size_t head = 0; head < heads; ++head) {
                result.max_abs.push_back(max_abs_[first + head]);
                result.mean_js.push_back(mean_js_[first + head]);
                result.scale = std::max(result.scale, max_abs_[first + head]);
            }
        }
    }
    return result;
}

template class DifferenceSink<float>;
template class DifferenceSink<double>;

}  // namespace attn::results
