#include "analysis/range_sums.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using namespace attn::analysis;

TEST_CASE("what is added to ranges is there at each of their places, for any size") {
    for (std::size_t size = 1; size <= 9; ++size) {
        RangeSums sums(size);
        std::vector<double> expected(size);
        double number = 1;
        for (std::size_t begin = 0; begin <= size; ++begin) {
            for (std::size_t end = begin; end <= size; ++end, number *= 2) {
                sums.add({begin, end}, number);
                for (std::size_t place = begin; place < end; ++place) expected[place] += number;
            }
        }
        CHECK(sums.places() == expected);
    }
}

TEST_CASE("sums over all ranges of numbers are those of their places") {
    for (std::size_t size = 1; size <= 9; ++size) {
        std::vector<double> numbers(size);
        for (std::size_t place = 0; place < size; ++place)
            numbers[place] = static_cast<double>(std::size_t{1} << place);
        const RangeSums sums = RangeSums::of(numbers);
        for (std::size_t begin = 0; begin <= size; ++begin) {
            double expected = 0;
            for (std::size_t end = begin; end <= size; ++end) {
                CHECK(sums.sum({begin, end}) == expected);
                if (end < size) expected += numbers[end];
            }
        }
    }
}

TEST_CASE("a small number beside large ones keeps its digits") {
    RangeSums sums(4);
    sums.add({0, 3}, 1e20);
    sums.add({3, 4}, 1.5);
    CHECK(sums.places()[3] == 1.5);
    CHECK(RangeSums::of({1e20, 1e20, 1.5, 1e20}).sum({2, 3}) == 1.5);
}
