#include "analysis/fused_layer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/are_zeros.hpp"
#include "core/divide_up.hpp"
#include "core/error.hpp"
#include "core/number_word.hpp"
#include "core/parallel.hpp"
#include "kernels/kept_kernels.hpp"

namespace attn::analysis {
namespace {

template <class T>
bool has_weight(const LayerHeads<T>& heads, std::size_t query, KeyRange range) {
    for (const MatrixView<const T>& head : heads.weights) {
        const T* row = head.row(query - heads.first_query).data();
        if (std::any_of(row + range.begin, row + range.end, [](T cell) { return cell != T{0}; }))
            return true;
    }
    return false;
}

// Cells that no head may attend; of a mask without an axis of heads the first one tells.
template <class T>
std::vector<std::uint8_t> blocked_cells(const LayerHeads<T>& heads, std::size_t query,
                                        KeyRange range) {
    if (!heads.mask->blocks_cells()) return {};
    std::vector<std::uint8_t> all(range.size(), 1), one(range.size());
    std::vector<T> scores(range.size());
    for (const std::size_t place : heads.places) {
        heads.mask->apply(heads.sequence, place, query, range, scores.data(), one.data());
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = static_cast<std::uint8_t>(all[i] & one[i]);
    }
    return all;
}

// What is read of all heads at once: little enough to stay in cache while it is fused, and long
// pieces of each head.
constexpr std::size_t kReadOfHeads = std::size_t{1} << 20;

// A reader for heads that lie in files; for others, and for some rows only, there is none.
template <class T>
std::shared_ptr<const io::MatrixReader<T>> reader_of(const LayerHeads<T>& heads) {
    if (heads.all_queries > 0) return nullptr;
    std::vector<const T*> matrices;
    for (const auto* some : {&heads.weights, &heads.gradients})
        for (const MatrixView<const T>& one : *some) matrices.push_back(one.data);
    auto reader = std::make_shared<const io::MatrixReader<T>>(std::move(matrices), heads.queries(),
                                                              heads.keys());
    return reader->copies() ? reader : nullptr;
}

KeyRange with_own(KeyRange range, std::size_t query) {
    if (range.empty()) return {query, query + 1};
    return {std::min(range.begin, query), std::max(range.end, query + 1)};
}

// What is blocked between them is zero.
AllowedCells with_own(AllowedCells cells, std::size_t query) {
    cells.range = with_own(cells.range, query);
    cells.blocked.clear();
    return cells;
}

double sum_of(const std::vector<double>& row, KeyRange range) {
    constexpr std::size_t kLanes = 4;  // side by side: an addition need not wait for the one before
    double sums[kLanes] = {};
    std::size_t key = range.begin;
    for (; key + kLanes <= range.end; key += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += row[key + lane];
    }
    for (; key < range.end; ++key) sums[0] += row[key];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void fill(std::vector<double>& row, KeyRange range, double with) {
    std::fill(row.data() + range.begin, row.data() + range.end, with);
}

void multiply(std::vector<double>& row, KeyRange range, double by) {
    for (std::size_t key = range.begin; key < range.end; ++key) row[key] *= by;
}

void divide(std::vector<double>& row, KeyRange range, double by) {
    for (std::size_t key = range.begin; key < range.end; ++key) row[key] /= by;
}

}  // namespace

std::size_t AllowedCells::count() const {
    if (blocked.empty()) return range.empty() ? 0 : range.size();
    return static_cast<std::size_t>(std::count(blocked.begin(), blocked.end(), std::uint8_t{0}));
}

template <class T>
AllowedCells allowed_cells(const LayerHeads<T>& heads, std::size_t query) {
    AllowedCells cells;
    const KeyRange range = heads.mask->allowed(heads.sequence, query);
    if (range.empty() || !has_weight(heads, query, range)) return cells;
    cells.range = range;
    cells.blocked = blocked_cells(heads, query, range);
    return cells;
}

template <class T>
FusedLayer<T>::FusedLayer(LayerHeads<T> heads, const RolloutOptions& options)
    : heads_(std::move(heads)), options_(options), reader_(reader_of(heads_)) {
    if (reader_ != nullptr) {
        const std::size_t row = (heads_.weights.size() + heads_.gradients.size()) * keys();
        rows_at_once_ = std::max<std::size_t>(kReadOfHeads / (row * sizeof(T)), 1);
        rows_of_heads_ = std::make_shared<BufferPool<T>>(available_threads(),
                                                         std::min(rows_at_once_, queries()) * row);
    }
    if (options.discard == 0 || options.discard_scope == DiscardScope::row) return;
    std::size_t cells = 0;
    for (std::size_t query = 0; query < queries(); ++query)
        cells += allowed_cells(heads_, query).count();
    const auto count = static_cast<std::size_t>(options.discard * static_cast<double>(cells));
    discard_ = find_discard(queries(), count, [this](std::size_t query, std::vector<double>& row) {
        std::vector<double> all(keys());
        const AllowedCells allowed = allowed_cells(heads_, query);
        fuse(query, allowed, all);
        move_first_key(query, all);
        row.clear();
        for (std::size_t key = allowed.range.begin; key < allowed.range.end; ++key) {
            if (allowed.has(key)) row.push_back(all[key]);
        }
    });
}

template <class T>
KeyRange FusedLayer<T>::row_range(std::size_t query) const {
    const KeyRange range = heads_.mask->allowed(heads_.sequence, query);
    return queries() == keys() ? with_own(range, query) : range;
}

template <class T>
KeyRange FusedLayer<T>::range_of(std::size_t first, std::size_t count) const {
    KeyRange all{keys(), 0};
    for (std::size_t query = first; query < first + count; ++query) {
        const KeyRange range = row_range(query);
        if (range.empty()) continue;
        all = {std::min(all.begin, range.begin), std::max(all.end, range.end)};
    }
    return all.empty() ? KeyRange{} : all;
}

template <class T>
FusedLayer<T> FusedLayer<T>::at_hand(std::size_t first, std::size_t count, T* buffer) const {
    FusedLayer some = *this;
    some.reader_ = nullptr;
    some.heads_.first_query = first;
    some.heads_.all_queries = queries();
    std::size_t matrix = 0;
    for (auto* views : {&some.heads_.weights, &some.heads_.gradients}) {
        for (MatrixView<const T>& view : *views) {
            view = reader_->rows(matrix++, first, count, buffer);
            buffer += count * keys();
        }
    }
    return some;
}

template <class T>
void FusedLayer<T>::rows(std::size_t first, std::size_t count, T* into) const {
    if (reader_ == nullptr) return make_rows(first, count, into);
    const std::size_t pieces = std::max<std::size_t>(divide_up(count, rows_at_once_), 1);
    const std::size_t step = divide_up(count, pieces);
    const typename BufferPool<T>::Loan buffer = rows_of_heads_->borrow();
    for (std::size_t done = 0; done < count; done += step) {
        const std::size_t some = std::min(step, count - done);
        at_hand(first + done, some, buffer.data())
            .make_rows(first + done, some, into + done * keys());
    }
}

template <class T>
void FusedLayer<T>::make_rows(std::size_t first, std::size_t count, T* into) const {
    std::vector<double> row(keys());
    for (std::size_t i = 0; i < count; ++i, into += keys()) {
        make_row(first + i, row);
        KeyRange range = row_range(first + i);
        if (range.empty()) range = {};
        double* const begin = row.data() + range.begin;
        double* const end = row.data() + range.end;
        std::fill(into, into + range.begin, T{0});
        std::transform(begin, end, into + range.begin,
                       [](double cell) { return static_cast<T>(cell); });
        std::fill(into + range.end, into + keys(), T{0});
        std::fill(begin, end, 0.0);
    }
}

template <class T>
void FusedLayer<T>::require_causal(std::size_t query) const {
    for (const MatrixView<const T>& head : heads_.weights) {
        const T* const row = head.row(query - heads_.first_query).data();
        if (!are_zeros(row + query + 1, keys() - query - 1)) throw NotCausal{};
    }
}

template <class T>
void FusedLayer<T>::make_row(std::size_t query, std::vector<double>& row) const {
    if (heads_.causal_unproved) require_causal(query);
    AllowedCells allowed = allowed_cells(heads_, query);
    if (options_.own_cell) allowed = with_own(std::move(allowed), query);
    fuse(query, allowed, row);
    if (options_.fused == Fused::crossed_relevance) return;
    if (options_.fused == Fused::relevance) {
        row[query] += 1;
        return;
    }
    move_first_key(query, row);
    discard(query, allowed, row);
    add_residual(query, row_range(query), row);
}

// Shows the first cell that is no weight.
template <class T>
void FusedLayer<T>::require_weights(std::size_t query, KeyRange range) const {
    for (std::size_t i = 0; i < heads_.weights.size(); ++i) {
        const auto row = heads_.weights[i].row(query - heads_.first_query);
        for (std::size_t key = range.begin; key < range.end; ++key) {
            if (std::isfinite(row[key]) && row[key] >= 0) continue;
            fail(heads_.name, ", head ", heads_.numbers[i], ", query ", query, ", key ", key,
                 ": is ", word_of_number(static_cast<double>(row[key])),
                 ", expected attention weights of 0 or more");
        }
    }
    for (std::size_t i = 0; i < heads_.gradients.size(); ++i) {
        const auto row = heads_.gradients[i].row(query - heads_.first_query);
        for (std::size_t key = range.begin; key < range.end; ++key) {
            if (!std::isfinite(row[key]))
                fail("--gradients: of ", heads_.name, ", head ", heads_.numbers[i], ", query ",
                     query, ", key ", key, ": is ", word_of_number(static_cast<double>(row[key])),
                     ", expected a finite number");
        }
    }
}

template <class T>
void FusedLayer<T>::show_sum(std::size_t query, std::size_t head, double sum) const {
    if (heads_.sums == nullptr) return;
    heads_.sums->see({heads_.layer, heads_.sequence, heads_.numbers[head], query, sum});
}

// Adds the rows of all heads, and looks at them while they are read. Whether they are weights.
template <class T>
bool FusedLayer<T>::add_and_watch(std::size_t query, KeyRange range,
                                  std::vector<double>& row) const {
    const KeptKernels<T>& kernels = kept_kernels<T>();
    bool sane = true;
    for (std::size_t i = 0; i < heads_.weights.size(); ++i) {
        const T* const cells = heads_.weights[i].row(query - heads_.first_query).data();
        const AddedWeights added =
            kernels.add_weights(cells + range.begin, range.size(), row.data() + range.begin);
        sane = sane && added.smallest >= 0 &&
               added.largest <= static_cast<double>(std::numeric_limits<T>::max());
        show_sum(query, i, added.sum);
    }
    return sane;
}

template <class T>
void FusedLayer<T>::add_weights(std::size_t query, KeyRange range, std::vector<double>& row) const {
    const std::size_t begin = range.begin, end = range.end;
    fill(row, range, 0);
    for (std::size_t i = 0; i < heads_.weights.size(); ++i) {
        const T* const cells = heads_.weights[i].row(query - heads_.first_query).data();
        if (options_.fuse == Fuse::max || options_.fuse == Fuse::min) {
            const bool least = options_.fuse == Fuse::min;
            for (std::size_t key = begin; key < end; ++key) {
                const auto cell = static_cast<double>(cells[key]);
                row[key] = i == 0  ? cell
                           : least ? std::min(row[key], cell)
                                   : std::max(row[key], cell);
            }
        } else {
            const double share = heads_.shares[i];
            for (std::size_t key = begin; key < end; ++key)
                row[key] += share * static_cast<double>(cells[key]);
        }
    }
    if (options_.fuse == Fuse::max || options_.fuse == Fuse::min) return;
    divide(row, range, std::accumulate(heads_.shares.begin(), heads_.shares.end(), 0.0));
}

template <class T>
void FusedLayer<T>::add_products(std::size_t query, KeyRange range,
                                 std::vector<double>& row) const {
    const bool clamp_first = options_.fused != Fused::gradient;
    fill(row, range, 0);
    for (std::size_t i = 0; i < heads_.weights.size(); ++i) {
        const T* const cells = heads_.weights[i].row(query - heads_.first_query).data();
        const T* const slopes = heads_.gradients[i].row(query - heads_.first_query).data();
        for (std::size_t key = range.begin; key < range.end; ++key) {
            const double product =
                static_cast<double>(cells[key]) * static_cast<double>(slopes[key]);
            row[key] += clamp_first ? std::max(0.0, product) : product;
        }
    }
    divide(row, range, static_cast<double>(heads_.weights.size()));
    for (std::size_t key = range.begin; key < range.end; ++key) row[key] = std::max(0.0, row[key]);
}

// [keys], of zeros before, zero where nobody may attend.
template <class T>
void FusedLayer<T>::fuse(std::size_t query, const AllowedCells& allowed,
                         std::vector<double>& row) const {
    const KeyRange range = allowed.range;
    if (range.empty()) return;
    bool sane = add_and_watch(query, range, row);
    for (const MatrixView<const T>& head : heads_.gradients) {
        const T* const cells = head.row(query - heads_.first_query).data();
        for (std::size_t key = range.begin; key < range.end; ++key)
            sane = sane && std::isfinite(cells[key]);
    }
    if (!sane) require_weights(query, range);
    if (options_.fused != Fused::weights)
        add_products(query, range, row);
    else if (is_plain_mean())
        multiply(row, range, 1 / static_cast<double>(heads_.weights.size()));
    else
        add_weights(query, range, row);
    for (std::size_t i = 0; i < allowed.blocked.size(); ++i) {
        if (allowed.blocked[i] != 0) row[range.begin + i] = 0;
    }
}

// Attention to a first key that is a sink is no attention to it (Gu et al. 2024).
template <class T>
void FusedLayer<T>::move_first_key(std::size_t query, std::vector<double>& row) const {
    if (query == 0 || options_.first_key == FirstKey::keep) return;
    const double first = row[0];
    if (options_.first_key == FirstKey::residual) {
        row[query] += first;
        row[0] = 0;
        return;
    }
    const KeyRange all{0, row.size()};
    const double before = sum_of(row, all);
    row[0] = 0;
    const double rest = sum_of(row, all);
    if (rest > 0) {
        for (double& cell : row) cell *= before / rest;
    }
}

template <class T>
void FusedLayer<T>::discard(std::size_t query, const AllowedCells& allowed,
                            std::vector<double>& row) const {
    if (options_.discard == 0 || allowed.range.empty()) return;
    Discard of_row;
    const bool by_row = options_.discard_scope == DiscardScope::row;
    if (by_row) {
        std::vector<double> cells;
        for (std::size_t key = allowed.range.begin; key < allowed.range.end; ++key) {
            if (allowed.has(key)) cells.push_back(row[key]);
        }
        const auto count =
            static_cast<std::size_t>(options_.discard * static_cast<double>(cells.size()));
        of_row = find_row_discard(std::move(cells), count);
    }
    const Discard& rule = by_row ? of_row : discard_;
    std::size_t ties = rule.ties_of(by_row ? 0 : query);
    for (std::size_t key = allowed.range.begin; key < allowed.range.end; ++key) {
        if (!allowed.has(key)) continue;
        const bool tied = row[key] == rule.threshold && ties > 0;
        if (tied) --ties;
        if ((tied || row[key] < rule.threshold) && key > 0) row[key] = 0;
    }
}

template <class T>
void FusedLayer<T>::add_residual(std::size_t query, KeyRange range,
                                 std::vector<double>& row) const {
    const double own = options_.residual;
    if (options_.renormalise == Renormalise::before) {
        const double sum = sum_of(row, range);
        if (sum > 0)
            divide(row, range, sum);
        else
            row[query] = 1;
    }
    if (own > 0) {
        multiply(row, range, 1 - own);
        row[query] += own;
    }
    if (options_.renormalise != Renormalise::after) return;
    const double sum = sum_of(row, range);
    if (sum > 0) multiply(row, range, 1 / sum);
}

template AllowedCells allowed_cells(const LayerHeads<float>&, std::size_t);
template AllowedCells allowed_cells(const LayerHeads<double>&, std::size_t);
template class FusedLayer<float>;
template class FusedLayer<double>;

}  // namespace attn::analysis
