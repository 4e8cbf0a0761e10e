#include "analysis/weight_codes.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

using namespace attn::analysis;

TEST_CASE("every weight lies in the interval of its code, zero and the largest are themselves") {
    for (const float largest : {1.0F, 0.37F, 1e-3F, 1e-30F}) {
        for (int i = 0; i <= 5000; ++i) {
            const float share = static_cast<float>(i) / 5000;
            const float weight = largest * share * share * share;
            const std::uint8_t code = weight_code(weight, largest);
            const CodeInterval interval = weights_of_code(code, static_cast<double>(largest));
            // Codes are chosen in float32.
            const double slack = 4e-7 * static_cast<double>(largest);
            CAPTURE(largest, weight, static_cast<int>(code));
            CHECK(static_cast<double>(weight) >= interval.low - slack);
            CHECK(static_cast<double>(weight) <= interval.high + slack);
            CHECK((code == 0) == (weight == 0));
        }
        CHECK(weight_code(largest, largest) == 255);
    }
}

TEST_CASE("a weight that is tiny is not called zero") {
    CHECK(weight_code(1e-30F, 1) == 1);
    CHECK(weight_code(std::numeric_limits<float>::denorm_min(), 1) == 1);
    CHECK(weights_of_code(1, 1).low == 0);
    CHECK(weights_of_code(0, 1).high == 0);
}

TEST_CASE("differences keep their sign around the middle, which is exactly zero") {
    CHECK(difference_code(0, 1) == 128);
    CHECK(difference_code(1, 1) == 255);
    CHECK(difference_code(-1, 1) == 1);
    CHECK(difference_code(1e-20F, 1) == 129);
    CHECK(difference_code(-1e-20F, 1) == 127);
    CHECK(difference_code(0.25F, 1) == 128 + 64);
}

TEST_CASE("a row is encoded as each of its values is, in float and double") {
    const std::vector<double> wide{0, 0.25, 0.5, 1e-9};
    const std::vector<float> narrow(wide.begin(), wide.end());
    std::vector<std::uint8_t> of_wide(4), of_narrow(4);
    encode_row<double>(wide, 0.5F, false, of_wide.data());
    encode_row<float>(narrow, 0.5F, false, of_narrow.data());
    CHECK(of_wide == of_narrow);
    CHECK(of_wide == std::vector<std::uint8_t>{0, 180, 255, 1});
}

TEST_CASE("the first value that is no weight is found") {
    const float infinity = std::numeric_limits<float>::infinity();
    CHECK_FALSE(first_odd<float>(std::vector<float>{0, 1, 2}));
    CHECK(first_odd<float>(std::vector<float>{0, 0.5F, -1e-9F}) == 2);
    CHECK(first_odd<float>(std::vector<float>{0, std::nanf(""), -1}) == 1);
    CHECK(first_odd<float>(std::vector<float>{infinity}) == 0);
}

TEST_CASE("float32 comes back from its four planes bit by bit") {
    const std::vector<float> values{1.5F, -0.0F, 1e-40F, std::nanf("7")};
    const std::string planes = byte_planes(values);
    REQUIRE(planes.size() == 16);
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::uint32_t bits = 0, expected = 0;
        for (std::size_t plane = 0; plane < 4; ++plane)
            bits = bits << 8 | static_cast<std::uint8_t>(planes[plane * 4 + i]);
        std::memcpy(&expected, &values[i], sizeof expected);
        CHECK(bits == expected);
    }
}

TEST_CASE("numbers are written with the smallest byte first") {
    CHECK(little_endian(std::vector<std::uint32_t>{0x1234, 5}, false) ==
          std::string("\x34\x12\x05\x00", 4));
    CHECK(little_endian(std::vector<std::uint32_t>{0x12345678}, true) == "\x78\x56\x34\x12");
}

TEST_CASE("a row has weight from its first value that is not zero to its last") {
    for (const std::size_t size : {1U, 31U, 32U, 33U, 200U}) {
        std::vector<float> row(size);
        CHECK(non_zeros<float>(row).end == 0);
        for (std::size_t first = 0; first < size; first += 7) {
            for (std::size_t last = first; last < size; last += 11) {
                row[first] = -1, row[last] = std::nanf("");
                const NonZeros found = non_zeros<float>(row);
                CHECK(found.begin == first);
                CHECK(found.end == last + 1);
                row[first] = row[last] = 0;
            }
        }
    }
}
