#include "kernels/kernel_sets.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;

namespace {

Kernels<float> named(const char* name) {
    Kernels<float> kernels{};
    kernels.instruction_set = name;
    return kernels;
}

const Kernels<float> kPlain = named("sse2"), kGood = named("avx2"), kBest = named("avx512");

}  // namespace

TEMPLATE_TEST_CASE("the plainest set runs everywhere, and every set has a name of its own", "",
                   float, double) {
    const auto sets = kernel_sets<TestType>();
    CHECK(sets.front().runs_here);
    CHECK(runnable_kernels<TestType>().front() == sets.front().kernels);
    const std::vector<std::string> names = kernel_set_names();
    REQUIRE(names.size() == sets.size());
    for (std::size_t i = 0; i < sets.size(); ++i) {
        CHECK(sets[i].kernels->instruction_set == names[i]);
        CHECK(std::count(names.begin(), names.end(), names[i]) == 1);
        CHECK(sets[i].kernels->panel_width % sets[i].kernels->lanes == 0);
    }
}

TEST_CASE("the best set that runs here is used, or the one that is named") {
    const std::vector<KernelSet<float>> all{{&kPlain, true}, {&kGood, true}, {&kBest, true}};
    CHECK(&choose_kernels(all, "") == &kBest);
    CHECK(&choose_kernels(all, "sse2") == &kPlain);
    CHECK(&choose_kernels(all, "avx2") == &kGood);
    CHECK(&choose_kernels<float>({{&kPlain, true}, {&kGood, true}, {&kBest, false}}, "") == &kGood);
}

TEST_CASE("a set that the machine lacks, or that nobody knows, is refused by name") {
    const std::vector<KernelSet<float>> sets{{&kPlain, true}, {&kGood, true}, {&kBest, false}};
    CHECK_THROWS_WITH(choose_kernels(sets, "avx512"),
                      "ATTN_KERNELS=avx512: this machine lacks its instructions; it runs sse2, "
                      "avx2");
    CHECK_THROWS_WITH(choose_kernels(sets, "neon"),
                      "ATTN_KERNELS=neon: no such instruction set; this machine runs sse2, avx2");
    CHECK_THROWS_WITH(choose_kernels(sets, "avx3"),
                      "ATTN_KERNELS=avx3: no such instruction set; this machine runs sse2, avx2; "
                      "did you mean avx2?");
}
