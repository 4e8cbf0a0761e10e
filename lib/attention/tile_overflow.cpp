#include "attention/tile_overflow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/magnitude.hpp"

namespace attn {
namespace {

std::string rounded(long double value) {
    std::ostringstream text;
    text.precision(3);
    text << value;
    return text.str();
}

template <class T>
bool is_broken(T value) {
    return !std::isfinite(value);
}

// The first row that is not finite; there is one.
template <class T>
std::size_t broken_row(MatrixView<const T> matrix) {
    std::size_t row = 0;
    while (is_finite(largest_magnitude(matrix.row(row).data(), matrix.columns))) ++row;
    return row;
}

}  // namespace

template <class T>
TileOverflow<T>::TileOverflow(const LayerTask<T>& task, const TilePlace& place, std::size_t matrix)
    : task_(task),
      place_(place),
      first_query_(place.block * task.shape.block_rows),
      matrix_(matrix) {
    if (lets_through()) return;
    T largest_query{0};
    const MatrixView<const T> rows = queries();
    for (std::size_t row = 0; row < rows.rows; ++row) {
        const T found = largest_magnitude(rows.row(row).data(), rows.columns);
        if (!(found <= largest_query)) largest_query = found;
        if (!is_finite(largest_query)) break;
    }
    check_inputs(largest_query);
    // No partial sum of a product is larger than this, before the scale and after.
    const double bound = static_cast<double>(rows.columns) * static_cast<double>(largest_query) *
                         static_cast<double>(task.packed.largest_key(matrix)) *
                         std::max(1.0, std::abs(static_cast<double>(task.inputs.scale)));
    products_may_overflow_ = !(bound < static_cast<double>(std::numeric_limits<T>::max()) / 4);
}

template <class T>
void TileOverflow<T>::check_inputs(T largest_query) const {
    const auto refuse = [&](const char* what, std::optional<std::size_t> query,
                            std::optional<std::size_t> key) {
        OverflowPlace place = place_of(0);
        place.query = query;
        place.key = key;
        refuse_overflow<T>(place, what);
    };
    if (!is_finite(largest_query))
        refuse("the query itself", first_query_ + broken_row(queries()), std::nullopt);
    if (!is_finite(task_.packed.largest_key(matrix_)))
        refuse("the key itself", std::nullopt, broken_row(of_kv_head(task_.inputs.k)));
    const std::vector<std::size_t>& values = task_.packed.broken_values(matrix_);
    if (!values.empty()) refuse("the value of the key", std::nullopt, values.front());
}

template <class T>
void TileOverflow<T>::see_products(std::size_t first_key, const T* products, std::size_t count) {
    overflowed_.clear();
    if (!products_may_overflow_) return;
    for (std::size_t i = 0; i < count; ++i) {
        if (is_broken(products[i])) overflowed_.push_back(first_key + i);
    }
}

template <class T>
void TileOverflow<T>::check_products(std::size_t row, std::size_t first_key,
                                     const std::uint8_t* blocked) const {
    for (const std::size_t key : overflowed_) {
        if (blocked != nullptr && blocked[key - first_key] != 0) continue;
        OverflowPlace place = place_of(row);
        place.key = key;
        const long double score = score_of(row, key);
        const bool beyond =
            std::abs(score) > static_cast<long double>(std::numeric_limits<T>::max());
        refuse_overflow<T>(place,
                           (beyond ? "the score " : "a part of the sum of the score ") +
                               rounded(score) + " (scale * q.k)",
                           "a smaller --scale");
    }
}

template <class T>
void TileOverflow<T>::check_scores(std::size_t row, std::size_t first_key, const T* scores,
                                   std::size_t count, T largest) const {
    if (largest <= std::numeric_limits<T>::max() || lets_through()) return;
    OverflowPlace place = place_of(row);
    const auto above = [](T score) { return !(score <= std::numeric_limits<T>::max()); };
    const auto key = static_cast<std::size_t>(std::find_if(scores, scores + count, above) - scores);
    place.key = first_key + key;
    refuse_overflow<T>(place, "the score " + rounded(score_of(row, first_key + key)) +
                                  " with its biases or its mask");
}

template <class T>
void TileOverflow<T>::refuse_lowest(std::size_t row, std::size_t key) const {
    OverflowPlace place = place_of(row);
    place.key = key;
    refuse_overflow<T>(place, "like all of its row, the score " + rounded(score_of(row, key)) +
                                  " with its biases or its mask");
}

template <class T>
void TileOverflow<T>::check_context(std::size_t row, Span<const T> context) const {
    if (lets_through() || is_finite(largest_magnitude(context.data(), context.size()))) return;
    OverflowPlace place = place_of(row);
    place.column = static_cast<std::size_t>(
        std::find_if(context.begin(), context.end(), is_broken<T>) - context.begin());
    refuse_overflow<T>(place, "the context (weights times values)");
}

template <class T>
MatrixView<const T> TileOverflow<T>::queries() const {
    const MatrixView<const T> all = task_.inputs.q.head(place_.sequence, place_.head);
    return {all.data + first_query_ * all.stride, task_.shape.rows_of_block(place_.block),
            all.columns, all.stride};
}

template <class T>
MatrixView<const T> TileOverflow<T>::of_kv_head(const HeadsView<T>& heads) const {
    return heads.head(place_.sequence, matrix_ % heads.heads);
}

template <class T>
OverflowPlace TileOverflow<T>::place_of(std::size_t row) const {
    OverflowPlace place;
    place.layer = task_.inputs.layer;
    place.sequence = place_.sequence;
    place.head = place_.head;
    place.query = first_query_ + row;
    return place;
}

template <class T>
long double TileOverflow<T>::score_of(std::size_t row, std::size_t key) const {
    const Span<const T> q = queries().row(row);
    const Span<const T> k = of_kv_head(task_.inputs.k).row(key);
    long double sum = 0;
    for (std::size_t i = 0; i < q.size(); ++i)
        sum += static_cast<long double>(q[i]) * static_cast<long double>(k[i]);
    return sum * static_cast<long double>(task_.inputs.scale);
}

template class TileOverflow<float>;
template class TileOverflow<double>;

}  // namespace attn
