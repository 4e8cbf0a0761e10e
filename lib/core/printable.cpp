#include "core/printable.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "core/utf8.hpp"

namespace attn {
namespace {

bool steers(std::uint32_t code) {
    const auto within = [code](std::uint32_t first, std::uint32_t last) {
        return code >= first && code <= last;
    };
    return code < 0x20 || within(0x7F, 0x9F) || code == 0x61C || within(0x200E, 0x200F) ||
           within(0x2028, 0x202E) || within(0x2066, 0x2069);
}

std::string escaped(const char* format, std::uint32_t code) {
    char text[16];
    std::snprintf(text, sizeof text, format, static_cast<unsigned>(code));
    return text;
}

std::string visible(std::uint32_t code) {
    switch (code) {
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            return escaped(code < 0x80 ? "\\x%02x" : "\\u%04x", code);
    }
}

bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const Utf8Character character = first_character(text);
        if (!character.valid) {
            result += escaped("\\x%02x", static_cast<unsigned char>(text[0]));
        } else if (steers(character.code)) {
            result += visible(character.code);
        } else {
            result += text.substr(0, character.size);
        }
        text.remove_prefix(character.size);
    }
    return result;
}

std::string printable_json(std::string_view document) {
    std::string result;
    result.reserve(document.size());
    while (!document.empty()) {
        const Utf8Character character = first_character(document);
        const bool line_end = character.code == '\n';
        if (character.valid && steers(character.code) && !line_end) {
            result += escaped("\\u%04x", character.code);
        } else {
            result += document.substr(0, character.size);
        }
        document.remove_prefix(character.size);
    }
    return result;
}

std::size_t character_count(std::string_view text) {
    std::size_t count = 0;
    for (const char byte : text) count += continues(byte) ? 0 : 1;
    return count;
}

std::string_view first_characters(std::string_view text, std::size_t count) {
    std::size_t end = 0;
    while (end < text.size() && (count > 0 || continues(text[end]))) {
        if (!continues(text[end])) --count;
        ++end;
    }
    return text.substr(0, end);
}

}  // namespace attn
