#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "io/decode.hpp"
#include "io/memory_order.hpp"
#include "io/stored_array.hpp"

using attn::DType;
using attn::Shape;
using attn::io::NonFinite;
using attn::io::StoredArray;

namespace {

template <class Value>
StoredArray stored(DType dtype, Shape shape, std::vector<Value> values) {
    const auto owner = std::make_shared<const std::vector<Value>>(std::move(values));
    StoredArray array;
    array.name = "x";
    array.dtype = dtype;
    array.shape = std::move(shape);
    array.bytes = {reinterpret_cast<const std::byte*>(owner->data()),
                   owner->size() * sizeof(Value)};
    array.owner = owner;
    return array;
}

// A permutation of the axes, value by value.
std::vector<double> row_major(const std::vector<double>& columns, const Shape& shape) {
    std::vector<double> rows(columns.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::size_t rest = i;
        std::size_t from = 0;
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            std::size_t stride = 1;
            for (std::size_t before = 0; before < axis; ++before) stride *= shape[before];
            from += rest % shape[axis] * stride;
            rest /= shape[axis];
        }
        rows[i] = columns[from];
    }
    return rows;
}

}  // namespace

TEST_CASE("every 16-bit float is decoded as one value alone is, at any address and length") {
    std::vector<std::uint16_t> patterns(0x10000);
    for (std::size_t i = 0; i < patterns.size(); ++i) patterns[i] = static_cast<std::uint16_t>(i);
    std::vector<std::byte> odd(1 + 2 * patterns.size());
    std::memcpy(odd.data() + 1, patterns.data(), 2 * patterns.size());
    for (const DType dtype : {DType::float16, DType::bfloat16}) {
        const auto single =
            dtype == DType::float16 ? attn::float_from_half : attn::float_from_bfloat16;
        std::vector<float> floats(patterns.size());
        std::vector<double> doubles(patterns.size());
        attn::io::decode(dtype, false, odd.data() + 1, floats.size(), floats.data());
        attn::io::decode(dtype, false, odd.data() + 1, doubles.size(), doubles.data());
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            const float expected = single(patterns[i]);
            if (std::isnan(expected)) {
                wrong += !std::isnan(floats[i]) || !std::isnan(doubles[i]);
            } else {
                wrong += floats[i] != expected || doubles[i] != static_cast<double>(expected) ||
                         std::signbit(floats[i]) != std::signbit(expected);
            }
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("arrays in column order come out in row order, whatever their rank and sizes") {
    for (const Shape& shape : {Shape{5, 7}, Shape{1, 9}, Shape{9, 1}, Shape{33, 65}, Shape{2, 3, 4},
                               Shape{40, 3, 2, 35}, Shape{2, 2, 2, 2, 2}}) {
        INFO(attn::to_string(shape));
        std::vector<double> columns(attn::element_count(shape, "x"));
        for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<double>(i);
        std::vector<double> rows(columns.size());
        attn::io::to_row_major(columns.data(), shape, rows.data());
        CHECK(rows == row_major(columns, shape));
    }
}

TEST_CASE("an array without values is refused when its values are wanted") {
    CHECK_THROWS_WITH(
        attn::io::convert<float>(stored<float>(DType::float32, {3, 0}, {}), NonFinite::allow),
        "x: has no values: its shape is [3, 0]");
}

TEST_CASE("a rank-0 array has one value") {
    const auto array =
        attn::io::convert<double>(stored<float>(DType::float32, {}, {7}), NonFinite::refuse);
    CHECK(array.rank() == 0);
    CHECK(array.data()[0] == 7);
}

TEST_CASE("a bad value is found in converted arrays as in those that are not copied") {
    constexpr std::size_t kSize = 200'000;  // several pieces
    std::vector<std::uint16_t> half(kSize, 0x3c00);
    half[150'001] = 0xfc00;  // -inf
    half[150'002] = 0x7e00;  // NaN
    const StoredArray array = stored(DType::float16, {2, kSize / 2}, half);
    CHECK_THROWS_WITH(attn::io::convert<float>(array, NonFinite::refuse),
                      "x: -inf at [1, 50001]; --allow-nonfinite lets it through");
    CHECK_THROWS_WITH(attn::io::convert<float>(array, NonFinite::allow_minus_infinity),
                      "x: NaN at [1, 50002]; --allow-nonfinite lets it through");
    CHECK_NOTHROW(attn::io::convert<float>(array, NonFinite::allow));
}

TEST_CASE("no flag is advised where none lets a value through") {
    const float inf = std::numeric_limits<float>::infinity();
    const StoredArray mask = stored<float>(DType::float32, {3}, {0, -inf, inf});
    CHECK_THROWS_WITH(attn::io::convert<float>(mask, NonFinite::never),
                      "x: -inf at [1]; expected finite numbers");
    CHECK_THROWS_WITH(attn::io::convert<float>(mask, NonFinite::never_but_minus_infinity),
                      "x: inf at [2]; expected finite numbers and -inf");
}

TEST_CASE("float64 beyond float32 is told from infinity, under every policy") {
    const double inf = std::numeric_limits<double>::infinity();
    const StoredArray array = stored<double>(DType::float64, {3}, {-inf, 1, -1e39});
    for (const NonFinite policy : {NonFinite::allow, NonFinite::allow_minus_infinity}) {
        CHECK_THROWS_WITH(attn::io::convert<float>(array, policy),
                          "x: value -1e+39 at [2] does not fit in float32; use --precision f64");
    }
    CHECK_THROWS_WITH(attn::io::convert<float>(array, NonFinite::refuse),
                      Catch::StartsWith("x: -inf at [0]"));
    const StoredArray good = stored<double>(DType::float64, {2}, {-inf, 1});
    CHECK_NOTHROW(attn::io::convert<float>(good, NonFinite::allow_minus_infinity));
}

TEST_CASE("an array larger than the machine's memory is refused before anything is allocated") {
    StoredArray array = stored<std::uint16_t>(DType::float16, {std::size_t{1} << 50}, {0});
    CHECK_THROWS_WITH(attn::io::convert<float>(array, NonFinite::allow),
                      Catch::StartsWith("x: needs 4.5 PB of memory, this machine has "));
}
