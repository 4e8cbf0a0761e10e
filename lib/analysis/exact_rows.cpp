#include "analysis/exact_rows.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kept_kernels.hpp"

namespace attn::analysis {
namespace {

constexpr double kFarFromOne = 1e-2;

// A row of zeros has no key, whatever its mask says.
bool is_zero(Span<const double> weights) {
    return std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; });
}

template <class T>
class ComputedRows : public approx::ExactRows {
  public:
    ComputedRows(const LayerTask<T>& task, std::size_t sequence, std::size_t head)
        : task_{task.inputs, task.packed, task.mask, task.shape, false, false},
          place_{sequence, head, 0} {}

    void visit(std::size_t begin, std::size_t end, const Visit& visit) const override {
        const LayerShape& shape = task_.shape;
        std::vector<double> weights(shape.keys);
        std::vector<std::uint8_t> blocked;
        std::vector<T> context(shape.block_rows * shape.d_value);
        for (std::size_t block = begin / shape.block_rows;
             block < shape.blocks() && block * shape.block_rows < end; ++block) {
            const std::size_t rows = shape.rows_of_block(block);
            const auto take = [&](const Tile<T>& tile) {
                for (std::size_t row = 0; row < rows; ++row) {
                    const std::size_t query = tile.first_query + row;
                    if (query < begin || query >= end) continue;
                    visit(row_of_tile(tile, row, !task_.inputs.sinks.empty(),
                                      {weights.data(), weights.size()}, blocked)
                              .row);
                }
            };
            TilePlace place = place_;
            place.block = block;
            compute_tile<T>(task_, place, {context.data(), rows, shape.d_value}, take);
        }
    }

  private:
    LayerTask<T> task_;
    TilePlace place_;
};

// One head that stands for all heads of the task: whichever is asked for is shown.
template <class T>
HeadsView<T> same_for_all(const Array<T>& array, std::size_t batch, std::size_t heads) {
    return {array.data(), batch, heads, array.extent(0), array.extent(1), 0, 0, array.extent(1)};
}

template <class T>
AttentionInputs<T> inputs_of_one(const LayerTask<T>& task, const Array<T>& q, const Array<T>& k,
                                 const Array<T>& v) {
    AttentionInputs<T> inputs = task.inputs;
    const std::size_t batch = inputs.q.batch;
    inputs.q = same_for_all(q, batch, inputs.q.heads);
    inputs.k = same_for_all(k, batch, 1);
    inputs.v = same_for_all(v, batch, 1);
    return inputs;
}

template <class T>
class ChangedRows : public approx::ExactRows {
  public:
    ChangedRows(const LayerTask<T>& task, std::size_t sequence, std::size_t head, const Array<T>& q,
                const Array<T>& k, const Array<T>& v)
        : q_(q),
          k_(k),
          v_(v),
          inputs_(inputs_of_one(task, q_, k_, v_)),
          packed_(inputs_.k, inputs_.v),
          task_{inputs_, packed_, task.mask, task.shape, false, false},
          rows_(task_, sequence, head) {}

    void visit(std::size_t begin, std::size_t end, const Visit& visit) const override {
        rows_.visit(begin, end, visit);
    }

  private:
    Array<T> q_, k_, v_;
    AttentionInputs<T> inputs_;
    PackedHeads<T> packed_;
    LayerTask<T> task_;
    ComputedRows<T> rows_;
};

template <class T>
class StoredRows : public approx::ExactRows {
  public:
    StoredRows(MatrixView<const T> weights, const Mask<T>& mask, std::size_t sequence)
        : weights_(weights), mask_(mask), sequence_(sequence) {}

    void visit(std::size_t begin, std::size_t end, const Visit& visit) const override {
        std::vector<double> weights(weights_.columns);
        for (std::size_t query = begin; query < end; ++query) {
            Row row;
            row.query = query;
            row.allowed = mask_.allowed(sequence_, query);
            std::fill(weights.begin(), weights.end(), 0.0);
            const Span<const T> stored = weights_.row(query);
            for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key)
                weights[key] = static_cast<double>(stored[key]);
            row.missing = take_weights({weights.data(), weights.size()}, false).missing;
            if (is_zero({weights.data(), weights.size()})) row.allowed.end = row.allowed.begin;
            row.weights = {weights.data(), weights.size()};
            visit(row);
        }
    }

  private:
    MatrixView<const T> weights_;
    const Mask<T>& mask_;
    std::size_t sequence_;
};

}  // namespace

