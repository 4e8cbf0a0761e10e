#include "render/clean_tokens.hpp"

#include <catch2/catch.hpp>

using namespace attn::render;

using Texts = std::vector<std::string>;

TEST_CASE("the marks of tokenisers go, line breaks become signs") {
    CHECK(clean_tokens({"The", "Ġquick", "Ċ", "ĊĊ", "Ġ", "ĉ", "ĠĠĠif"}) ==
          Texts{"The", "quick", "↵", "↵↵", " ", "⇥", "  if"});
    CHECK(clean_tokens({"<s>", "▁The", "▁", "ing", "<0x0A>", "a▁b"}) ==
          Texts{"<s>", "The", " ", "ing", "↵", "a b"});
    CHECK(clean_tokens({"[CLS]", "play", "##ing", "##", "#"}) ==
          Texts{"[CLS]", "play", "ing", "##", "#"});
    CHECK(clean_tokens({"a</w>", "photo</w>", "</w>"}) == Texts{"a", "photo", "</w>"});
    CHECK(clean_tokens({}).empty());
}

TEST_CASE("bytes of GPT-2 become the letters that they are, if they are whole") {
    CHECK(clean_tokens({"ĠcafÃ©", "Ãł", "Ã"}) == Texts{"café", "à", "Ã"});
    // Without a mark nobody knows that letters are bytes.
    CHECK(clean_tokens({"cafÃ©", "Českå", "日本"}) == Texts{"cafÃ©", "Českå", "日本"});
    CHECK(clean_tokens({"Ġa", "日本"}) == Texts{"a", "日本"});
}
