// Keys of config.json that change no family's result.
#include <catch2/catch.hpp>

#include "model/config_keys.hpp"

using attn::model::is_harmless_key;

TEST_CASE("keys about training, generation, tokens and files are harmless by their whole name") {
    for (const char* key : {"architectures", "torch_dtype", "use_cache", "num_labels", "top_k"})
        CHECK(is_harmless_key(key));
    for (const char* key : {"architectures_of_layers", "my_use_cache", "top_k_attention"})
        CHECK_FALSE(is_harmless_key(key));
}

TEST_CASE("what stands inside of a harmless object is harmless") {
    CHECK(is_harmless_key("id2label/0"));
    CHECK(is_harmless_key("quantization_config/bits"));
    CHECK(is_harmless_key("_commit_hash"));
    CHECK_FALSE(is_harmless_key("rope_scaling/factor"));
}

TEST_CASE("dropout and token ids are harmless wherever they stand in a name") {
    CHECK(is_harmless_key("attention_probs_dropout_prob"));
    CHECK(is_harmless_key("vision_start_token_id"));
    CHECK_FALSE(is_harmless_key("attention_probs"));
}
