#include "core/word_list.hpp"

#include <algorithm>

namespace attn {
namespace {

// The plural of the nouns of this program.
std::string plural_of(const std::string& noun) {
    const auto ends_with = [&](const std::string& end) {
        return noun.size() >= end.size() &&
               noun.compare(noun.size() - end.size(), end.size(), end) == 0;
    };
    const auto without = [&](std::size_t letters) { return noun.substr(0, noun.size() - letters); };
    if (ends_with("matrix")) return without(2) + "ices";
    if (ends_with("axis")) return without(2) + "es";
    if (ends_with("ry") || ends_with("ty")) return without(1) + "ies";
    if (ends_with("ch") || ends_with("ss")) return noun + "es";
    return noun + "s";
}

}  // namespace

std::vector<std::string> split_at(const std::string& text, char between) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t end = std::min(text.find(between, start), text.size());
        parts.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) text += (i > 0 ? between : "") + words[i];
    return text;
}

std::string listed(const std::vector<std::string>& words, std::size_t most) {
    if (words.size() <= most) return joined(words);
    const auto end = words.begin() + static_cast<std::ptrdiff_t>(most);
    return joined({words.begin(), end}) + " and " + std::to_string(words.size() - most) + " more";
}

std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + (count == 1 ? noun : plural_of(noun));
}

}  // namespace attn
