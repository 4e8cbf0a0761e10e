#include "analysis/changed_heads.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn;
using namespace attn::analysis;

namespace {

// [2 sequences, 2 heads, 3 tokens, 2], packed, so that the rows of a head do not lie side by side;
// each number tells where it is: 1000 sequence + 100 head + 10 token + column + 1.
Heads<double> numbered() {
    std::vector<double> values;
    for (int sequence = 0; sequence < 2; ++sequence) {
        for (int token = 0; token < 3; ++token) {
            for (int head = 0; head < 2; ++head) {
                for (int column = 0; column < 2; ++column)
                    values.push_back(1000 * sequence + 100 * head + 10 * token + column + 1);
            }
        }
    }
    return make_packed_heads(Array<double>({2, 3, 4}, values), 2);
}

double at(const Heads<double>& heads, std::size_t sequence, std::size_t head, std::size_t token,
          std::size_t column) {
    return heads.view.head(sequence, head).row(token)[column];
}

}  // namespace

TEST_CASE("heads are multiplied and rounded, each number by itself") {
    CHECK(at(changed(numbered(), 2, Rounding::none), 1, 1, 2, 1) == 2 * 1122);
    CHECK(at(changed(numbered(), 1, Rounding::bfloat16), 1, 1, 2, 1) == 1120);
    CHECK(changed(numbered().array, 1, Rounding::none).size() == 24);
}

TEST_CASE("tokens change places, around the end") {
    const Heads<double> before = shifted(numbered(), -1);
    CHECK(at(before, 0, 1, 1, 0) == 101);
    CHECK(at(before, 1, 0, 0, 1) == 1022);
    const Heads<double> reversed = moved(numbered(), [](std::size_t token) { return 2 - token; });
    CHECK(at(reversed, 0, 0, 0, 0) == 21);
    CHECK(shifted_place(2, 3, 1) == 0);
}

TEST_CASE("sequences change places, and the last has the first one's") {
    CHECK(at(of_next_sequence(numbered()), 0, 1, 2, 0) == 1121);
    CHECK(at(of_next_sequence(numbered()), 1, 1, 2, 0) == 121);
    const Array<double> pairs({2, 2}, {1, 2, 3, 4});
    CHECK(of_next_sequence(pairs).data()[0] == 3);
    CHECK(of_next_sequence(pairs).data()[3] == 2);
}

TEST_CASE("keys are rounded to steps of their own row") {
    const Heads<double> rounded = quantised(numbered(), 2);
    CHECK(at(rounded, 0, 0, 0, 0) == 1);  // of 1 and 2 in steps of 1
    CHECK(at(rounded, 0, 0, 0, 1) == 2);
    CHECK(at(rounded, 0, 1, 2, 0) == 122);  // of 121 and 122 in steps of 61
}

TEST_CASE("rows get a length of one, and zeros stay") {
    const Heads<double> unit = with_unit_rows(numbered());
    CHECK(std::hypot(at(unit, 1, 0, 1, 0), at(unit, 1, 0, 1, 1)) == Approx(1));
    const Heads<double> zeros = make_separate_heads(Array<double>({1, 1, 1, 2}, {0, 0}));
    CHECK(at(with_unit_rows(zeros), 0, 0, 0, 1) == 0);
}

TEST_CASE("some heads are chosen, neighbours give way to their mean") {
    const Heads<double> one = chosen(numbered(), {1});
    CHECK(one.view.heads == 1);
    CHECK(at(one, 1, 0, 2, 1) == 1122);
    CHECK(chosen(numbered(), {}).view.heads == 2);
    const Heads<double> mean = averaged(numbered(), 2);
    CHECK(mean.view.heads == 1);
    CHECK(at(mean, 1, 0, 2, 1) == 1072);
    CHECK(at(copied(numbered()), 0, 1, 1, 1) == 112);
}
