#include "source/mask_options.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "support/array_files.hpp"

using namespace attn;
using namespace attn::source;
using attn::test::TempFolder;
using attn::test::write_array;

namespace {

// Two sequences, one head, 2 queries and 5 keys.
const AttentionSizes kSizes{2, 1, 2, 5};

MaskOptions<float> options_of(const AttentionRequest& request, const MaskStructure& known = {},
                              std::string* warnings = nullptr) {
    io::Inputs inputs;
    return load_mask_options<float>(request, kSizes, known, inputs, [&](const std::string& text) {
        if (warnings != nullptr) *warnings += text;
    });
}

MaskStructure structure_of(const AttentionRequest& request, const MaskStructure& known = {}) {
    return options_of(request, known).structure;
}

}  // namespace

TEST_CASE("what no flag says stays as the source knows it") {
    MaskStructure known;
    known.causal = true;
    known.window_left = 3;
    known.key_lengths = {4, 5};
    const MaskStructure same = structure_of({}, known);
    CHECK(same.causal);
    CHECK(same.window_left == 3U);
    CHECK(same.key_lengths == known.key_lengths);
    AttentionRequest request;
    request.causal = false;
    request.window = "-1,2";
    const MaskStructure other = structure_of(request, known);
    CHECK_FALSE(other.causal);
    CHECK_FALSE(other.window_left);
    CHECK(other.window_right == 2U);
}

TEST_CASE("queries at the end stand at the last keys that each sequence has") {
    AttentionRequest request;
    request.query_offset = "end";
    CHECK(structure_of(request).offsets == std::vector<std::ptrdiff_t>{3});
    request.key_lengths = "3,5";
    CHECK(structure_of(request).offsets == std::vector<std::ptrdiff_t>{1, 3});
    request.query_offset = "2";
    CHECK(structure_of(request).offsets == std::vector<std::ptrdiff_t>{2});
}

TEST_CASE("lengths and offsets are one for each sequence") {
    AttentionRequest request;
    request.key_lengths = "3";
    CHECK_THROWS_WITH(structure_of(request),
                      "--key-lengths: has 1 number, the batch has 2 sequences");
    request.key_lengths = "3,6";
    CHECK_THROWS_WITH(structure_of(request), "--key-lengths: 6 is not between 0 and the 5 keys");
    request.key_lengths = "";
    request.query_offset = "1,2,3";
    CHECK_THROWS_WITH(structure_of(request), Catch::Contains("--query-offset: has 3 numbers"));
}

TEST_CASE("a window is two numbers") {
    AttentionRequest request;
    for (const char* window : {"3", "3,", "1,2,3", "-2,0", "a,b"}) {
        request.window = window;
        CHECK_THROWS_WITH(structure_of(request), Catch::Contains("expected LEFT,RIGHT"));
    }
}

TEST_CASE("a mask of bool says who may attend, or with --mask-true ignore who may not") {
    const TempFolder folder;
    AttentionRequest request;
    request.mask = write_array<char>(folder, "m.npy", {1, 1, 2, 5}, {1, 0, 0, 0, 0, 1, 1, 0, 0, 0});
    const auto allowed = [&] {
        const Mask<float> mask(options_of(request), 5);
        std::vector<float> scores(5);
        std::vector<std::uint8_t> blocked(5);
        mask.apply(0, 0, 0, {0, 5}, scores.data(), blocked.data());
        return blocked;
    };
    CHECK(allowed() == std::vector<std::uint8_t>{0, 1, 1, 1, 1});
    request.mask_true_ignores = true;
    CHECK(allowed() == std::vector<std::uint8_t>{1, 0, 0, 0, 0});
}

TEST_CASE("a mask of numbers is added, and one of 0 and 1 draws a warning") {
    const TempFolder folder;
    AttentionRequest request;
    std::string warnings;
    request.mask =
        write_array<float>(folder, "m.npy", {1, 1, 2, 5}, {0, 0, 0, 0, 0, 0, 0, -9, -9, -9});
    CHECK_FALSE(options_of(request, {}, &warnings).added.empty());
    CHECK(warnings.empty());
    request.mask =
        write_array<float>(folder, "m.npy", {1, 1, 2, 5}, {1, 0, 0, 0, 0, 1, 1, 0, 0, 0});
    options_of(request, {}, &warnings);
    CHECK_THAT(warnings, Catch::Contains("save it as bool if 1 means 'may attend'"));
    request.mask_true_ignores = true;
    CHECK_THROWS_WITH(options_of(request), Catch::Contains("is for masks of bool"));
}

TEST_CASE("what is no number in a mask is refused, and no flag is advised that would not help") {
    const TempFolder folder;
    AttentionRequest request;
    std::vector<float> added(10);
    added[3] = -std::numeric_limits<float>::infinity();
    request.mask = write_array(folder, "m.npy", {1, 1, 2, 5}, added);
    CHECK_NOTHROW(options_of(request));
    added[4] = std::numeric_limits<float>::quiet_NaN();
    request.mask = write_array(folder, "m.npy", {1, 1, 2, 5}, added);
    CHECK_THROWS_WITH(options_of(request), Catch::EndsWith("m.npy: NaN at [0, 0, 0, 4]; "
                                                           "expected finite numbers and -inf"));
}

TEST_CASE("a bias has a number for every key") {
    const TempFolder folder;
    io::Inputs inputs;
    const auto bias_of = [&](const std::string& name) {
        return load_bias<float>(name, kSizes, inputs, io::NonFinite::refuse, [](const auto&) {});
    };
    CHECK(bias_of("").empty());
    const std::vector<float> values(10, 0.5F);
    CHECK(bias_of(write_array(folder, "b.npy", {1, 1, 2, 5}, values)).keys() == 5);
    CHECK_THROWS_WITH(bias_of(write_array(folder, "c.npy", {1, 1, 2, 4}, std::vector<float>(8))),
                      Catch::Contains("--bias"));
}

TEST_CASE("a length for each sequence is one even where there is a single key") {
    io::Inputs inputs;
    AttentionRequest request;
    request.key_lengths = "1,0";
    const auto options = load_mask_options<float>(request, {2, 1, 2, 1}, {}, inputs, nullptr);
    CHECK(options.structure.key_lengths == std::vector<std::size_t>{1, 0});
}
