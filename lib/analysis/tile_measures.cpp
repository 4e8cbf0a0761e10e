#include "analysis/tile_measures.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/exact_rows.hpp"
#include "attention/blas.hpp"
#include "core/aligned_buffer.hpp"
#include "kernels/kept_kernels.hpp"

namespace attn::analysis {
namespace {

// Cells of float64 that are looked at together: they stay in the cache for all methods.
constexpr std::size_t kGroupCells = std::size_t{1} << 16;

// Values of which a panel stays in the L1 cache while all rows of a group use it.
constexpr std::size_t kPanelDepth = 128;

// Below one kept cell in so many, rows are gathered instead of multiplied.
constexpr std::size_t kSparse = 3;

KeyRange spanned(KeyRange a, KeyRange b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    return {std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

template <class T>
class TileWorker {
  public:
    TileWorker(const TileTask<T>& task, const Tile<T>& tile, TileResults<T>& results)
        : task_(task),
          tile_(tile),
          results_(results),
          kernels_(kernels<T>()),
          kept_(kept_kernels<T>()),
          keys_(task.shape.keys),
          slot_(task.shape.slot(tile.sequence, tile.head)),
          group_rows_(std::clamp<std::size_t>(kGroupCells / keys_, 4, 16)),
          weights_(group_rows_ * keys_),
          keep_(group_rows_ * keys_),
          places_(group_rows_ * (keys_ + kPlacesBehind)) {}

    void measure() {
        for (std::size_t method = 0; method < task_.methods.size(); ++method) {
            needs_logs_ = needs_logs_ || task_.methods[method].measures_cells();
            const ReadyMethod& ready = task_.layer.ready(slot_, method);
            if (ready.kept)
                largest_wanted_ = std::max(largest_wanted_, ready.kept->largest_wanted());
        }
        for (std::size_t first = 0; first < tile_.rows(); first += group_rows_) {
            look_at_group(first);
            for (std::size_t method = 0; method < task_.methods.size(); ++method) {
                const ReadyMethod& ready = task_.layer.ready(slot_, method);
                if (ready.kept) measure_kept(method, *ready.kept);
                if (ready.factors) measure_factors(method, *ready.factors);
            }
        }
        for (std::size_t method = 0; method < task_.methods.size(); ++method) {
            if (const ChangedLayer<T>* changed = task_.layer.changed(method))
                measure_changed(method, *changed);
        }
    }

  private:
    bool has_contexts() const { return task_.values.panels != nullptr; }
    std::size_t d_value() const { return task_.values.rows.columns; }

    void look_at_group(std::size_t first) {
        first_ = first;
        const std::size_t rows = std::min(group_rows_, tile_.rows() - first);
        group_.resize(rows);
        tile_factors_.resize(rows);
        blocked_.resize(rows);
        logs_.resize(rows);
        for (std::size_t i = 0; i < rows; ++i) {
            ExactRow& exact = group_[i];
            const TileRow<T> row =
                row_of_tile(tile_, first + i, task_.layer.extra_logit(),
                            Span<double>(weights_.data() + i * keys_, keys_), blocked_[i]);
            exact.row = row.row;
            tile_factors_[i] = row.factor;
            look_at_row(exact, task_.top_keys, largest_wanted_);
            if (needs_logs_) take_logs(i);
        }
        if (has_contexts() && !task_.computed) take_contexts(rows);
    }

    // ln w = score - logsumexp where the source has scores: weights may underflow.
    void take_logs(std::size_t i) {
        const approx::ExactRows::Row& row = group_[i].row;
        logs_[i].assign(keys_, -std::numeric_limits<double>::infinity());
        for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key) {
            if (!task_.computed || tile_.scores.empty()) {
                logs_[i][key] = std::log(row.weights[key]);
            } else {
                const auto score =
                    static_cast<double>(tile_.scores.row(first_ + i)[key - tile_.active.begin]);
                logs_[i][key] = score - tile_.logsumexp[first_ + i];
            }
        }
        group_[i].log_weights = {logs_[i].data(), keys_};
    }

    // The exact contexts of stored attention are made from the values.
    void take_contexts(std::size_t rows) {
        const KeyRange all = tile_.active;
        T* const cells = cells_of(rows * all.size());
        std::fill_n(cells, rows * all.size(), T{0});
        for (std::size_t i = 0; i < rows; ++i) {
            const KeyRange allowed = group_[i].row.allowed;
            const std::size_t behind = allowed.empty() ? 0 : allowed.begin - all.begin;
            std::copy_n(tile_.weights.row(first_ + i).data() + behind, allowed.size(),
                        cells + i * all.size() + behind);
        }
        products_.assign(rows * padded(), T{0});
        multiply_values(all, 0, rows);
        exact_.assign(rows * d_value(), T{0});
        for (std::size_t i = 0; i < rows; ++i) {
            const T* const product = products_.data() + i * padded();
            std::transform(product, product + d_value(),
                           exact_.begin() + static_cast<std::ptrdiff_t>(i * d_value()),
                           [&](T value) { return value * tile_factors_[i]; });
        }
    }

    // Room for so many values of rows that are multiplied; what it held is lost.
    T* cells_of(std::size_t size) {
        if (size > cells_size_) {
            cells_ = AlignedBuffer<T>(size);
            cells_size_ = size;
        }
        return cells_.data();
    }

    Span<const T> exact_context(std::size_t i) const {
        if (task_.computed) return tile_.context.row(first_ + i);
        return {exact_.data() + i * d_value(), d_value()};
    }

    std::size_t padded() const { return task_.values.panels->padded_columns(); }

    // products_ [rows, padded d_value] += cells_ [rows, range] times the values of the range, for
    // the rows first … last - 1 of the group.
    void multiply_values(KeyRange range, std::size_t first, std::size_t last) {
        for (std::size_t key = range.begin; key < range.end; key += kPanelDepth) {
            const std::size_t depth = std::min(kPanelDepth, range.end - key);
            for (std::size_t index = 0; index < task_.values.panels->panels(); ++index) {
                const Panel<T> panel = task_.values.panels->panel(task_.values.matrix, index);
                kernels_.add_product(
                    {cells_.data() + (key - range.begin), range.size(), last - first,
                     panel.data + key * panel.width, panel.width, depth,
                     products_.data() + first * padded() + panel.first_column, padded(), T{1}});
            }
        }
    }

    // The same for a row with few cells: those that it keeps.
    void gather_values(std::size_t i, const T* weights) {
        const MatrixView<const T>& values = task_.values.rows;
        sums_.assign(d_value(), 0.0);
        kept_.add_rows({weights, places_of(i), errors_[i].kept,
                        values.data + ranges_[i].begin * values.stride, values.stride, d_value()},
                       sums_.data());
        std::transform(sums_.begin(), sums_.end(), products_.data() + i * padded(),
                       [](double sum) { return static_cast<T>(sum); });
    }

    bool is_measured(std::size_t i, const approx::KeptKeys* kept) const {
        return group_[i].cells > 0 && (!kept || group_[i].row.query >= kept->first_measured());
    }

    void measure_kept(std::size_t method, const approx::KeptKeys& kept) {
        const std::size_t rows = group_.size();
        ranges_.resize(rows);
        errors_.assign(rows, RowError{});
        factors_.assign(rows, T{0});
        for (std::size_t i = 0; i < rows; ++i) {
            const approx::ExactRows::Row& row = group_[i].row;
            ranges_[i] = is_measured(i, &kept) ? kept.range(row.query, row.allowed) : KeyRange{};
            if (!is_measured(i, &kept)) continue;
            if (kept.keeps_all()) {
                errors_[i] = keep_all_of(group_[i]).error;
                continue;
            }
            kept.keep(row, ranges_[i], keep_of(i));
            if (kept.is_soft())
                soften(i, kept);
            else
                harden(i);
        }
        if (has_contexts()) make_contexts(kept.is_soft());
        give(method, &kept);
    }

    // One byte for each key of the row's range.
    std::uint8_t* keep_of(std::size_t i) { return keep_.data() + i * keys_; }
    // Which of these bytes are not 0.
    std::uint32_t* places_of(std::size_t i) { return places_.data() + i * (keys_ + kPlacesBehind); }
    // Weights of the keys of a row's range, before they are multiplied by its factor.
    const T* kept_weights(std::size_t i, bool soft) const {
        if (soft) return soft_[i].data() + ranges_[i].begin;
        return tile_.weights.row(first_ + i).data() + (ranges_[i].begin - tile_.active.begin);
    }

    void harden(std::size_t i) {
        const KeptRow row = keep_row(group_[i], ranges_[i], keep_of(i), places_of(i));
        errors_[i] = row.error;
        factors_[i] = static_cast<T>(row.factor) * tile_factors_[i];
    }

    void soften(std::size_t i, const approx::KeptKeys& kept) {
        const approx::ExactRows::Row& row = group_[i].row;
        std::uint8_t* const keep = keep_of(i);
        implied_.assign(ranges_[i].size(), 0.0);
        double sum = row.missing;
        std::size_t count = 0;
        for (std::size_t key = 0; key < implied_.size(); ++key) {
            if (!keep[key] || !row.may_attend(ranges_[i].begin + key)) continue;
            implied_[key] = kept.factor(row.query, ranges_[i].begin + key) *
                            row.weights[ranges_[i].begin + key];
            sum += implied_[key];
            places_of(i)[count++] = static_cast<std::uint32_t>(key);
        }
        for (double& weight : implied_) weight = sum > 0 ? weight / sum : 0.0;
        errors_[i] = compare_row(group_[i], ranges_[i], {implied_.data(), implied_.size()});
        errors_[i].kept = count;
        factors_[i] = T{1};
        if (!has_contexts()) return;
        soft_.resize(group_.size());
        soft_[i].resize(keys_);
        std::transform(implied_.begin(), implied_.end(),
                       soft_[i].begin() + static_cast<std::ptrdiff_t>(ranges_[i].begin),
                       [](double weight) { return static_cast<T>(weight); });
    }

    // Whether the context of a row that keeps keys is the exact one.
    bool is_exact(std::size_t i, bool soft) const {
        return !soft && errors_[i].kept == group_[i].cells;
    }

    // Makes the contexts of rows that keep some keys, but not all.
    void make_contexts(bool soft) {
        std::size_t first = group_.size(), last = 0, count = 0;
        KeyRange all;
        for (std::size_t i = 0; i < group_.size(); ++i) {
            if (ranges_[i].empty() || is_exact(i, soft)) continue;
            first = std::min(first, i);
            last = i + 1;
            all = spanned(all, ranges_[i]);
            count += errors_[i].kept;
        }
        products_.assign(group_.size() * padded(), T{0});
        if (first >= last) return;
        if (count * kSparse < (last - first) * all.size()) {
            for (std::size_t i = first; i < last; ++i) {
                if (ranges_[i].empty()) continue;
                gather_values(i, kept_weights(i, soft));
            }
            return;
        }
        T* const all_cells = cells_of((last - first) * all.size());
        for (std::size_t i = first; i < last; ++i) {
            const KeyRange range = ranges_[i].empty() ? KeyRange{all.begin, all.begin} : ranges_[i];
            T* const cells = all_cells + (i - first) * all.size();
            T* const begin = cells + (range.begin - all.begin);
            std::fill(cells, begin, T{0});
            std::fill(begin + range.size(), cells + all.size(), T{0});
            if (!range.empty())
                kept_.keep_values(kept_weights(i, soft), keep_of(i), range.size(), begin);
        }
        multiply_values(all, first, last);
    }

    void measure_factors(std::size_t method, const approx::Factors& factors) {
        const std::size_t rows = group_.size();
        const KeyRange range = factors.masked ? tile_.active : KeyRange{0, keys_};
        const std::size_t r = factors.left.columns;
        const MatrixView<const double> left(
            factors.left.values.data() + (tile_.first_query + first_) * r, rows, r);
        const MatrixView<const double> right(factors.right.values.data() + range.begin, r,
                                             range.size(), keys_);
        products64_.assign(rows * range.size(), 0.0);
        if (range.size() > 0)
            multiply<double>(left, right, {products64_.data(), rows, range.size()});
        errors_.assign(rows, RowError{});
        factors_.assign(rows, T{1});
        T* const cells = has_contexts() ? cells_of(rows * range.size()) : nullptr;
        std::fill_n(cells, cells ? rows * range.size() : 0, T{0});
        for (std::size_t i = 0; i < rows; ++i) {
            if (group_[i].cells == 0) continue;
            double* const implied = products64_.data() + i * range.size();
            finish_implied(factors, group_[i].row, range, implied);
            errors_[i] = compare_row(group_[i], range, {implied, range.size()});
            if (!has_contexts()) continue;
            for (std::size_t key = 0; key < range.size(); ++key)
                cells[i * range.size() + key] = static_cast<T>(implied[key]);
        }
        if (has_contexts()) {
            products_.assign(rows * padded(), T{0});
            multiply_values(range, 0, rows);
        }
        give(method, nullptr);
    }

    static void finish_implied(const approx::Factors& factors, const approx::ExactRows::Row& row,
                               KeyRange range, double* implied) {
        double sum = 0;
        for (std::size_t key = range.begin; key < range.end; ++key) {
            double& weight = implied[key - range.begin];
            if (factors.masked && !row.may_attend(key)) weight = 0;
            sum += weight;
        }
        if (!factors.normalised) return;
        for (std::size_t key = 0; key < range.size(); ++key)
            implied[key] = sum != 0 ? implied[key] / sum : 0.0;
    }

    void measure_changed(std::size_t method, const ChangedLayer<T>& changed) {
        std::vector<T> contexts(tile_.rows() * d_value());
        const MatrixView<T> context(contexts.data(), tile_.rows(), d_value());
        const TilePlace place{tile_.sequence, tile_.head, tile_.block(task_.shape)};
        compute_tile<T>(*changed.task, place, context, [&](const Tile<T>& other) {
            for (std::size_t first = 0; first < tile_.rows(); first += group_rows_) {
                look_at_group(first);
                compare_tiles(other);
                for (std::size_t i = 0; i < group_.size(); ++i) {
                    if (group_[i].cells == 0) continue;
                    give_row(method, i, other.context.row(first + i));
                }
            }
        });
    }

    void compare_tiles(const Tile<T>& other) {
        errors_.assign(group_.size(), RowError{});
        for (std::size_t i = 0; i < group_.size(); ++i) {
            if (group_[i].cells == 0) continue;
            const Span<const T> row = other.weights.row(first_ + i);
            implied_.assign(row.begin(), row.end());
            // As the exact ones: float32 does not sum to 1.
            if (!task_.layer.extra_logit()) take_weights({implied_.data(), row.size()}, false);
            errors_[i] = compare_row(group_[i], other.active, {implied_.data(), row.size()});
        }
    }

    void give(std::size_t method, const approx::KeptKeys* kept) {
        for (std::size_t i = 0; i < group_.size(); ++i) {
            if (!is_measured(i, kept)) continue;
            if (!has_contexts()) {
                results_.add(method, errors_[i]);
                continue;
            }
            if (kept && is_exact(i, kept->is_soft())) {
                give_row(method, i, exact_context(i));
                continue;
            }
            T* const context = products_.data() + i * padded();
            for (std::size_t j = 0; j < d_value(); ++j) context[j] *= factors_[i];
            give_row(method, i, {context, d_value()});
        }
    }

    void give_row(std::size_t method, std::size_t i, Span<const T> context) {
        compare_context<T>(errors_[i], exact_context(i), context);
        results_.add(method, errors_[i]);
        results_.add_context(method, group_[i].row.query, exact_context(i), context);
    }

    const TileTask<T>& task_;
    const Tile<T>& tile_;
    TileResults<T>& results_;
    const Kernels<T>& kernels_;
    const KeptKernels<T>& kept_;
    std::size_t keys_, slot_, group_rows_;
    bool needs_logs_ = false;
    std::size_t largest_wanted_ = 0;

    // These belong to the group of rows that is looked at.
    std::size_t first_ = 0;
    std::vector<ExactRow> group_;
    AlignedBuffer<double> weights_;  // [group_rows_, keys_]
    std::vector<T> tile_factors_;    // what the weights of the tile were multiplied by
    std::vector<std::vector<double>> logs_;
    std::vector<std::vector<std::uint8_t>> blocked_;
    std::vector<T> exact_;  // contexts, where the tile has none
    // These belong to one method on it.
    std::vector<KeyRange> ranges_;
    std::vector<RowError> errors_;
    std::vector<T> factors_, products_;
    AlignedBuffer<T> cells_;
    std::size_t cells_size_ = 0;
    std::vector<std::vector<T>> soft_;
    std::vector<double> sums_, implied_, products64_;
    AlignedBuffer<std::uint8_t> keep_;     // [group_rows_, keys_]
    AlignedBuffer<std::uint32_t> places_;  // [group_rows_, keys_ + kPlacesBehind]
};

}  // namespace

template <class T>
void measure_tile(const TileTask<T>& task, const Tile<T>& tile, TileResults<T>& results) {
    TileWorker<T>(task, tile, results).measure();
}

template void measure_tile(const TileTask<float>&, const Tile<float>&, TileResults<float>&);
template void measure_tile(const TileTask<double>&, const Tile<double>&, TileResults<double>&);

}  // namespace attn::analysis
