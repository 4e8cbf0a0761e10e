#include "core/large_stack.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "core/error.hpp"

TEST_CASE("work on a large stack is done when the call returns, and its error comes out") {
    int done = 0;
    attn::on_large_stack([&] {
        volatile char room[512 << 10];
        room[0] = 1;
        done = room[0];
    });
    CHECK(done == 1);
    CHECK_THROWS_WITH(attn::on_large_stack([] { attn::fail("no such font"); }), "no such font");
}
