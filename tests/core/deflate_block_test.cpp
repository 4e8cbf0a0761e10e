#include "core/deflate_block.hpp"

#include <libdeflate.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

using attn::BitWriter;
using attn::DeflateBlock;

namespace {

// A stream without a frame, as a reader of RFC 1951 has it.
std::string read(const std::string& stream, std::size_t size) {
    const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> reader(
        libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
    std::string bytes(size, '\0');
    REQUIRE(libdeflate_deflate_decompress(reader.get(), stream.data(), stream.size(), bytes.data(),
                                          size, nullptr) == LIBDEFLATE_SUCCESS);
    return bytes;
}

void add(const std::string& text, DeflateBlock& block) {
    for (const char c : text) block.add_literal(static_cast<std::uint8_t>(c));
}

}  // namespace

TEST_CASE("blocks hold literals and matches of any length, one block behind the other") {
    std::string stream;
    BitWriter bits(stream);
    DeflateBlock block;
    add("query key ", block);
    block.add_match(20, 10);
    block.write(bits, false);
    add("x", block);
    block.add_match(1000, 1);
    block.add_match(3, 1005);
    block.write(bits, true);
    bits.finish();
    CHECK(read(stream, 1034) == "query key query key query key " + std::string(1001, 'x') + "key");
}

TEST_CASE("a block may be empty") {
    std::string stream;
    BitWriter bits(stream);
    DeflateBlock block;
    block.write(bits, true);
    bits.finish();
    CHECK(read(stream, 0).empty());
}
