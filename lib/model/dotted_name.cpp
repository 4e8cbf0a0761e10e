#include "model/dotted_name.hpp"

#include <algorithm>
#include <charconv>

#include "core/affix.hpp"

namespace attn::model {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> components(const std::string& name) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= name.size();) {
        const std::size_t dot = std::min(name.find('.', start), name.size());
        parts.push_back(name.substr(start, dot - start));
        start = dot + 1;
    }
    return parts;
}

std::vector<NameInLayer> readings_in_layer(const std::string& name, const std::string& pattern) {
    const std::size_t hole = pattern.find("{}");
    const std::string front = pattern.substr(0, hole);
    const std::string back = pattern.substr(hole + 2);
    std::vector<NameInLayer> readings;
    for (std::size_t at = name.find(front); at != std::string::npos;
         at = name.find(front, at + 1)) {
        if (at > 0 && name[at - 1] != '.') continue;
        NameInLayer reading;
        const char* number = name.data() + at + front.size();
        const char* end = name.data() + name.size();
        const auto [stop, problem] = std::from_chars(number, end, reading.layer);
        if (problem != std::errc()) continue;
        reading.name = std::string(stop, end);
        if (!starts_with(reading.name, back)) continue;
        reading.name.erase(0, back.size());
        reading.before = name.substr(0, at);
        readings.push_back(std::move(reading));
    }
    return readings;
}

}  // namespace attn::model
