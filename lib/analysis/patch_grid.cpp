#include "analysis/patch_grid.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"

namespace attn::analysis {
namespace {

std::size_t apart(std::size_t a, std::size_t b) {
    return a > b ? a - b : b - a;
}

// Takes the number that `text` begins with away from it; none: no number, or one without sense.
std::optional<std::size_t> take_number(std::string& text) {
    constexpr WholeRange kSides{0, 1'000'000};
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = whole_of(text.substr(0, end));
    if (!number || !kSides.contains(*number)) return std::nullopt;
    text.erase(0, end);
    return static_cast<std::size_t>(*number);
}

bool take(std::string& text, char sign) {
    if (text.empty() || text[0] != sign) return false;
    text.erase(0, 1);
    return true;
}

}  // namespace

PatchGrid::PatchGrid(std::size_t rows, std::size_t columns, std::size_t extra)
    : rows_(rows), columns_(columns), extra_(extra) {
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < columns; ++column)
            distances_.push_back(std::hypot(static_cast<float>(row), static_cast<float>(column)));
    }
}

bool PatchGrid::is_patch(std::ptrdiff_t position) const {
    return position >= static_cast<std::ptrdiff_t>(extra_) &&
           position < static_cast<std::ptrdiff_t>(keys());
}

template <class T>
double PatchGrid::weighted_distance(std::ptrdiff_t position, Span<const T> weights,
                                    std::size_t first_key) const {
    const std::size_t own = static_cast<std::size_t>(position) - extra_;
    const std::size_t end = first_key + weights.size();
    double sum = 0;
    for (std::size_t key = std::max(first_key, extra_); key < end;) {
        const std::size_t row = (key - extra_) / columns_;
        const float* distances = distances_.data() + apart(row, own / columns_) * columns_;
        const std::size_t row_end = std::min(end, extra_ + (row + 1) * columns_);
        for (std::size_t column = (key - extra_) % columns_; key < row_end; ++key, ++column) {
            sum += static_cast<double>(weights[key - first_key]) *
                   static_cast<double>(distances[apart(column, own % columns_)]);
        }
    }
    return sum;
}

PatchGrid parse_grid(const std::string& text, std::size_t keys) {
    std::string rest = text;
    const auto rows = take_number(rest);
    const bool cross = take(rest, 'x');
    const auto columns = take_number(rest);
    const auto extra = take(rest, '+') ? take_number(rest) : std::size_t{0};
    if (!rows || !cross || !columns || !extra || !rest.empty() || *rows * *columns == 0)
        fail("--grid ", quoted(text),
             ": expected rows x columns of patches, such as 14x14, or 14x14+1");
    const std::size_t patches = *rows * *columns;
    if (patches + *extra != keys) {
        std::string advice;
        if (patches < keys) {
            const std::string before = std::to_string(keys - patches);
            advice = "; where " + before + " come before the patches write " +
                     std::to_string(*rows) + "x" + std::to_string(*columns) + "+" + before;
        }
        fail("--grid ", text, ": stands for ", patches + *extra, " tokens, the attention has ",
             counted(keys, "key"), advice);
    }
    return {*rows, *columns, *extra};
}

template double PatchGrid::weighted_distance(std::ptrdiff_t, Span<const float>, std::size_t) const;
template double PatchGrid::weighted_distance(std::ptrdiff_t, Span<const double>, std::size_t) const;

}  // namespace attn::analysis
