#include "render/clean_tokens.hpp"

#include <algorithm>
#include <map>

#include "core/affix.hpp"
#include "core/printable.hpp"

namespace attn::render {
namespace {

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

// The UTF-8 of a character below U+0800.
std::string utf8(unsigned code) {
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    return {static_cast<char>(0xC0U | code >> 6U), static_cast<char>(0x80U | (code & 0x3FU))};
}

// GPT-2 writes a byte as the character of that number if it can be seen, else as one of those from
// U+0100 on, in the order of the bytes.
std::map<std::string, char> byte_alphabet() {
    std::map<std::string, char> bytes;
    unsigned hidden = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const bool seen = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
        bytes[utf8(seen ? byte : hidden++)] = static_cast<char>(byte);
    }
    return bytes;
}

// The bytes that the characters stand for; the token itself where they are no text alone.
std::string decoded(const std::string& token) {
    static const std::map<std::string, char> alphabet = byte_alphabet();
    std::string bytes;
    for (std::size_t i = 0; i < token.size();) {
        const std::size_t size = (static_cast<unsigned char>(token[i]) & 0x80U) == 0 ? 1 : 2;
        const auto byte = alphabet.find(token.substr(i, size));
        if (byte == alphabet.end()) return token;
        bytes += byte->second;
        i += size;
    }
    std::string seen = bytes;  // without what only printing shows, to see whether all is UTF-8
    seen.erase(std::remove_if(seen.begin(), seen.end(),
                              [](char c) { return c == '\n' || c == '\r' || c == '\t'; }),
               seen.end());
    return printable(seen) == seen ? bytes : token;
}

std::string cleaned(std::string text, bool of_bytes) {
    if (of_bytes) text = decoded(text);
    if (text == "<0x0A>") text = "\n";
    if (text == "<0x0D>") text = "\r";
    if (text == "<0x09>") text = "\t";
    replace_all(text, "▁", " ");
    if (starts_with(text, "##") && text.size() > 2) text.erase(0, 2);
    if (ends_with(text, "</w>") && text.size() > 4) text.erase(text.size() - 4);
    if (text.find_first_not_of(' ') != std::string::npos && text[0] == ' ') text.erase(0, 1);
    replace_all(text, "\r", "");
    replace_all(text, "\n", "↵");
    replace_all(text, "\t", "⇥");
    return text;
}

}  // namespace

std::vector<std::string> clean_tokens(const std::vector<std::string>& tokens) {
    const bool of_bytes = std::any_of(tokens.begin(), tokens.end(), [](const std::string& token) {
        return starts_with(token, "Ġ") || starts_with(token, "Ċ");
    });
    std::vector<std::string> result;
    result.reserve(tokens.size());
    for (const std::string& token : tokens) result.push_back(cleaned(token, of_bytes));
    return result;
}

}  // namespace attn::render
