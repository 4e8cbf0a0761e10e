#include <catch2/catch.hpp>
#include <set>

#include "model/layout.hpp"

using namespace attn::model;

TEST_CASE("every family is found by its name, under a title that no other has") {
    std::set<std::string> titles;
    for (const Layout& layout : layouts()) {
        CHECK(find_layout(layout.name).name == layout.name);
        CHECK(titles.insert(layout.title).second);
    }
    CHECK(layouts().front().name == "native");
    CHECK(titles.size() > 10);
}

TEST_CASE("a family that is not known is refused with the nearest, or with all") {
    CHECK_THROWS_WITH(find_layout("gpt"),
                      Catch::StartsWith("--layout gpt: is not known; did you mean gpt"));
    CHECK_THROWS_WITH(find_layout("zzzzzz"), Catch::Contains("; expected one of native, "));
}
