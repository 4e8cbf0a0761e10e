#include "model/key_words.hpp"

#include <catch2/catch.hpp>

using attn::model::has_word;
using attn::model::sounds_like_attention;

TEST_CASE("words of a key are parted by underscores, slashes, dots and capitals") {
    for (const char* word : {"rope", "scaling", "low", "freq"})
        CHECK(has_word("rope_scaling/lowFreq", {word}));
    CHECK(has_word("rope.theta", {"theta"}));
    CHECK(has_word("RopeTheta", {"rope"}));
    CHECK(has_word("use_NTK_by_parts", {"other", "parts"}));
}

TEST_CASE("a part of a word is no word") {
    CHECK_FALSE(has_word("european", {"rope"}));
    CHECK_FALSE(has_word("rope_scaling", {"scal"}));
    CHECK_FALSE(has_word("rope_scaling", {}));
}

TEST_CASE("keys that may change the attention or a block sound like it") {
    for (const char* key :
         {"my_attention_kind", "ropeBase", "extra_norm", "head_groups", "mlpWidth"})
        CHECK(sounds_like_attention(key));
    for (const char* key : {"favourite_colour", "headline", "actor", "", "_"})
        CHECK_FALSE(sounds_like_attention(key));
}
