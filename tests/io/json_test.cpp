#include "io/json.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using attn::Shape;
using attn::io::Container;
using attn::test::TempFolder;

namespace {

Container parse(const std::string& text) {
    const TempFolder folder;
    Container container;
    container.path = "run.json";
    attn::io::parse_json(attn::io::map_file(folder.write("run.json", text)), container);
    return container;
}

std::vector<double> numbers(const Container& container, const std::string& key) {
    const auto array =
        attn::io::convert<double>(container.arrays.at(key), attn::io::NonFinite::allow);
    return {array.data(), array.data() + array.size()};
}

}  // namespace

TEST_CASE("a bare array of numbers has the empty key") {
    const Container container = parse("[[1, 2.5, -3], [4e2, 5, 6]]");
    CHECK(container.arrays.at("").shape == Shape{2, 3});
    CHECK(numbers(container, "") == std::vector<double>{1, 2.5, -3, 400, 5, 6});
}

TEST_CASE("an object holds arrays, texts and settings under their pointers") {
    const Container container = parse(R"({
        "heads": 4, "causal": true, "name": "tiny", "tokens": ["a", "é", ""],
        "embeddings": [[1, 2]],
        "layers": [{"W_Q": [[1]], "more": {"b_Q": [7]}}, {"W_Q": [[2]]}],
        "mask": [[true, false]], "last": 0.5})");
    CHECK(std::get<double>(container.settings.at("heads")) == 4);
    CHECK(std::get<bool>(container.settings.at("causal")));
    CHECK(std::get<std::string>(container.settings.at("name")) == "tiny");
    CHECK(std::get<double>(container.settings.at("last")) == 0.5);
    CHECK(container.texts.at("tokens") == std::vector<std::vector<std::string>>{{"a", "é", ""}});
    CHECK(numbers(container, "layers/0/W_Q") == std::vector<double>{1});
    CHECK(numbers(container, "layers/0/more/b_Q") == std::vector<double>{7});
    CHECK(numbers(container, "layers/1/W_Q") == std::vector<double>{2});
    CHECK(container.arrays.at("mask").dtype == attn::DType::boolean);
    CHECK(numbers(container, "mask") == std::vector<double>{1, 0});
    CHECK(container.arrays.size() == 5);
}

TEST_CASE("lists of texts may differ in length, one for each sequence") {
    const Container container = parse(R"([["a", "b"], ["c"]])");
    CHECK(container.texts.at("") == std::vector<std::vector<std::string>>{{"a", "b"}, {"c"}});
}

TEST_CASE("an array that cannot be read is named and does not disturb the others") {
    const Container container = parse(R"({
        "ragged": [[1, 2], [3]], "layers": [{"W_Q": [[1, 2], [3, 4, 5]], "W_K": [[1]]}],
        "deep": [1, [2]], "shallow": [[1], 2], "texts": [1, "2"], "truths": [1, true],
        "objects": [1, {"inside": [7]}], "null": [[1, null]], "hollow": [[], [1]], "good": [1, 2]})");
    const std::map<std::string, std::string> expected{
        {"ragged", "is ragged: one row has 2 values, another 1"},
        {"layers/0/W_Q", "is ragged: one row has 2 values, another 3"},
        {"deep", "mixes numbers with arrays"},
        {"shallow", "mixes numbers with arrays"},
        {"texts", "mixes numbers with texts"},
        {"truths", "mixes numbers with true and false"},
        {"objects", "mixes numbers with objects"},
        {"null", "holds null, expected numbers; NaN can be saved as .npy"},
        {"hollow", "holds an empty array"}};
    CHECK(container.unreadable == expected);
    CHECK(numbers(container, "good") == std::vector<double>{1, 2});
    CHECK(numbers(container, "layers/0/W_K") == std::vector<double>{1});
    CHECK(numbers(container, "objects/1/inside") == std::vector<double>{7});
}

TEST_CASE("null and empty lists are absent") {
    const Container container =
        parse(R"({"head_mask": null, "errors": [], "a": {"b": null}, "attention": [[1]]})");
    const std::map<std::string, std::string> expected{
        {"head_mask", "is null"}, {"errors", "is an empty list"}, {"a/b", "is null"}};
    CHECK(container.absent == expected);
    CHECK(container.unreadable.empty());
    CHECK(container.arrays.size() == 1);
}

TEST_CASE("objects may stand in arrays of arrays") {
    const Container container = parse(R"([[{"attn": [1]}, {"attn": [2]}], [{"attn": [3]}]])");
    CHECK(numbers(container, "0/1/attn") == std::vector<double>{2});
    CHECK(numbers(container, "1/0/attn") == std::vector<double>{3});
}

TEST_CASE("a bare value and a key that stands twice make a file unreadable") {
    CHECK_THROWS_WITH(parse("3"), Catch::Contains("bare value"));
    CHECK_THROWS_WITH(parse("null"), Catch::Contains("bare value"));
    CHECK_THROWS_WITH(parse(R"({"x": 1, "x": 2})"), "run.json: x stands twice");
}

TEST_CASE("syntax errors tell line and column") {
    CHECK_THROWS_WITH(parse("[1,\n 2,,3]"), Catch::StartsWith("run.json:2:"));
    CHECK_THROWS_WITH(parse("[1, 2"), Catch::Contains("not valid JSON"));
    CHECK_THROWS_WITH(parse("[1] [2]"), Catch::Contains("not valid JSON"));
    CHECK_THROWS_WITH(parse("[\"\xff\"]"), Catch::Contains("not valid JSON"));
}

TEST_CASE("numbers that JSON or float64 cannot hold are named") {
    for (const char* text : {"[NaN]", "[1, NaN]", "[Infinity]", "[-Infinity, 1]"}) {
        INFO(text);
        CHECK_THROWS_WITH(parse(text), Catch::Contains("JSON has no NaN"));
    }
    CHECK_THROWS_WITH(parse("[1e999]"), Catch::Contains("too large for float64"));
}

TEST_CASE("depth is limited, so that hostile files cannot exhaust the stack") {
    CHECK_THROWS_WITH(parse(std::string(100000, '[')), Catch::Contains("deeper than 64"));
    const std::string objects = [] {
        std::string text;
        for (int i = 0; i < 1000; ++i) text += "{\"a\":";
        return text;
    }();
    CHECK_THROWS_WITH(parse(objects), Catch::Contains("deeper than 64"));
}
