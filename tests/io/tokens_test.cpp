#include "io/tokens.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using attn::io::load_tokens;
using attn::test::TempFolder;
using Lists = std::vector<std::vector<std::string>>;

TEST_CASE("tokens come as a JSON array, or one array a sequence") {
    const TempFolder folder;
    CHECK(load_tokens(folder.write("a", R"(["the", " cat", "\n"])")) ==
          Lists{{"the", " cat", "\n"}});
    CHECK(load_tokens(folder.write("b", R"([["a", "b"], ["c", "d"]])")) ==
          Lists{{"a", "b"}, {"c", "d"}});
}

TEST_CASE("tokens come as one a line, spaces kept") {
    const TempFolder folder;
    CHECK(load_tokens(folder.write("a", "the\n cat\r\n\nend")) ==
          Lists{{"the", " cat", "", "end"}});
    CHECK(load_tokens(folder.write("b", "[\n]\n")) == Lists{{"[", "]"}});
}

TEST_CASE("what is not tokens is refused") {
    const TempFolder folder;
    CHECK_THROWS_WITH(load_tokens(folder.write("a", "caf\xe9")), Catch::Contains("not UTF-8"));
    CHECK_THROWS_WITH(load_tokens(folder.write("b", "[\"a\", 1]")),
                      Catch::Contains("mixes texts with numbers"));
    CHECK_THROWS_WITH(load_tokens(folder.write("c", "[{\"a\": [\"b\"]}]")),
                      Catch::Contains("expected a JSON array of texts"));
    CHECK_THROWS_WITH(load_tokens(folder / "none"), Catch::Contains("cannot open"));
}
