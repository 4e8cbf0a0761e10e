#include "results/report_embedding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "analysis/joint_embedding.hpp"
#include "analysis/weight_codes.hpp"
#include "core/divide_up.hpp"
#include "core/parallel.hpp"

namespace attn::results {
namespace {

constexpr std::size_t kMostShown = 2048;  // of queries, and of keys

using PlanePoints = std::vector<std::array<double, 2>>;

// x and y in one scale, 0 … 65535, queries first.
std::string packed_points(const analysis::JointEmbedding& embedding) {
    std::array<double, 2> low{}, high{};
    for (const PlanePoints* points : {&embedding.queries, &embedding.keys}) {
        for (const auto& point : *points) {
            for (std::size_t axis = 0; axis < 2; ++axis) {
                low[axis] = std::min(low[axis], point[axis]);
                high[axis] = std::max(high[axis], point[axis]);
            }
        }
    }
    const double extent = std::max(high[0] - low[0], high[1] - low[1]);
    std::vector<std::uint32_t> numbers;
    for (const PlanePoints* points : {&embedding.queries, &embedding.keys}) {
        for (const auto& point : *points) {
            for (std::size_t axis = 0; axis < 2; ++axis)
                numbers.push_back(extent > 0 ? static_cast<std::uint32_t>(std::lround(
                                                   (point[axis] - low[axis]) / extent * 65535))
                                             : 32768);
        }
    }
    return analysis::little_endian(numbers, false);
}

std::vector<std::size_t> every(std::size_t count, std::size_t step) {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < count; i += step) chosen.push_back(i);
    return chosen;
}

template <class T>
MatrixView<const T> thinned_rows(MatrixView<const T> rows, std::size_t step) {
    return {rows.data, divide_up(rows.rows, step), rows.columns, rows.stride * step};
}

template <class T>
bool all_finite(MatrixView<const T> values) {
    for (std::size_t row = 0; row < values.rows; ++row) {
        const Span<const T> numbers = values.row(row);
        if (!std::all_of(numbers.begin(), numbers.end(), [](T x) { return std::isfinite(x); }))
            return false;
    }
    return true;
}

}  // namespace

template <class T>
EmbeddingSink<T>::EmbeddingSink(ReportChunks& chunks, Projected projected, KvOrder order)
    : chunks_(chunks), projected_(std::move(projected)), order_(order) {}

template <class T>
void EmbeddingSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    ++layers_;
    step_ = divide_up(std::max(shape.queries, shape.keys), kMostShown);
    heads_.resize(layers_ * shape.slots());
}

template <class T>
void EmbeddingSink<T>::end_layer(const LayerOutputs<T>& outputs) {
    const std::optional<ProjectedHeads<T>> projected = projected_(layers_ - 1, outputs);
    if (!projected) return;
    parallel_for(shape_.sequences * shape_.heads, [&](std::size_t item) {
        const std::size_t sequence = item / shape_.heads, head = item % shape_.heads;
        if (shape_.streams(sequence, head))
            embed(*projected, sequence, head, shape_.slot(sequence, head));
    });
}

template <class T>
void EmbeddingSink<T>::embed(const ProjectedHeads<T>& heads, std::size_t sequence, std::size_t head,
                             std::size_t slot) {
    const std::size_t kv_head = kv_head_of(head, shape_.heads, heads.keys.heads, order_);
    const auto queries = thinned_rows(heads.queries.head(sequence, head), step_);
    const auto keys = thinned_rows(heads.keys.head(sequence, kv_head), step_);
    if (!all_finite(queries) || !all_finite(keys)) return;  // there is no plane of NaN
    const analysis::JointEmbedding embedding = analysis::joint_embedding(queries, keys);
    const std::size_t in_layer = shape_.heads_streamed();
    chunks_.add(chunk_name("points", slot / in_layer, layers_ - 1, slot % in_layer),
                packed_points(embedding));
    heads_[(layers_ - 1) * shape_.slots() + slot] = {embedding.variance, embedding.correlation};
}

template <class T>
std::optional<ReportEmbedding> EmbeddingSink<T>::result() const {
    if (std::none_of(heads_.begin(), heads_.end(), [](const auto& head) { return bool(head); }))
        return std::nullopt;
    ReportEmbedding result;
    result.step = step_;
    result.queries = every(shape_.queries, step_);
    result.keys = every(shape_.keys, step_);
    result.caption =
        "Queries and keys about one centre and of one spread, which changes no softmax. What "
        "rotates them by position counts where they were saved rotated; masks do not.";
    const std::size_t heads = shape_.heads_streamed();
    for (std::size_t sequence = 0; sequence < shape_.sequences_streamed(); ++sequence) {
        for (std::size_t layer = 0; layer < layers_; ++layer) {
            for (std::size_t head = 0; head < heads; ++head)
                result.heads.push_back(heads_[layer * shape_.slots() + sequence * heads + head]);
        }
    }
    return result;
}

template class EmbeddingSink<float>;
template class EmbeddingSink<double>;

}  // namespace attn::results
