#include "pipeline/compare_computed.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/array_files.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::pipeline;
using attn::test::TempFolder;
using attn::test::write_array;

namespace {

const Warn kSilent;

// Two queries and keys whose scores are all zero: uniform attention.
CompareRequest uniform(const TempFolder& folder, const std::vector<float>& saved) {
    CompareRequest request;
    request.a = write_array<float>(folder, "a.npy", {1, 2, 2}, saved);
    request.computed.query = write_array<float>(folder, "q.npy", {1, 2, 1}, {0, 0});
    request.computed.key = request.computed.value =
        write_array<float>(folder, "k.npy", {1, 2, 1}, {1, 1});
    return request;
}

}  // namespace

TEST_CASE("a saved matrix is compared with the one that is computed, cell by cell") {
    const TempFolder folder;
    const CompareResult same =
        compare_with_computed(uniform(folder, {0.5, 0.5, 0.5, 0.5}), nullptr, kSilent);
    CHECK(same.same());
    REQUIRE(same.heads.size() == 1);
    const CompareResult other =
        compare_with_computed(uniform(folder, {0.5, 0.5, 0.25, 0.75}), nullptr, kSilent);
    CHECK_FALSE(other.same());
    CHECK(other.heads[0].values.first == std::pair<std::size_t, std::size_t>(1, 0));
    CHECK(other.heads[0].values.max_abs == 0.25);
}

TEST_CASE("who may attend is what the request says") {
    const TempFolder folder;
    CompareRequest request = uniform(folder, {1, 0, 0.5, 0.5});
    CHECK_FALSE(compare_with_computed(request, nullptr, kSilent).same());
    request.computed.attention.causal = true;
    CHECK(compare_with_computed(request, nullptr, kSilent).same());
}

TEST_CASE("nothing to compute from, and pictures, are refused") {
    const TempFolder folder;
    CompareRequest request = uniform(folder, {0.5, 0.5, 0.5, 0.5});
    request.output = folder / "out";
    CHECK_THROWS_WITH(compare_with_computed(request, nullptr, kSilent),
                      Catch::Contains("--output"));
    request.output.clear();
    request.computed.query.clear();
    CHECK_THROWS_WITH(compare_with_computed(request, nullptr, kSilent),
                      Catch::Contains("b: is missing"));
}
