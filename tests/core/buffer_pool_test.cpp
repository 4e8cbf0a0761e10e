#include "core/buffer_pool.hpp"

#include <catch2/catch.hpp>

using namespace attn;

TEST_CASE("a buffer that was given back is lent again, and more are made where all are lent") {
    BufferPool<float> pool(1, 16);
    float* first = nullptr;
    {
        const auto one = pool.borrow();
        const auto other = pool.borrow();
        CHECK(one.data() != other.data());
        one.data()[15] = other.data()[15] = 1;
        first = one.data();
    }
    const auto a = pool.borrow(), b = pool.borrow();
    CHECK((a.data() == first || b.data() == first));
}
