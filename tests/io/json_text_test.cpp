#include "io/json_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

TEST_CASE("JSON is indented, ends its last line, and reads back as it was") {
    const nlohmann::ordered_json value{{"b", 1}, {"a", {"\x1b[31m\u202e\u009b\x7f", "Ġé"}}};
    const std::string text = attn::io::json_document(value);
    CHECK_THAT(text, Catch::StartsWith("{\n  \"b\": 1,\n") && Catch::EndsWith("\n}\n"));
    CHECK_THAT(text, Catch::Contains("\\u001b[31m\\u202e\\u009b\\u007f") && Catch::Contains("Ġé"));
    CHECK(nlohmann::ordered_json::parse(text) == value);
    CHECK(attn::io::json_value({1, "\u202e"}) == "[1,\"\\u202e\"]");
}

TEST_CASE("a name that is no UTF-8 is written as well as JSON can") {
    CHECK(attn::io::json_value("a\xff") == "\"a\uFFFD\"");
}
