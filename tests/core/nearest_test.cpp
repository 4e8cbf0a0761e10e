#include "core/nearest.hpp"

#include <catch2/catch.hpp>

using attn::nearest;

TEST_CASE("a slip of the hand finds the name that was meant") {
    const std::vector<std::string> names{"viridis", "magma", "plasma", "gray"};
    CHECK(nearest("virids", names) == "viridis");
    CHECK(nearest("virdiis", names) == "viridis");
    CHECK(nearest("grey", names) == "gray");
    CHECK(nearest("magma", names) == "magma");
}

TEST_CASE("a word that is near nothing has no suggestion") {
    CHECK(nearest("spectral", {"viridis", "magma"}).empty());
    CHECK(nearest("x", {"W_Q"}).empty());
    CHECK(nearest("anything", {}).empty());
    CHECK(nearest(std::string(100000, 'a'), {"viridis"}).empty());
}

TEST_CASE("the beginning of a name, a word of it, a plural and a longer form find it") {
    const std::vector<std::string> checks{"row_sum", "causal_leak", "mask_leak", "almost_causal"};
    CHECK(nearest("causal", checks) == "causal_leak");
    CHECK(nearest("caus", checks) == "causal_leak");
    CHECK(nearest("almost", checks) == "almost_causal");
    CHECK(nearest("masks", checks) == "mask_leak");
    CHECK(nearest("Leak", checks) == "mask_leak");
    const std::vector<std::string> flags{"--head", "--drop-first", "--tokens", "--color-scale"};
    CHECK(nearest("--heads", flags) == "--head");
    CHECK(nearest("--scale", flags) == "--color-scale");
    CHECK(nearest("--first", flags) == "--drop-first");
    CHECK(nearest("--key-tokens", flags) == "--tokens");
    CHECK(nearest("distan", {"entropy", "token_distance"}) == "token_distance");
}

TEST_CASE("one slip is nearer than a beginning, and a beginning than two slips") {
    CHECK(nearest("read", {"reading", "head"}) == "head");
    CHECK(nearest("sinks", {"sinks_of_all", "silks"}) == "silks");
    CHECK(nearest("toke", {"token_spread", "poem"}) == "token_spread");
    CHECK(nearest("ta", {"table"}).empty());
}

TEST_CASE("who refuses a word asks for the one that was meant, or says what there is") {
    const std::vector<std::string> maps{"viridis", "gray"};
    CHECK(attn::did_you_mean("grey", maps) == "; did you mean gray?");
    CHECK(attn::did_you_mean("grey", maps, "; there are two") == "; did you mean gray?");
    CHECK(attn::did_you_mean("spectral", maps, "; there are two") == "; there are two");
    CHECK(attn::did_you_mean("spectral", maps).empty());
}
