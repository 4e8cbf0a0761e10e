#include "render/characters.hpp"

namespace attn::render {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

// Takes the next character off the text; bytes that are not UTF-8 become U+FFFD one by one.
std::uint32_t next_character(const std::string& text, std::size_t& position) {
    const auto lead = static_cast<unsigned char>(text[position++]);
    if (lead < 0x80) return lead;
    const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - position < more) return kReplacement;
    std::uint32_t code = lead & (0x3FU >> more);
    for (std::size_t k = 0; k < more; ++k) {
        const auto byte = static_cast<unsigned char>(text[position + k]);
        if ((byte & 0xC0U) != 0x80) return kReplacement;
        code = code << 6 | (byte & 0x3FU);
    }
    position += more;
    return code;
}

}  // namespace

std::vector<std::uint32_t> utf8_characters(const std::string& text) {
    std::vector<std::uint32_t> characters;
    for (std::size_t i = 0; i < text.size();) characters.push_back(next_character(text, i));
    return characters;
}

std::string utf8_text(std::uint32_t character) {
    if (character < 0x80) return std::string(1, static_cast<char>(character));
    std::string text;
    const int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    const std::uint32_t lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
    text += static_cast<char>(lead | character >> (6 * more));
    for (int k = more - 1; k >= 0; --k)
        text += static_cast<char>(0x80U | (character >> (6 * k) & 0x3FU));
    return text;
}

}  // namespace attn::render
