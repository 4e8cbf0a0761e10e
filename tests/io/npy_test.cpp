#include "io/npy.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

using attn::Array;
using attn::Shape;
using attn::io::NonFinite;
using namespace attn::test;

namespace {

attn::io::StoredArray read(const TempFolder& folder, const std::string& bytes) {
    return attn::io::parse_npy(attn::io::map_file(folder.write("x.npy", bytes)), "x.npy");
}

template <class T>
std::vector<T> values(const TempFolder& folder, const std::string& bytes) {
    const Array<T> array = attn::io::convert<T>(read(folder, bytes), NonFinite::allow);
    return {array.data(), array.data() + array.size()};
}

}  // namespace

TEST_CASE("a file with less data than its header promises is refused with both sizes") {
    const TempFolder folder;
    const std::string bytes = npy_bytes(npy_dictionary("<f4", "(3, 4)"), std::string(12, '\0'));
    CHECK_THROWS_WITH(read(folder, bytes),
                      "x.npy: holds 12 bytes of data, its header promises 48 (float32 [3, 4])");
}

TEST_CASE("a file cut anywhere is an error and never a crash") {
    const TempFolder folder;
    const std::string whole = npy_floats("(2, 2)", {1, 2, 3, 4});
    for (std::size_t size = 1; size < whole.size(); ++size) {
        INFO("cut to " << size);
        CHECK_THROWS_AS(read(folder, whole.substr(0, size)), attn::Error);
    }
    CHECK_NOTHROW(read(folder, whole));
}

TEST_CASE("a shape that overflows is refused") {
    const TempFolder folder;
    const auto with_shape = [&](const char* shape) {
        return read(folder, npy_bytes(npy_dictionary("<f4", shape), "data"));
    };
    CHECK_THROWS_WITH(with_shape("(4294967296, 4294967296)"),
                      Catch::Contains("memory can address"));
    CHECK_THROWS_WITH(with_shape("(4611686018427387904,)"), Catch::Contains("memory can address"));
    CHECK_THROWS_WITH(with_shape("(99999999999999999999,)"),
                      Catch::Contains("larger than any memory"));
    CHECK_THROWS_AS(with_shape("(-1, 4)"), attn::Error);
    // Listed; refused where values are wanted.
    CHECK(read(folder, npy_floats("(0, 4)", {})).shape == Shape{0, 4});
}

TEST_CASE("types that are not numbers are named") {
    const TempFolder folder;
    const auto with_descr = [&](const char* descr) {
        return read(folder, npy_bytes(npy_dictionary(descr, "(1,)"), std::string(64, '\0')));
    };
    CHECK_THROWS_WITH(with_descr("|O"), Catch::Contains("pickled Python objects"));
    CHECK_THROWS_WITH(with_descr("<c8"), Catch::Contains("complex numbers"));
    CHECK_THROWS_WITH(with_descr("<U5"), Catch::Contains("text"));
    CHECK_THROWS_WITH(with_descr("<M8[ns]"), Catch::Contains("dates"));
    CHECK_THROWS_WITH(with_descr("<f16"), Catch::Contains("unknown dtype '<f16'"));
    CHECK_THROWS_WITH(with_descr(""), Catch::Contains("unknown dtype"));
    const std::string records =
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }";
    CHECK_THROWS_WITH(read(folder, npy_bytes(records, "data")),
                      Catch::Contains("structured dtype"));
    const std::string nested =
        "{'descr': [(('title]', 'a'), '<f4', (2, 3)), ('b', [('c', '|b1')])], 'fortran_order': "
        "False, 'shape': (1,), }";
    CHECK_THROWS_WITH(read(folder, npy_bytes(nested, "data")), Catch::Contains("structured dtype"));
}

TEST_CASE("a damaged header is refused") {
    const TempFolder folder;
    for (const char* dictionary :
         {"", "{", "{}", "[]", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
          "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
          "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}", "{'descr': [",
          "{'descr': [)"}) {
        INFO(dictionary);
        CHECK_THROWS_AS(read(folder, npy_bytes(dictionary, "data")), attn::Error);
    }
    CHECK_THROWS_WITH(read(folder, "\x93NUMPX and more"), Catch::Contains("not an NPY file"));
    CHECK_THROWS_WITH(read(folder, npy_bytes("{}", "", 4)), Catch::Contains("version 4"));
    CHECK_THROWS_WITH(read(folder, std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)),
                      "x.npy: has an NPY header of 4294967295 bytes, expected at most 1048576");
}

