#include "io/npy_texts.hpp"

#include <cstdint>

#include "core/error.hpp"
#include "core/utf8.hpp"
#include "core/word_list.hpp"

namespace attn::io {
namespace {

// Adds the character in UTF-8; false when there is no such character.
bool append_utf8(std::uint32_t code, std::string& text) {
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
    }
    if (code >= 0x80) put(0x80 | (code & 0x3F));
    return true;
}

std::uint32_t code_at(const std::byte* bytes, bool swapped) {
    std::uint32_t code = 0;
    for (std::size_t i = 0; i < 4; ++i)
        code = code << 8 | std::to_integer<std::uint32_t>(bytes[swapped ? i : 3 - i]);
    return code;
}

std::string text_at(const std::byte* bytes, const NpyHeader& header, const std::string& name) {
    std::string text;
    const std::size_t step = header.wide_texts ? 4 : 1;
    std::size_t zeros = 0;  // padding, unless something follows
    for (std::size_t i = 0; i < header.text_size; i += step) {
        const std::uint32_t code = header.wide_texts ? code_at(bytes + i, header.swapped_bytes)
                                                     : std::to_integer<std::uint32_t>(bytes[i]);
        if (code == 0) {
            ++zeros;
            continue;
        }
        text.append(zeros, '\0');
        zeros = 0;
        if (!header.wide_texts) {
            text += static_cast<char>(code);
        } else if (!append_utf8(code, text)) {
            fail(name, ": holds text that is not Unicode");
        }
    }
    if (!is_utf8(text)) fail(name, ": holds bytes that are not UTF-8 text");
    return text;
}

}  // namespace

std::vector<std::vector<std::string>> parse_npy_texts(const NpyHeader& header,
                                                      Span<const std::byte> data,
                                                      const std::string& name) {
    const std::size_t rank = header.shape.size();
    if (rank != 1 && rank != 2) {
        fail(name, ": holds texts of shape ", to_string(header.shape),
             ", expected [tokens] or [sequences, tokens]");
    }
    if (header.data_size == 0) fail(name, ": holds no texts: ", to_string(header.shape));
    if (data.size() < header.data_size) {
        fail(name, ": holds ", counted(data.size(), "byte"), " of data, its header promises ",
             header.data_size);
    }
    require_no_more(data.size(), header, name);
    const std::size_t sequences = rank == 2 ? header.shape[0] : 1, count = header.shape[rank - 1];
    std::vector<std::vector<std::string>> lists(sequences);
    for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t place =
                header.column_major ? i * sequences + sequence : sequence * count + i;
            lists[sequence].push_back(
                text_at(data.data() + place * header.text_size, header, name));
        }
    }
    return lists;
}

void add_npy_texts(const NpyHeader& header, Span<const std::byte> data, const std::string& name,
                   const std::string& key, Container& container) {
    try {
        container.texts[key] = parse_npy_texts(header, data, name);
    } catch (const Error& error) {
        container.unreadable[key] = std::string(error.what()).substr(name.size() + 2);
    }
}

}  // namespace attn::io
