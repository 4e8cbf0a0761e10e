#include "core/deflate_block.hpp"

#include <algorithm>
#include <array>

namespace attn {
namespace {

constexpr std::uint32_t kMatch = std::uint32_t{1} << 31;
constexpr std::size_t kEnd = 256;

// What lengths and distances are written as: a symbol, and the lowest bits of the rest.
struct Coded {
    std::uint16_t symbol = 0;
    std::uint8_t bits = 0;
    std::uint16_t rest = 0;
};

Coded code_of_distance(std::size_t distance) {
    const auto above = static_cast<std::uint32_t>(distance - 1);
    if (above < 4) return {static_cast<std::uint16_t>(above), 0, 0};
    const unsigned bits = 30U - static_cast<unsigned>(__builtin_clz(above));
    return {static_cast<std::uint16_t>(2 * bits + (above >> bits)), static_cast<std::uint8_t>(bits),
            static_cast<std::uint16_t>(above & ((1U << bits) - 1))};
}

constexpr Coded code_of_length(std::size_t length) {
    constexpr std::uint16_t kFirst = 257;
    if (length == DeflateBlock::kLongestMatch) return {285, 0, 0};
    const std::size_t above = length - DeflateBlock::kShortestMatch;
    if (above < 8) return {static_cast<std::uint16_t>(kFirst + above), 0, 0};
    std::uint8_t bits = 1;
    while (above >> (bits + 3) != 0) ++bits;
    return {static_cast<std::uint16_t>(kFirst + 4 * bits + (above >> bits)), bits,
            static_cast<std::uint16_t>(above & ((std::size_t{1} << bits) - 1))};
}

constexpr std::array<Coded, DeflateBlock::kLongestMatch + 1> kLengths = [] {
    std::array<Coded, DeflateBlock::kLongestMatch + 1> table{};
    for (std::size_t length = DeflateBlock::kShortestMatch; length <= DeflateBlock::kLongestMatch;
         ++length)
        table[length] = code_of_length(length);
    return table;
}();

template <class Code>
void put(BitWriter& bits, const Code& code, const Coded& coded) {
    bits.put(code.code(coded.symbol) | std::uint32_t{coded.rest} << code.length(coded.symbol),
             code.length(coded.symbol) + unsigned{coded.bits});
}

}  // namespace

DeflateBlock::DeflateBlock() {
    tokens_.reserve(kMost + 2 * kLongestMatch);
}

void DeflateBlock::add_piece(std::size_t length, std::size_t distance) {
    tokens_.push_back(kMatch | static_cast<std::uint32_t>(length << 16 | (distance - 1)));
    literals_.count(kLengths[length].symbol);
    distances_.count(code_of_distance(distance).symbol);
}

void DeflateBlock::add_match(std::size_t length, std::size_t distance) {
    while (length > 0) {
        std::size_t piece = std::min(length, kLongestMatch);
        // What is left must be long enough for a match.
        if (length > piece && length - piece < kShortestMatch) piece -= kShortestMatch;
        add_piece(piece, distance);
        length -= piece;
    }
}

void DeflateBlock::write(BitWriter& bits, bool last) {
    literals_.count(kEnd);
    literals_.make();
    distances_.make();
    bits.put(last ? 1 : 0, 1);
    bits.put(2, 2);  // codes of its own
    write_codes(bits);
    for (const std::uint32_t token : tokens_) {
        if (token < kMatch) {
            literals_.put(bits, token);
            continue;
        }
        put(bits, literals_, kLengths[token >> 16 & 0x1FF]);
        put(bits, distances_, code_of_distance((token & 0xFFFF) + 1));
    }
    literals_.put(bits, kEnd);
    tokens_.clear();
    literals_ = {};
    distances_ = {};
}

// How long the codes are, themselves in a code; runs of zeros are shortened.
void DeflateBlock::write_codes(BitWriter& bits) const {
    const std::size_t literals = literals_.used(257), distances = distances_.used(1);
    std::vector<std::uint8_t> lengths;
    for (std::size_t i = 0; i < literals; ++i) lengths.push_back(literals_.length(i));
    for (std::size_t i = 0; i < distances; ++i) lengths.push_back(distances_.length(i));
    std::vector<Coded> written;
    for (std::size_t i = 0; i < lengths.size();) {
        std::size_t run = 1;
        while (i + run < lengths.size() && lengths[i + run] == lengths[i]) ++run;
        if (lengths[i] == 0 && run >= 3) {
            run = std::min<std::size_t>(run, 138);
            written.push_back(run < 11 ? Coded{17, 3, static_cast<std::uint16_t>(run - 3)}
                                       : Coded{18, 7, static_cast<std::uint16_t>(run - 11)});
            i += run;
        } else {
            written.push_back({lengths[i++], 0, 0});
        }
    }
    PrefixCode<19, 7> code;
    for (const Coded& one : written) code.count(one.symbol);
    code.make();
    constexpr std::array<std::uint8_t, 19> kOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                  11, 4,  12, 3, 13, 2, 14, 1, 15};
    std::size_t used = kOrder.size();
    while (used > 4 && code.length(kOrder[used - 1]) == 0) --used;
    bits.put(literals - 257, 5);
    bits.put(distances - 1, 5);
    bits.put(used - 4, 4);
    for (std::size_t i = 0; i < used; ++i) bits.put(code.length(kOrder[i]), 3);
    for (const Coded& one : written) {
        code.put(bits, one.symbol);
        bits.put(one.rest, one.bits);
    }
}

}  // namespace attn
