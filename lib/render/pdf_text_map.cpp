#include "render/pdf_text_map.hpp"

#include <libdeflate.h>

#include <optional>
#include <string_view>

namespace attn::render {
namespace {

constexpr std::string_view kTextMap =
    "/CIDInit /ProcSet findresource begin\n"
    "12 dict begin\n"
    "begincmap\n"
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
    "/CMapName /Adobe-Identity-UCS def\n"
    "/CMapType 2 def\n"
    "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
    "1 beginbfrange\n<0000> <FFFF> <0000>\nendbfrange\n"
    "endcmap\n"
    "CMapName currentdict /CMap defineresource pop\n"
    "end\nend\n";

// Places of the first and behind the last byte of the stream.
struct StreamPlace {
    std::size_t begin = 0;
    std::size_t end = 0;
};

std::optional<StreamPlace> find_map(const std::string& pdf) {
    const std::string_view key = "/ToUnicode ";
    const std::size_t font = pdf.find(key);
    if (font == std::string::npos) return std::nullopt;
    const std::size_t number = font + key.size();
    const std::string object = "\n" + pdf.substr(number, pdf.find(' ', number) - number) + " 0 obj";
    const std::size_t start = pdf.find(object);
    if (start == std::string::npos) return std::nullopt;
    const std::string_view open = "stream\r\n";
    const std::size_t before = pdf.find(open, start);
    if (before == std::string::npos) return std::nullopt;
    const std::size_t begin = before + open.size();
    const std::size_t end = pdf.find("\nendstream", begin);
    if (end == std::string::npos) return std::nullopt;
    // The dictionary in front must be that of this object, and the stream deflated.
    const std::string head = pdf.substr(start, begin - start);
    if (head.find("endobj") != std::string::npos || head.find("/FlateDecode") == std::string::npos)
        return std::nullopt;
    return StreamPlace{begin, end};
}

// A zlib stream that stores the text as it is (RFC 1950, RFC 1951), 11 bytes longer.
constexpr std::size_t kStoredHead = 7;
constexpr std::size_t kStoredTail = 4;

std::string stored(const std::string& text) {
    const auto low = [](std::size_t number) { return static_cast<char>(number & 0xFF); };
    const std::size_t size = text.size(), inverse = ~size;
    std::string bytes{0x78, 0x01, 0x01, low(size), low(size >> 8), low(inverse), low(inverse >> 8)};
    bytes += text;
    const std::size_t sum = libdeflate_adler32(1, text.data(), size);
    for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += low(sum >> shift);
    return bytes;
}

}  // namespace

void mend_text_map(std::string& pdf) {
    const std::optional<StreamPlace> place = find_map(pdf);
    if (!place) return;
    const std::size_t room = place->end - place->begin;
    constexpr std::size_t kMostStored = 65535;
    if (room < kTextMap.size() + kStoredHead + kStoredTail || room > kMostStored) return;
    std::string text(kTextMap);
    text.resize(room - kStoredHead - kStoredTail, '\n');
    pdf.replace(place->begin, room, stored(text));
}

}  // namespace attn::render
