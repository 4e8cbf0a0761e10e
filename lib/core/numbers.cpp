#include "core/numbers.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/error.hpp"

namespace attn {
namespace {

using Float = std::numeric_limits<float>;
using Double = std::numeric_limits<double>;

// As short as it may be, and exact.
std::string text_of(double value) {
    char text[32];
    const auto [end, problem] = std::to_chars(text, text + sizeof text, value);
    return {text, end};
}

// Without the plus sign that Python allows and from_chars does not.
const char* skip_plus(const std::string& text) {
    const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
    return text.data() + (plus ? 1 : 0);
}

template <class Number>
std::optional<Number> number_of(const std::string& text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(skip_plus(text), end, value);
    if (problem != std::errc() || stop != end) return std::nullopt;
    return value;
}

}  // namespace

RealRange RealRange::any() {
    return {Kind::any, Float::lowest(), Float::max()};
}

RealRange RealRange::positive() {
    return {Kind::positive, Float::min(), Float::max()};
}

RealRange RealRange::between(double least, double most) {
    return {Kind::between, least, most};
}

RealRange RealRange::tolerance() {
    return {Kind::tolerance, 0, Double::max()};
}

bool RealRange::contains(double value) const {
    const bool float32 = kind_ == Kind::any || kind_ == Kind::positive;
    const bool vanishes =
        float32 && value != 0 && std::abs(value) < static_cast<double>(Float::min());
    return least_ <= value && value <= most_ && !vanishes;
}

std::string RealRange::words() const {
    switch (kind_) {
        case Kind::any:
            return "a number that float32 can hold, up to 3.4e38 in size and, but for 0, not below "
                   "1.2e-38";
        case Kind::positive:
            return "a number above 0 that float32 can hold, from 1.2e-38 to 3.4e38";
        case Kind::tolerance:
            return "a finite number of 0 or more";
        case Kind::between:
            break;
    }
    return "a number from " + text_of(least_) + " to " + text_of(most_);
}

std::string WholeRange::words() const {
    return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::optional<double> real_of(const std::string& text) {
    return number_of<double>(text);
}

std::optional<std::int64_t> whole_of(const std::string& text) {
    return number_of<std::int64_t>(text);
}

double parse_real(const std::string& text, const RealRange& range, const std::string& flag) {
    const std::optional<double> value = real_of(text);
    if (!value || !range.contains(*value))
        fail(flag, " ", quoted(text), ": expected ", range.words());
    return *value;
}

std::int64_t parse_whole(const std::string& text, const WholeRange& range,
                         const std::string& flag) {
    const std::optional<std::int64_t> value = whole_of(text);
    if (!value || !range.contains(*value))
        fail(flag, " ", quoted(text), ": expected ", range.words());
    return *value;
}

double require_real(double value, const RealRange& range, const std::string& where) {
    if (!range.contains(value)) fail(where, " ", text_of(value), ": expected ", range.words());
    return value;
}

std::int64_t require_whole(double value, const WholeRange& range, const std::string& where) {
    // Compared as float64, which holds no number between 2^63 - 1 and 2^63.
    const bool fits = std::abs(value) < 0x1p63 && value == std::floor(value);
    if (!fits || !range.contains(static_cast<std::int64_t>(value)))
        fail(where, " ", text_of(value), ": expected ", range.words());
    return static_cast<std::int64_t>(value);
}

std::string quoted(const std::string& text) {
    constexpr std::size_t kMost = 60;
    if (text.size() > kMost) {
        std::size_t end = kMost;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
        return text.substr(0, end) + "… (" + std::to_string(text.size()) + " bytes)";
    }
    if (text.empty() || text.front() == ' ' || text.back() == ' ') return "'" + text + "'";
    return text;
}

}  // namespace attn