TEST_CASE("every number type is read as the value it stands for") {
    const TempFolder folder;
    const auto two = [&](const char* descr, const std::string& data) {
        return values<float>(folder, npy_bytes(npy_dictionary(descr, "(2,)"), data));
    };
    using Two = std::vector<float>;
    CHECK(two("<f4", bytes_of<float>({1.5F, -2})) == Two{1.5F, -2});
    CHECK(two("<f8", bytes_of<double>({1.5, -2})) == Two{1.5F, -2});
    CHECK(two("<f2", bytes_of<std::uint16_t>({0x3e00, 0xc000})) == Two{1.5F, -2});
    CHECK(two("|V2", bytes_of<std::uint16_t>({0x3fc0, 0xc000})) == Two{1.5F, -2});
    CHECK(two("|i1", bytes_of<std::int8_t>({-128, 127})) == Two{-128, 127});
    CHECK(two("<i2", bytes_of<std::int16_t>({-300, 300})) == Two{-300, 300});
    CHECK(two("<i4", bytes_of<std::int32_t>({-70000, 7})) == Two{-70000, 7});
    CHECK(two("<i8", bytes_of<std::int64_t>({-1, 1LL << 40})) == Two{-1, 1099511627776.0F});
    CHECK(two("|u1", bytes_of<std::uint8_t>({0, 255})) == Two{0, 255});
    CHECK(two("<u2", bytes_of<std::uint16_t>({1, 65535})) == Two{1, 65535});
    CHECK(two("<u4", bytes_of<std::uint32_t>({1, 3000000000U})) == Two{1, 3000000000.0F});
    CHECK(two("<u8", bytes_of<std::uint64_t>({1, 2})) == Two{1, 2});
    CHECK(two("|b1", bytes_of<std::uint8_t>({0, 1})) == Two{0, 1});
}

TEST_CASE("big-endian files are turned around") {
    const TempFolder folder;
    const std::string data("\x3f\xc0\x00\x00\xc0\x00\x00\x00", 8);
    CHECK(values<float>(folder, npy_bytes(npy_dictionary(">f4", "(2,)"), data)) ==
          std::vector<float>{1.5F, -2});
    const std::string shorts("\x01\x00\xff\xfe", 4);
    CHECK(values<float>(folder, npy_bytes(npy_dictionary(">i2", "(2,)"), shorts)) ==
          std::vector<float>{256, -2});
}

TEST_CASE("column-major files come out row-major") {
    const TempFolder folder;
    const std::string matrix =
        npy_bytes(npy_dictionary("<f4", "(2, 3)", true), bytes_of<float>({1, 4, 2, 5, 3, 6}));
    CHECK(read(folder, matrix).shape == Shape{2, 3});
    CHECK(values<float>(folder, matrix) == std::vector<float>{1, 2, 3, 4, 5, 6});

    std::vector<float> cube(24);
    for (std::size_t i = 0; i < 24; ++i) {
        const std::size_t a = i / 12, b = i / 4 % 3, c = i % 4;
        cube[a + 2 * b + 6 * c] = static_cast<float>(i);
    }
    const auto result =
        values<float>(folder, npy_bytes(npy_dictionary("<f4", "(2, 3, 4)", true), bytes_of(cube)));
    for (std::size_t i = 0; i < 24; ++i) CHECK(result[i] == static_cast<float>(i));
}

TEST_CASE("header versions 2 and 3 and scalars are accepted") {
    const TempFolder folder;
    const std::string dictionary = npy_dictionary("<f4", "(2,)");
    for (const char version : {char{2}, char{3}}) {
        CHECK(values<float>(folder, npy_bytes(dictionary, bytes_of<float>({7, 8}), version)) ==
              std::vector<float>{7, 8});
    }
    CHECK(values<float>(folder, npy_floats("()", {5})) == std::vector<float>{5});
    CHECK(values<float>(folder, npy_floats("(2L,)", {1, 2})) == std::vector<float>{1, 2});
}

