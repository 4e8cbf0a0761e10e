#include "core/side_work.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"

TEST_CASE("side work is all done when it is finished, whatever the number of threads") {
    for (const std::size_t threads : {1, 2, 4}) {
        const attn::ThreadLimit limit(threads);
        attn::SideWork side(1 << 20);
        std::vector<std::atomic<int>> visits(300);
        attn::parallel_for(visits.size(),
                           [&](std::size_t i) { side.add(1, [&, i] { ++visits[i]; }); });
        side.finish();
        std::size_t wrong = 0;
        for (const auto& count : visits) wrong += count != 1;
        CHECK(wrong == 0);
    }
}

TEST_CASE("side work that would keep too much memory is done at once") {
    const attn::ThreadLimit limit(4);
    attn::SideWork side(100);
    bool done = false;
    side.add(101, [&] { done = true; });
    CHECK(done);
    side.finish();
}

TEST_CASE("side work with one thread is done at once, in order") {
    const attn::ThreadLimit limit(1);
    attn::SideWork side(1 << 20);
    std::vector<int> order;
    for (const int i : {1, 2, 3}) {
        side.add(1, [&order, i] { order.push_back(i); });
        CHECK(order.size() == static_cast<std::size_t>(i));
    }
    CHECK(order == std::vector<int>{1, 2, 3});
    side.finish();
}

TEST_CASE("side work that fails is told when it is finished") {
    for (const std::size_t threads : {1, 3}) {
        const attn::ThreadLimit limit(threads);
        attn::SideWork side(1 << 20);
        side.add(1, [] { attn::fail("piece 0 is bad"); });
        CHECK_THROWS_WITH(side.finish(), "piece 0 is bad");
    }
}

TEST_CASE("after side work has failed nothing more is begun") {
    const attn::ThreadLimit limit(1);
    attn::SideWork side(1 << 20);
    side.add(1, [] { attn::fail("piece 0 is bad"); });
    bool more = false;
    side.add(1, [&] { more = true; });
    CHECK_FALSE(more);
    CHECK_THROWS_WITH(side.finish(), "piece 0 is bad");
}

TEST_CASE("side work that nobody finishes is dropped or waited for") {
    const attn::ThreadLimit limit(3);
    std::atomic<int> begun{0}, ended{0};
    {
        attn::SideWork side(1 << 20);
        for (int i = 0; i < 50; ++i) {
            side.add(1, [&] {
                ++begun;
                std::this_thread::yield();
                ++ended;
            });
        }
    }
    CHECK(begun == ended);
}
