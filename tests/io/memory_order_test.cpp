#include "io/memory_order.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace attn;

TEST_CASE("a matrix whose first axis varies fastest is read row by row") {
    const std::vector<float> columns{1, 4, 2, 5, 3, 6};
    std::vector<float> rows(6);
    io::to_row_major(columns.data(), {2, 3}, rows.data());
    CHECK(rows == std::vector<float>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("every element of an array of many axes comes to its place") {
    const Shape shape{3, 2, 4, 5};
    std::vector<double> columns(120), rows(120);
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<double>(i);
    io::to_row_major(columns.data(), shape, rows.data());
    for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t b = 0; b < 2; ++b)
            for (std::size_t c = 0; c < 4; ++c)
                for (std::size_t d = 0; d < 5; ++d)
                    CHECK(rows[((a * 2 + b) * 4 + c) * 5 + d] ==
                          static_cast<double>(a + 3 * (b + 2 * (c + 4 * d))));
}

TEST_CASE("an axis without elements leaves nothing to do") {
    const float none = 0;
    float untouched = 7;
    io::to_row_major(&none, {0, 3}, &untouched);
    CHECK(untouched == 7);
}
