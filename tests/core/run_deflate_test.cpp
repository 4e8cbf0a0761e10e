#include "core/run_deflate.hpp"

#include <catch2/catch.hpp>

#include "core/deflate.hpp"

using attn::deflated_runs;
using attn::inflated;

namespace {

std::string noise(std::size_t count, unsigned values) {
    std::string bytes;
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < count; ++i) {
        state = state * 1664525U + 1013904223U;
        bytes += static_cast<char>((state >> 24) % values);
    }
    return bytes;
}

}  // namespace

TEST_CASE("runs and what lies between them inflate to the same bytes") {
    for (const std::size_t run :
         {0, 1, 2, 3, 6, 7, 8, 9, 10, 257, 258, 259, 260, 261, 517, 100000}) {
        for (const std::string& around : {std::string(), noise(100, 256), noise(70000, 9)}) {
            const std::string bytes = around + std::string(run, 'a') + around;
            INFO(run << " and " << around.size());
            CHECK(inflated(deflated_runs(bytes), bytes.size()) == bytes);
        }
    }
}

TEST_CASE("bytes of which some are rare take little more than they tell, and runs nearly nothing") {
    const std::string sixteen = noise(100'000, 16);
    CHECK(deflated_runs(sixteen).size() < 51'000);
    CHECK(deflated_runs(noise(100'000, 256)).size() < 100'600);
    CHECK(deflated_runs(std::string(1'000'000, '\0')).size() < 2000);
}
