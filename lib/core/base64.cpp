#include "core/base64.hpp"

#include <array>
#include <cstdint>

namespace attn {
namespace {

constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using LetterPair = std::array<char, 2>;

// The two letters of every 12 bits.
constexpr std::array<LetterPair, 4096> letter_pairs() {
    std::array<LetterPair, 4096> pairs{};
    for (std::size_t bits = 0; bits < pairs.size(); ++bits)
        pairs[bits] = {kLetters[bits >> 6], kLetters[bits & 63]};
    return pairs;
}

constexpr std::array<LetterPair, 4096> kPairs = letter_pairs();

char* put_three(std::uint32_t three, char* into) {
    for (const LetterPair& pair : {kPairs[three >> 12], kPairs[three & 4095]}) {
        *into++ = pair[0];
        *into++ = pair[1];
    }
    return into;
}

}  // namespace

void append_base64(std::string_view bytes, std::string& text) {
    const auto byte = [&](std::size_t i) -> std::uint32_t {
        return static_cast<std::uint8_t>(bytes[i]);
    };
    const std::size_t start = text.size(), rest = bytes.size() % 3, whole = bytes.size() - rest;
    text.resize(start + base64_size(bytes.size()));
    char* into = text.data() + start;
    for (std::size_t i = 0; i < whole; i += 3)
        into = put_three(byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2), into);
    if (rest == 0) return;
    into = put_three(byte(whole) << 16 | (rest == 2 ? byte(whole + 1) << 8 : 0), into);
    for (std::size_t missing = 3 - rest; missing > 0; --missing) *--into = '=';
}

std::string base64(std::string_view bytes) {
    std::string text;
    append_base64(bytes, text);
    return text;
}

}  // namespace attn
