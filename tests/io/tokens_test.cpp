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

TEST_CASE("a byte order mark is no part of the first token") {
    const TempFolder folder;
    CHECK(load_tokens(folder.write("a", "\xef\xbb\xbfthe\ncat")) == Lists{{"the", "cat"}});
    CHECK(load_tokens(folder.write("b.json", "\xef\xbb\xbf[\"the\"]")) == Lists{{"the"}});
}

TEST_CASE("what is not tokens is refused") {
    const TempFolder folder;
    CHECK_THROWS_WITH(load_tokens(folder.write("a", "caf\xe9")), Catch::Contains("not UTF-8"));
    CHECK_THROWS_WITH(load_tokens(folder.write("b", "[\"a\", 1]")),
                      Catch::Contains("mixes texts with numbers"));
    CHECK_THROWS_WITH(load_tokens(folder.write("c", "[[[\"a\"]]]")),
                      Catch::Contains("nests texts deeper"));
    CHECK_THROWS_WITH(load_tokens(folder.write("d.json", "[true]")),
                      Catch::Contains("(bool [1]): expected token ids"));
    CHECK_THROWS_WITH(load_tokens(folder.write("e.json", "{\"a\": 3}")),
                      Catch::Contains("expected a list of texts"));
    CHECK_THROWS_WITH(load_tokens(folder / "none"), Catch::Contains("cannot open"));
}

TEST_CASE("tokens stand beside other things in JSON, under a key or as its only texts") {
    const TempFolder folder;
    const std::string file = folder.write("run.json", R"({"attention": [[1, 0], [0.5, 0.5]],
        "input": ["le", "chat"], "output": ["the", "cat"], "ids": [464, 3797],
        "steps": [{"id": 464, "text": "The"}, {"id": 3797, "text": " cat"}], "notes": null})");
    CHECK(load_tokens(file + ":input") == Lists{{"le", "chat"}});
    CHECK(load_tokens(file + ":output") == Lists{{"the", "cat"}});
    CHECK(load_tokens(file + ":ids") == Lists{{"464", "3797"}});
    CHECK(load_tokens(file + ":steps") == Lists{{"The", " cat"}});
    CHECK_THROWS_WITH(load_tokens(file), Catch::Contains("holds labels under input, output, steps; "
                                                         "choose one as " +
                                                         file + ":KEY"));
    CHECK_THROWS_WITH(load_tokens(file + ":notes"), Catch::Contains("notes: is null"));
    CHECK_THROWS_WITH(load_tokens(file + ":words"),
                      Catch::Contains("has them under input, output, steps"));
    CHECK(load_tokens(folder.write("one.json", R"({"attention": [[1]], "words": ["a"]})")) ==
          Lists{{"a"}});
    CHECK(load_tokens(folder.write("two.json", R"({"words": ["a"], "tokens": ["b"]})")) ==
          Lists{{"b"}});
}

TEST_CASE("token ids are labels, of one sequence or of many") {
    const TempFolder folder;
    CHECK(load_tokens(folder.write("a.json", "[464, 3797]")) == Lists{{"464", "3797"}});
    CHECK(load_tokens(folder.write("b", "[[1, 2], [3, 4]]\n")) == Lists{{"1", "2"}, {"3", "4"}});
    CHECK(load_tokens(folder.write("c", "[\n1\n]\n")) == Lists{{"[", "1", "]"}});
    CHECK_THROWS_WITH(load_tokens(folder.write("d.json", "[0.5]")),
                      Catch::Contains("expected token ids, which are whole numbers"));
}

TEST_CASE("objects give their texts in the order of the list") {
    const TempFolder folder;
    std::string text;
    for (int i = 0; i < 12; ++i) {
        text += (i > 0 ? ", " : "") + std::string(R"({"id": 1, "token": "t)") + std::to_string(i) +
                "\"}";
    }
    const Lists labels = load_tokens(folder.write("a.json", "[" + text + "]"));
    CHECK(labels.at(0).at(2) == "t2");
    CHECK(labels.at(0).at(11) == "t11");
    CHECK_THROWS_WITH(
        load_tokens(folder.write("b.json", R"([{"text": "a"}, {"id": 3}, {"text": "c"}])")),
        Catch::Contains("entry 1 has no text"));
    CHECK_THROWS_WITH(load_tokens(folder.write("c.json", R"([{"text": "a", "word": "b"}])")),
                      Catch::Contains("entry 0 has several texts"));
}

TEST_CASE("code tokens that look like JSON are text unless the file is JSON") {
    const TempFolder folder;
    CHECK(load_tokens(folder.write("a", "{\n\"\na\n")) == Lists{{"{", "\"", "a"}});
    CHECK(load_tokens(folder.write("b", "{\n}\n")) == Lists{{"{", "}"}});
}

TEST_CASE("the labels of an open file are its texts, and not its token ids") {
    const TempFolder folder;
    const auto container = attn::io::open_container(folder.write("a.json", R"({
        "attention": [[1]], "ids": [464], "words": ["the"], "pieces": [{"id": 464, "text": "The"}],
        "model": "gpt2"})"));
    const auto labels = attn::io::labels_in(container);
    CHECK(labels.size() == 2);
    CHECK(labels.at("words") == Lists{{"the"}});
    CHECK(labels.at("pieces") == Lists{{"The"}});
}
