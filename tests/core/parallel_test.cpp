#include "core/parallel.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

#include "core/error.hpp"

TEST_CASE("every item is visited exactly once, whatever the number of threads") {
    for (const std::size_t threads : {1, 2, 4}) {
        const attn::ThreadLimit limit(threads);
        std::vector<std::atomic<int>> visits(1000);
        attn::parallel_for(visits.size(), [&](std::size_t i) { ++visits[i]; });
        std::size_t wrong = 0;
        for (const auto& count : visits) wrong += count != 1;
        CHECK(wrong == 0);
    }
}

TEST_CASE("an exception stops the loop and comes out of it") {
    std::atomic<std::size_t> visited{0};
    const auto work = [&](std::size_t i) {
        if (i == 3) attn::fail("item 3 is bad");
        ++visited;
    };
    CHECK_THROWS_WITH(attn::parallel_for(1000000, work), "item 3 is bad");
    CHECK(visited < 1000000);
}

TEST_CASE("nothing to do is no problem") {
    attn::parallel_for(0, [](std::size_t) { FAIL("called"); });
}
