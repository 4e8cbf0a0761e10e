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
