#include "io/npy_header.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/error.hpp"

using namespace attn;
using namespace attn::io;

namespace {

Span<const std::byte> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// Version 1.0 with this dictionary.
std::string header_of(std::string dictionary) {
    dictionary += '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(dictionary.size() % 256);
    bytes += static_cast<char>(dictionary.size() / 256);
    return bytes + dictionary;
}

NpyHeader parsed(const std::string& dictionary) {
    const std::string bytes = header_of(dictionary);
    return parse_npy_header(bytes_of(bytes), "a.npy");
}

}  // namespace

TEST_CASE("a header tells where data begins, how much it is and how it lies") {
    const std::string dictionary = "{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3), }";
    const NpyHeader header = parsed(dictionary);
    CHECK(header.unreadable.empty());
    CHECK(header.dtype == DType::float64);
    CHECK(header.swapped_bytes);
    CHECK(header.column_major);
    CHECK(header.shape == Shape{2, 3});
    CHECK(header.data_size == 48);
    CHECK(header.size == 10 + dictionary.size() + 1);
    CHECK(npy_header_size(bytes_of(header_of(dictionary)), "a.npy") == header.size);
}

TEST_CASE("types that hold no numbers are named, and are no fault of the file") {
    CHECK_FALSE(
        parsed("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }").unreadable.empty());
    const NpyHeader texts = parsed("{'descr': '<U5', 'fortran_order': False, 'shape': (3,), }");
    CHECK(texts.text_size == 20);
    CHECK(texts.wide_texts);
}

TEST_CASE("what does not start as NPY, is cut or holds more than it promises is refused") {
    CHECK_FALSE(is_npy(bytes_of("PK\x03\x04")));
    CHECK_THROWS_AS(npy_header_size(bytes_of("no NPY at all"), "a.npy"), Error);
    const std::string whole =
        header_of("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }");
    const std::string cut = whole.substr(0, whole.size() - 5);
    CHECK_THROWS_AS(parse_npy_header(bytes_of(cut), "a.npy"), Error);
    const NpyHeader header = parse_npy_header(bytes_of(whole), "a.npy");
    CHECK_NOTHROW(require_no_more(8, header, "a.npy"));
    CHECK_THROWS_WITH(require_no_more(9, header, "a.npy"),
                      Catch::Contains("holds 9 bytes of data, its header promises 8"));
}
