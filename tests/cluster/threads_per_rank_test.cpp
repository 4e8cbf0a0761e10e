#include "cluster/threads_per_rank.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace attn::cluster;

namespace {

std::size_t threads(const SharedMachine& machine, std::map<std::string, std::string> variables) {
    return threads_per_rank(machine, [&](const std::string& name) { return variables[name]; });
}

}  // namespace

TEST_CASE("ranks of a machine share its cores") {
    CHECK(threads({8, 8, 2}, {}) == 4);
    CHECK(threads({8, 8, 3}, {}) == 2);
    CHECK(threads({8, 8, 1}, {}) == 8);
    CHECK(threads({2, 2, 7}, {}) == 1);
}

TEST_CASE("ranks that the launcher has bound use the cores that they were given") {
    CHECK(threads({8, 2, 4}, {}) == 2);
    CHECK(threads({8, 1, 4}, {}) == 1);
}

TEST_CASE("variables of OpenMP and Slurm leave a rank fewer threads, never more") {
    CHECK(threads({8, 8, 2}, {{"OMP_NUM_THREADS", "3"}}) == 3);
    CHECK(threads({8, 8, 2}, {{"SLURM_CPUS_PER_TASK", "2"}}) == 2);
    CHECK(threads({8, 8, 2}, {{"OMP_NUM_THREADS", "3"}, {"SLURM_CPUS_PER_TASK", "2"}}) == 2);
    CHECK(threads({8, 8, 2}, {{"OMP_NUM_THREADS", "64"}}) == 4);
    for (const char* nothing : {"", "0", "-1", "four", "2,2"})
        CHECK(threads({8, 8, 2}, {{"OMP_NUM_THREADS", nothing}}) == 4);
}