TEST_CASE("float32 is shown in place, without a copy") {
    const TempFolder folder;
    std::string dictionary = npy_dictionary("<f4", "(2,)");
    while ((10 + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
    const auto stored = read(folder, npy_bytes(dictionary, bytes_of<float>({1, 2})));
    const auto array = attn::io::convert<float>(stored, NonFinite::refuse);
    CHECK(static_cast<const void*>(array.data()) == static_cast<const void*>(stored.bytes.data()));
}

TEST_CASE("a NaN or an infinity is reported with its index") {
    const TempFolder folder;
    const float nan = std::nanf("");
    const float inf = std::numeric_limits<float>::infinity();
    const auto load = [&](const std::string& bytes, NonFinite policy) {
        return attn::io::convert<float>(read(folder, bytes), policy);
    };
    const std::string with_nan = npy_floats("(2, 3)", {0, 0, 0, 0, 0, nan});
    CHECK_THROWS_WITH(load(with_nan, NonFinite::refuse),
                      "x.npy: NaN at [1, 2]; --allow-nonfinite lets it through");
    CHECK_NOTHROW(load(with_nan, NonFinite::allow));
    const std::string with_minus = npy_floats("(3,)", {0, -inf, 0});
    CHECK_THROWS_WITH(load(with_minus, NonFinite::refuse), Catch::Contains("-inf at [1]"));
    CHECK_NOTHROW(load(with_minus, NonFinite::allow_minus_infinity));
    CHECK_THROWS_WITH(load(npy_floats("(2,)", {0, inf}), NonFinite::allow_minus_infinity),
                      Catch::Contains("inf at [1]"));
    const std::string columns =
        npy_bytes(npy_dictionary("<f4", "(2, 3)", true), bytes_of<float>({0, nan, 0, 0, 0, 0}));
    CHECK_THROWS_WITH(load(columns, NonFinite::refuse), Catch::Contains("NaN at [1, 0]"));
}

TEST_CASE("the first of many bad values is the one reported, also in large arrays") {
    const TempFolder folder;
    std::vector<float> many(1000000);
    many[700001] = many[700000] = many[999999] = std::nanf("");
    CHECK_THROWS_WITH(
        attn::io::convert<float>(read(folder, npy_floats("(1000, 1000)", many)), NonFinite::refuse),
        Catch::Contains("NaN at [700, 0]"));
}

TEST_CASE("a float64 value beyond float32 is an error with its index, not an infinity") {
    const TempFolder folder;
    const double inf = std::numeric_limits<double>::infinity();
    const auto stored =
        read(folder, npy_bytes(npy_dictionary("<f8", "(3,)"), bytes_of<double>({inf, 0, 1e300})));
    CHECK_THROWS_WITH(attn::io::convert<float>(stored, NonFinite::allow),
                      "x.npy: value 1e+300 at [2] does not fit in float32; use --precision f64");
    CHECK(attn::io::convert<double>(stored, NonFinite::allow).data()[2] == 1e300);
}

TEST_CASE("an extent may be a NumPy scalar as NumPy 2 writes it") {
    const TempFolder folder;
    const auto shape_of = [&](const std::string& shape) {
        const std::string file = folder.write("x.npy", npy_floats(shape, {1, 2, 3, 4, 5, 6}));
        return attn::io::open_container(file).arrays.at("").shape;
    };
    CHECK(shape_of("(np.int64(2), np.int64(3))") == Shape{2, 3});
    CHECK(shape_of("(numpy.uint32(6),)") == Shape{6});
    for (const char* hostile :
         {"(np.int64(2, 3)", "(np.system(6),)", "(np.int64,)", "(np.int64(6)"}) {
        INFO(hostile);
        CHECK_THROWS_WITH(shape_of(hostile), Catch::Contains("damaged NPY header"));
    }
}

TEST_CASE("bytes behind the data are refused with both counts") {
    const TempFolder folder;
    const std::string one = npy_floats("(2, 2)", {1, 2, 3, 4});
    CHECK_NOTHROW(read(folder, one));
    CHECK_THROWS_WITH(read(folder, one + "\n"),
                      "x.npy: holds 17 bytes of data, its header promises 16; the 1 behind them "
                      "would be ignored: was an array appended?");
    CHECK_THROWS_WITH(read(folder, one + one), Catch::Contains("was an array appended?"));
}
