#include "core/byte_text.hpp"

#include <catch2/catch.hpp>

#include <optional>

using namespace attn;

TEST_CASE("values come back in the order in which they were written") {
    const double row[] = {1.5, -2};
    ByteWriter writer;
    writer.put(std::size_t{7});
    writer.put(std::string("two\0words", 9));
    writer.put(std::vector<float>{1, 2, 3});
    writer.put(std::optional<std::size_t>(4));
    writer.put_values(row, 2);
    writer.put(std::vector<float>());
    writer.put_values(std::vector<double>().data(), 0);

    ByteReader reader(writer.bytes());
    std::size_t number = 0;
    std::string text;
    std::vector<float> values, none{1};
    std::optional<std::size_t> perhaps;
    double back[2] = {};
    reader.take(number);
    reader.take(text);
    reader.take(values);
    reader.take(perhaps);
    reader.take_values(back, 2);
    CHECK_FALSE(reader.at_end());
    reader.take(none);
    reader.take_values(std::vector<double>().data(), 0);
    CHECK(reader.at_end());
    CHECK(number == 7);
    CHECK(text == std::string("two\0words", 9));
    CHECK(values == std::vector<float>{1, 2, 3});
    CHECK(perhaps == std::optional<std::size_t>(4));
    CHECK((back[0] == 1.5 && back[1] == -2));
    CHECK(none.empty());
}
