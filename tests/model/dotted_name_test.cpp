#include "model/dotted_name.hpp"

#include <catch2/catch.hpp>

using namespace attn::model;

TEST_CASE("a name in a layer is what stands before, the layer's number, and the rest") {
    const auto found = readings_in_layer("net.h.13.ln_1.weight", "h.{}.");
    REQUIRE(found.size() == 1);
    CHECK(found[0].before == "net.");
    CHECK(found[0].layer == 13);
    CHECK(found[0].name == "ln_1.weight");
    CHECK(readings_in_layer("h.0.x", "h.{}.").front().before.empty());
}

TEST_CASE("only whole modules with a number are layers") {
    for (const char* name :
         {"path.0.x", "h.x.0", "h.0x.y", "h.", "h.-1.x", "h.99999999999999999999.x"})
        CHECK(readings_in_layer(name, "h.{}.").empty());
}

TEST_CASE("layers inside of layers can be read both ways") {
    const auto found = readings_in_layer("layers.1.layers.2.w", "layers.{}.");
    REQUIRE(found.size() == 2);
    CHECK(found[0].name == "layers.2.w");
    CHECK(found[1].before == "layers.1.");
    CHECK(components("a.b..c") == std::vector<std::string>{"a", "b", "", "c"});
}
