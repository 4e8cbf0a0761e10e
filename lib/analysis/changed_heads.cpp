#include "analysis/changed_heads.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

struct RowPlace {
    std::size_t sequence, head, token;
};

// Heads of these sizes, each row as write(place, row) leaves it; rows begin as zeros.
template <class Write>
Heads<double> build(std::size_t batch, std::size_t heads, std::size_t tokens, std::size_t width,
                    const Write& write) {
    std::vector<double> values(batch * heads * tokens * width);
    parallel_for(batch * heads, [&](std::size_t item) {
        double* row = values.data() + item * tokens * width;
        for (std::size_t token = 0; token < tokens; ++token, row += width)
            write(RowPlace{item / heads, item % heads, token}, row);
    });
    return make_separate_heads(Array<double>({batch, heads, tokens, width}, std::move(values)));
}

template <class Write>
Heads<double> build_like(const HeadsView<double>& view, const Write& write) {
    return build(view.batch, view.heads, view.tokens, view.width, write);
}

Span<const double> row_of(const HeadsView<double>& view, const RowPlace& place) {
    return view.head(place.sequence, place.head).row(place.token);
}

void copy_row(const HeadsView<double>& view, const RowPlace& place, double* to) {
    const Span<const double> row = row_of(view, place);
    std::copy(row.begin(), row.end(), to);
}

}  // namespace

Array<double> changed(const Array<double>& array, double factor, Rounding rounding) {
    if ((factor == 1 && rounding == Rounding::none) || array.empty()) return array;
    std::vector<double> values(array.data(), array.data() + array.size());
    for (double& value : values) value = round_to(rounding, value * factor);
    return {array.shape(), std::move(values)};
}

Heads<double> changed(const Heads<double>& heads, double factor, Rounding rounding) {
    if (factor == 1 && rounding == Rounding::none) return heads;
    return build_like(heads.view, [&](const RowPlace& place, double* to) {
        for (const double value : row_of(heads.view, place))
            *to++ = round_to(rounding, value * factor);
    });
}

Heads<double> copied(const Heads<double>& heads) {
    return build_like(heads.view,
                      [&](const RowPlace& place, double* to) { copy_row(heads.view, place, to); });
}

Heads<double> quantised(const Heads<double>& heads, double levels) {
    if (levels == 0) return heads;
    return build_like(heads.view, [&](const RowPlace& place, double* to) {
        const Span<const double> row = row_of(heads.view, place);
        double largest = 0;
        for (const double value : row) largest = std::max(largest, std::abs(value));
        if (!(largest > 0)) return copy_row(heads.view, place, to);
        const double step = largest / levels;
        for (const double value : row) *to++ = std::nearbyint(value / step) * step;
    });
}

Heads<double> with_unit_rows(const Heads<double>& heads) {
    return build_like(heads.view, [&](const RowPlace& place, double* to) {
        const Span<const double> row = row_of(heads.view, place);
        double square = 0;
        for (const double value : row) square += value * value;
        if (!(square > 0)) return copy_row(heads.view, place, to);
        for (const double value : row) *to++ = value / std::sqrt(square);
    });
}

std::size_t shifted_place(std::size_t place, std::size_t tokens, std::ptrdiff_t by) {
    const auto count = static_cast<std::ptrdiff_t>(tokens);
    return static_cast<std::size_t>((static_cast<std::ptrdiff_t>(place) + by + count) % count);
}

Heads<double> moved(const Heads<double>& heads,
                    const std::function<std::size_t(std::size_t)>& token_at) {
    return build_like(heads.view, [&](const RowPlace& place, double* to) {
        copy_row(heads.view, {place.sequence, place.head, token_at(place.token)}, to);
    });
}

Heads<double> shifted(const Heads<double>& heads, std::ptrdiff_t by) {
    if (by == 0 || heads.view.tokens == 0) return heads;
    return moved(heads,
                 [&](std::size_t place) { return shifted_place(place, heads.view.tokens, by); });
}

Array<double> of_next_sequence(const Array<double>& array) {
    const std::size_t size = array.size() / array.extent(0);
    std::vector<double> values(array.data(), array.data() + array.size());
    std::rotate(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size), values.end());
    return {array.shape(), std::move(values)};
}

Heads<double> of_next_sequence(const Heads<double>& heads) {
    return build_like(heads.view, [&](const RowPlace& place, double* to) {
        copy_row(heads.view, {(place.sequence + 1) % heads.view.batch, place.head, place.token},
                 to);
    });
}

Heads<double> chosen(const Heads<double>& heads, const std::vector<std::size_t>& numbers) {
    if (numbers.empty()) return heads;
    const HeadsView<double>& view = heads.view;
    return build(view.batch, numbers.size(), view.tokens, view.width,
                 [&](const RowPlace& place, double* to) {
                     copy_row(view, {place.sequence, numbers[place.head], place.token}, to);
                 });
}

Heads<double> averaged(const Heads<double>& heads, std::size_t count) {
    const HeadsView<double>& view = heads.view;
    assert(count > 0 && view.heads % count == 0);
    return build(view.batch, view.heads / count, view.tokens, view.width,
                 [&](const RowPlace& place, double* to) {
                     for (std::size_t i = 0; i < count; ++i) {
                         const Span<const double> row =
                             row_of(view, {place.sequence, place.head * count + i, place.token});
                         for (std::size_t column = 0; column < view.width; ++column)
                             to[column] += row[column] / static_cast<double>(count);
                     }
                 });
}

}  // namespace attn::analysis