namespace {

// `sum` is that of the weights.
TakenWeights take_weights_of(Span<double> weights, double sum, bool extra_logit) {
    TakenWeights taken;
    if (sum == 0) return taken;
    if (extra_logit) {
        taken.missing = std::max(0.0, 1 - sum);
    } else if (!(std::abs(sum - 1) <= kFarFromOne)) {
        taken.missing = 1 - sum;
    } else {
        taken.factor = 1 / sum;
        kernels<double>().scale(weights.data(), weights.size(), taken.factor);
    }
    return taken;
}

}  // namespace

TakenWeights take_weights(Span<double> weights, bool extra_logit) {
    const double sum = kernels<double>().sum_weights(weights.data(), weights.size(), 0).sum;
    return take_weights_of(weights, sum, extra_logit);
}

template <class T>
TileRow<T> row_of_tile(const Tile<T>& tile, std::size_t row, bool extra_logit, Span<double> weights,
                       std::vector<std::uint8_t>& blocked) {
    TileRow<T> taken;
    approx::ExactRows::Row& result = taken.row;
    result.query = tile.first_query + row;
    result.weights = {weights.data(), weights.size()};
    const KeyRange all = result.allowed = tile.allowed[row];
    if (all.empty()) {
        std::fill(weights.begin(), weights.end(), 0.0);
    } else {
        const Span<double> allowed(weights.data() + all.begin, all.size());
        std::fill(weights.begin(), allowed.begin(), 0.0);
        std::fill(allowed.end(), weights.end(), 0.0);
        const double sum =
            kept_kernels<T>().widen(tile.weights.row(row).data() + (all.begin - tile.active.begin),
                                    all.size(), allowed.data());
        const TakenWeights how = take_weights_of(allowed, sum, extra_logit);
        result.missing = how.missing;
        taken.factor = static_cast<T>(how.factor);
        if (!extra_logit && sum == 0 && is_zero({allowed.data(), allowed.size()}))
            result.allowed.end = all.begin;
    }
    if (tile.blocked.empty()) return taken;
    blocked.assign(weights.size(), 0);
    const Span<const std::uint8_t> bits = tile.blocked.row(row);
    std::copy(bits.begin(), bits.end(),
              blocked.begin() + static_cast<std::ptrdiff_t>(tile.active.begin));
    result.blocked = {blocked.data(), blocked.size()};
    return taken;
}

template <class T>
std::unique_ptr<approx::ExactRows> computed_rows(const LayerTask<T>& task, std::size_t sequence,
                                                 std::size_t head) {
    return std::make_unique<ComputedRows<T>>(task, sequence, head);
}
template <class T>
std::unique_ptr<approx::ExactRows> changed_rows(const LayerTask<T>& task, std::size_t sequence,
                                                std::size_t head, const Array<T>& q,
                                                const Array<T>& k, const Array<T>& v) {
    return std::make_unique<ChangedRows<T>>(task, sequence, head, q, k, v);
}
template <class T>
std::unique_ptr<approx::ExactRows> stored_rows(MatrixView<const T> weights, const Mask<T>& mask,
                                               std::size_t sequence) {
    return std::make_unique<StoredRows<T>>(weights, mask, sequence);
}

template TileRow<float> row_of_tile(const Tile<float>&, std::size_t, bool, Span<double>,
                                    std::vector<std::uint8_t>&);
template TileRow<double> row_of_tile(const Tile<double>&, std::size_t, bool, Span<double>,
                                     std::vector<std::uint8_t>&);
template std::unique_ptr<approx::ExactRows> computed_rows(const LayerTask<float>&, std::size_t,
                                                          std::size_t);
template std::unique_ptr<approx::ExactRows> computed_rows(const LayerTask<double>&, std::size_t,
                                                          std::size_t);
template std::unique_ptr<approx::ExactRows> changed_rows(const LayerTask<float>&, std::size_t,
                                                         std::size_t, const Array<float>&,
                                                         const Array<float>&, const Array<float>&);
template std::unique_ptr<approx::ExactRows> changed_rows(const LayerTask<double>&, std::size_t,
                                                         std::size_t, const Array<double>&,
                                                         const Array<double>&,
                                                         const Array<double>&);
template std::unique_ptr<approx::ExactRows> stored_rows(MatrixView<const float>, const Mask<float>&,
                                                        std::size_t);
template std::unique_ptr<approx::ExactRows> stored_rows(MatrixView<const double>,
                                                        const Mask<double>&, std::size_t);

}  // namespace attn::analysis
