#include <sched.h>

#include <catch2/catch.hpp>

#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"

extern "C" int openblas_get_num_threads();

namespace {

cpu_set_t processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
    return set;
}

}  // namespace

TEST_CASE("the library of products is loaded without threads, and hides no processor from us") {
    const cpu_set_t before = processors();
    const attn::SingleThreadedBlas blas;
    const float a[]{1, 2, 3, 4}, b[]{5, 6, 7, 8};
    float c[4]{};
    attn::multiply<float>({a, 2, 2}, {b, 2, 2}, {c, 2, 2});
    CHECK(c[0] == 19);
    CHECK(c[1] == 22);
    CHECK(c[2] == 43);
    CHECK(c[3] == 50);
    CHECK(openblas_get_num_threads() == 1);
    const cpu_set_t after = processors();
    CHECK(CPU_EQUAL(&before, &after) != 0);
}
