#include "core/run_deflate.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/deflate_block.hpp"

namespace attn {
namespace {

// A byte and so many more that are the same are worth a match.
constexpr std::size_t kLeast = 7;

std::uint64_t eight_at(const char* bytes) {
    std::uint64_t eight;
    std::memcpy(&eight, bytes, sizeof eight);
    return eight;
}

// How many bytes from `begin` on are as the first of them.
std::size_t run_at(const char* begin, const char* end) {
    const std::uint64_t same = static_cast<std::uint8_t>(*begin) * 0x0101010101010101U;
    const char* at = begin;
    while (end - at >= 8 && eight_at(at) == same) at += 8;
    while (at < end && *at == *begin) ++at;
    return static_cast<std::size_t>(at - begin);
}

}  // namespace

std::string deflated_runs(std::string_view bytes) {
    std::string stream("\x78\x01");
    stream.reserve(bytes.size() / 2 + 64);
    BitWriter bits(stream);
    DeflateBlock block;
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at < end) {
        if (block.is_full()) block.write(bits, false);
        const std::size_t run = end - at > 1 && at[0] == at[1] ? run_at(at, end) : 1;
        block.add_literal(static_cast<std::uint8_t>(*at));
        ++at;
        if (run <= kLeast) continue;
        block.add_match(run - 1, 1);
        at += run - 1;
    }
    block.write(bits, true);
    bits.finish();
    const std::uint32_t checksum = libdeflate_adler32(1, bytes.data(), bytes.size());
    for (const int shift : {24, 16, 8, 0}) stream += static_cast<char>(checksum >> shift & 0xFF);
    return stream;
}

}  // namespace attn
