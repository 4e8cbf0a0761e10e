#include "attention/divided_rows.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "attention/projection.hpp"
#include "support/arrays.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::test;

namespace {

std::vector<float> values_of(const Array<float>& array) {
    return {array.values().begin(), array.values().end()};
}

}  // namespace

TEST_CASE("products of rows that are dealt out have the bits of one process") {
    // Blocks that no number of ranks divides, and a last one that is not whole.
    const auto x = random_array<float>({2, 700, 24}, 1);
    const auto W = random_array<float>({24, 200}, 2);
    const std::vector<float> alone = values_of(project(x, W, {}, MatrixOrder::in_out));
    for (const std::size_t size : {1, 2, 3, 7, 11}) {
        std::vector<std::size_t> made(size);
        const auto errors = ThreadRanks(size).run([&](const Communicator& ranks) {
            const Array<float> result =
                divide_rows<float>(ranks, 1400, [&](std::size_t first, std::size_t count) {
                    made[ranks.rank()] += count;
                    return project(some_rows_of(x, first, count), W, {}, MatrixOrder::in_out);
                });
            if (result.shape() != Shape{1400, 200} || values_of(result) != alone)
                throw Error("other values");
        });
        CHECK(errors == std::vector<std::string>(size));
        std::size_t all = 0;
        for (const std::size_t count : made) {
            all += count;
            CHECK(count <= (6 / size + 1) * kRowsDealtOut);
        }
        CHECK(all == 1400);
    }
}

TEST_CASE("some rows of sequences may begin in one and end in another") {
    const auto x = random_array<float>({2, 3, 2}, 1);
    const Array<float> rows = some_rows_of(x, 2, 2);
    CHECK(rows.shape() == Shape{1, 2, 2});
    CHECK(std::equal(rows.values().begin(), rows.values().end(), x.data() + 4));
}
