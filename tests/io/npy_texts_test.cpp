#include "io/npy_texts.hpp"

#include <catch2/catch.hpp>

#include "io/tokens.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

using attn::io::load_tokens;
using attn::test::npy_bytes;
using attn::test::TempFolder;
using Lists = std::vector<std::vector<std::string>>;

namespace {

// Characters as NumPy's 'U' keeps them on a little-endian machine.
std::string wide(const std::u32string& text) {
    std::string bytes;
    for (const char32_t code : text) {
        for (int shift = 0; shift < 32; shift += 8)
            bytes += static_cast<char>(static_cast<std::uint32_t>(code) >> shift & 0xFF);
    }
    return bytes;
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& data) {
    return npy_bytes(attn::test::npy_dictionary(descr, shape), data);
}

}  // namespace

TEST_CASE("an NPY array of texts labels tokens") {
    const TempFolder folder;
    const std::string data = wide(std::u32string(U"the\0\0Ġcaté😀\0\0\0\0", 15));
    CHECK(load_tokens(folder.write("a.npy", npy("<U5", "(3,)", data))) ==
          Lists{{"the", "Ġcaté", "😀"}});
    CHECK(load_tokens(folder.write("b.npy", npy("|S2", "(2, 2)", std::string("a\0bcd\0ef", 8)))) ==
          Lists{{"a", "bc"}, {"d", "ef"}});
}

TEST_CASE("texts that cannot be are refused") {
    const TempFolder folder;
    const auto load = [&](const std::string& bytes) {
        return load_tokens(folder.write("x.npy", bytes));
    };
    CHECK_THROWS_WITH(load(npy("<U1", "(2,)", "abcd")),
                      Catch::Contains("holds 4 bytes of data, its header promises 8"));
    CHECK_THROWS_WITH(load(npy("<U1", "(1,)", std::string("\x00\xd8\0\0", 4))),
                      Catch::Contains("not Unicode"));
    CHECK_THROWS_WITH(load(npy("|S1", "(1,)", "\xff")), Catch::Contains("not UTF-8"));
    CHECK_THROWS_WITH(load(npy("|S1", "()", "a")), Catch::Contains("expected [tokens]"));
    CHECK_THROWS_WITH(load(npy("|S1", "(1152921504606846976, 0)", "")),
                      Catch::Contains("holds no texts: [1152921504606846976, 0]"));
}
