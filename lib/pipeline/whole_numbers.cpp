#include "pipeline/whole_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.hpp"

namespace attn::pipeline {

std::optional<std::int64_t> parse_integer(const std::string& text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc() || stop != end) return std::nullopt;
    return value;
}

std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t comma = std::min(text.find(',', start), text.size());
        parts.push_back(text.substr(start, comma - start));
        start = comma + 1;
    }
    return parts;
}

std::vector<std::int64_t> load_integers(io::Inputs& inputs, const std::string& name,
                                        const std::string& flag) {
    const Array<double> array = inputs.load<double>(name, io::NonFinite::refuse);
    std::vector<std::int64_t> values;
    for (const double value : array.values()) {
        if (value != std::floor(value) || std::abs(value) > 1e15) {
            fail(flag, " ", name, ": ", value, " is not a whole number");
        }
        values.push_back(static_cast<std::int64_t>(value));
    }
    return values;
}

std::vector<std::int64_t> load_integer_list(io::Inputs& inputs, const std::string& text,
                                            const std::string& flag) {
    std::vector<std::int64_t> values;
    for (const std::string& part : split_at_commas(text)) {
        const auto value = parse_integer(part);
        if (!value) return load_integers(inputs, text, flag);
        values.push_back(*value);
    }
    return values;
}

}  // namespace attn::pipeline
