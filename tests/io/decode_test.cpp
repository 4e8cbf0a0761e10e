#include "io/decode.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace attn;

namespace {

// The number of some bytes, which begin at an odd address.
double decoded(DType dtype, const std::vector<unsigned>& bytes, bool swapped = false) {
    std::vector<std::byte> shifted{std::byte{0}};
    for (const unsigned byte : bytes) shifted.push_back(static_cast<std::byte>(byte));
    double value = 0;
    io::decode(dtype, swapped, shifted.data() + 1, 1, &value);
    return value;
}

}  // namespace

TEST_CASE("numbers of every type are read at any address, in either byte order") {
    CHECK(decoded(DType::float16, {0x00, 0x3e}) == 1.5);
    CHECK(decoded(DType::float16, {0x3e, 0x00}, true) == 1.5);
    CHECK(decoded(DType::bfloat16, {0xc0, 0x3f}) == 1.5);
    CHECK(decoded(DType::float32, {0, 0, 0xc0, 0xbf}) == -1.5);
    CHECK(decoded(DType::float64, {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, true) == 1.5);
    CHECK(decoded(DType::int8, {0xff}) == -1);
    CHECK(decoded(DType::uint8, {0xff}) == 255);
    CHECK(decoded(DType::int16, {0xfe, 0xff}) == -2);
    CHECK(decoded(DType::uint32, {1, 0, 0, 0x80}) == 2147483649.0);
    CHECK(decoded(DType::boolean, {1}) == 1);
}

TEST_CASE("the smallest float16 and its special values are those of IEEE") {
    CHECK(decoded(DType::float16, {0x01, 0x00}) == std::ldexp(1.0, -24));
    CHECK(decoded(DType::float16, {0x00, 0xfc}) == -INFINITY);
    CHECK(std::isnan(decoded(DType::float16, {0x01, 0x7e})));
}

TEST_CASE("what float cannot hold becomes infinite or the nearest") {
    const std::vector<double> values{1e300, 0.1};
    std::vector<float> floats(2);
    io::decode(DType::float64, false, reinterpret_cast<const std::byte*>(values.data()), 2,
               floats.data());
    CHECK(floats[0] == INFINITY);
    CHECK(floats[1] == 0.1f);
}
