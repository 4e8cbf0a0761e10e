#include "pipeline/stored_manifest.hpp"

#include <catch2/catch.hpp>

#include "support/stored_windows.hpp"

using namespace attn;

TEST_CASE("a manifest lists the layers of stored attention, and its chosen heads by number") {
    const auto manifest = pipeline::stored_manifest(test::attention_with_windows(), {1});
    CHECK(manifest.layers == std::vector<std::size_t>{1, 4, 5});
    CHECK(manifest.heads == std::vector<std::size_t>{2});
    CHECK(manifest.structure.causal);
    CHECK(manifest.structure.window_left == 4);
    CHECK(manifest.window_left == std::map<std::size_t, std::size_t>{{4, 1}});
}
