#include "core/late_library.hpp"

#include <catch2/catch.hpp>

#include "core/parallel.hpp"

namespace {

int loads = 0;
void count_load() {
    ++loads;
}

const attn::LateLibrary mathematics("libm.so.6", "libm.so.6", count_load);
const attn::LateLibrary missing("libnobody-has-this.so.1", "/nowhere/libnobody-has-this.so");

namespace late {
const attn::LateFunction<double(double)> cbrt(mathematics, "cbrt");
const attn::LateFunction<double(double, double)> hypot(missing, "hypot");
}  // namespace late

}  // namespace

TEST_CASE("a late library is loaded once, by whichever thread calls it first") {
    attn::parallel_for(8, [](std::size_t i) {
        if (late::cbrt(static_cast<double>(i * i * i)) != Approx(static_cast<double>(i)))
            throw std::logic_error("another function was called");
    });
    CHECK(loads == 1);
    CHECK(mathematics.find_if_any("no_such_function") == nullptr);
    CHECK_THROWS_WITH(mathematics.find("no_such_function"), Catch::Contains("lacks no_such"));
}

TEST_CASE("a late library that is not there is named when it is needed") {
    CHECK_THROWS_WITH(late::hypot(3, 4), Catch::Contains("libnobody-has-this.so.1") &&
                                             Catch::Contains("cannot be loaded"));
}
