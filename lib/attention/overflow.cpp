#include "attention/overflow.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <type_traits>

#include "core/divide_up.hpp"
#include "core/error.hpp"
#include "core/magnitude.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

std::string text_of(const OverflowPlace& place) {
    std::string text;
    const auto add = [&](const char* name, const std::optional<std::size_t>& index) {
        if (!index) return;
        text += (text.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(*index);
    };
    add("layer", place.layer);
    add("sequence", place.sequence);
    add("head", place.head);
    add("query", place.query);
    add("key", place.key);
    add("token", place.token);
    add("column", place.column);
    return text;
}

}  // namespace

template <class T>
void refuse_overflow(const OverflowPlace& place, const std::string& what,
                     const std::string& extra) {
    constexpr bool single = std::is_same_v<T, float>;
    std::string help = single ? "compute with --precision f64" : "";
    if (!extra.empty()) help += (help.empty() ? "give " : ", give ") + extra;
    help += (help.empty() ? "" : ", or ") + std::string("let it through with --allow-nonfinite");
    fail(text_of(place), ": ", what, " is beyond the range of ", single ? "float32" : "float64",
         "; ", help);
}

template <class T>
bool OverflowGuard::finds_fault(const Array<T>& x) const {
    if (allow_nonfinite) return false;
    constexpr std::size_t kPiece = std::size_t{1} << 15;
    std::atomic<bool> found{false};
    parallel_for(divide_up(x.size(), kPiece), [&](std::size_t piece) {
        const std::size_t begin = piece * kPiece, end = std::min(x.size(), begin + kPiece);
        if (!is_finite(largest_magnitude(x.data() + begin, end - begin))) found = true;
    });
    return found;
}

template <class T>
void OverflowGuard::check(const Array<T>& x, const std::string& what) const {
    if (!finds_fault(x)) return;
    const auto broken = std::find_if(x.values().begin(), x.values().end(),
                                     [](T value) { return !std::isfinite(value); });
    const auto index = static_cast<std::size_t>(broken - x.values().begin());
    const std::size_t columns = x.shape().back(), tokens = x.extent(1);
    OverflowPlace place;
    place.layer = layer;
    place.sequence = index / columns / tokens;
    const std::size_t row = index / columns % tokens;
    place.token = token_of ? token_of(row) : row;
    place.column = index % columns;
    refuse_overflow<T>(place, what);
}

template void refuse_overflow<float>(const OverflowPlace&, const std::string&, const std::string&);
template void refuse_overflow<double>(const OverflowPlace&, const std::string&, const std::string&);
template bool OverflowGuard::finds_fault(const Array<float>&) const;
template bool OverflowGuard::finds_fault(const Array<double>&) const;
template void OverflowGuard::check(const Array<float>&, const std::string&) const;
template void OverflowGuard::check(const Array<double>&, const std::string&) const;

}  // namespace attn
