#include "io/inputs.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"
#include "support/safetensors_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;

TEST_CASE("an array of a type that is not read is refused by name, the others are not") {
    const TempFolder folder;
    const std::string file =
        folder.write("m.safetensors",
                     safetensors_bytes(R"({"new":)" + tensor_entry("F8_E5M2", "[4]", 0, 4) +
                                           R"(,"old":)" + tensor_entry("F32", "[1]", 4, 8) + "}",
                                       std::string(8, '\0')));
    attn::io::Inputs inputs;
    CHECK(inputs.find(file + ":old").shape == attn::Shape{1});
    CHECK_THROWS_WITH(inputs.find(file + ":new"),
                      file + ":new: has the dtype F8_E5M2, which is not read");
    CHECK_THROWS_WITH(inputs.find(file), Catch::Contains("holds new, old; choose one as"));
    CHECK_THROWS_WITH(inputs.find(file + ":nev"), Catch::Contains("did you mean new?"));
}

TEST_CASE("an array that is not there is answered with what is") {
    const TempFolder folder;
    const std::string file = folder.write("w.json", R"({"W_Q": [1], "W_K": [2]})");
    attn::io::Inputs inputs;
    CHECK(inputs.find(file + ":W_Q").shape == attn::Shape{1});
    CHECK_THROWS_WITH(inputs.find(file), Catch::Contains("holds W_K, W_Q; choose one as"));
    CHECK_THROWS_WITH(inputs.find(file + ":W_q"), Catch::Contains("did you mean W_Q?"));
    CHECK_THROWS_WITH(inputs.find(file + ":embeddings"), Catch::Contains("it holds W_K, W_Q"));
    const std::string single = folder.write("a.json", "[1, 2]");
    CHECK_THROWS_WITH(inputs.find(single + ":W_Q"), Catch::Contains("leave :W_Q out"));
}

TEST_CASE("the record of an input names its file's digest") {
    const TempFolder folder;
    const std::string file = folder.write("w.json", R"({"x": [1, 2]})");
    attn::io::Inputs inputs;
    inputs.load<float>(file + ":x", attn::io::NonFinite::refuse);
    inputs.load<float>(file + ":x", attn::io::NonFinite::refuse);
    const auto records = inputs.records(true);
    REQUIRE(records.size() == 1);
    CHECK(records[0].name == file + ":x");
    CHECK(records[0].shape == attn::Shape{2});
    CHECK_FALSE(records[0].digest_of_array);
    // sha256sum of {"x": [1, 2]}
    CHECK(records[0].sha256 == "3bb3eda9ae6433fd94e9e35945500b88f252602d7c62034bc782cfdabd944053");
    // xxh128sum of the same
    CHECK(records[0].xxh3 == "7cdbac8b64e31708e017889e38a349c1");
    CHECK(inputs.records()[0].sha256.empty());
}

TEST_CASE("the record of an array of a large file names the digest of its own bytes") {
    const auto when =
        GENERATE(attn::io::DigestTime::at_the_end, attn::io::DigestTime::while_reading);
    attn::io::Inputs inputs(when);
    for (const char* name : {"files/model.safetensors:h.0.attn.bias", "files/stored.npz:float32",
                             "files/deflated.npz:float32"}) {
        inputs.load<float>(golden(name), attn::io::NonFinite::refuse);
    }
    const auto records = inputs.records(true);
    REQUIRE(records.size() == 3);
    for (const auto& record : records) {
        INFO(record.name);
        CHECK(record.digest_of_array);
        // sha256sum of the six float32 0, 0.5, … 2.5
        CHECK(record.sha256 == "03b8e98a10217e51d8ecef7919de69ba80c52b25ee49ce0886ecfe0ddeacd4ac");
        CHECK(record.xxh3 == "9d8b793febe0c78a6a0240f7a4acb33b");
    }
}

TEST_CASE("digests are the same whether they are made while reading or at the end") {
    const auto digests = [](attn::io::DigestTime when) {
        attn::io::Inputs inputs(when);
        for (const char* name :
             {"files/model.safetensors:h.0.attn.bias", "files/stored.npz:float32"})
            inputs.load<float>(golden(name), attn::io::NonFinite::refuse);
        const std::string flags = golden("flags/q.npy");
        inputs.load<float>(flags, attn::io::NonFinite::refuse);
        std::vector<std::string> all;
        for (const auto& record : inputs.records()) all.push_back(record.xxh3);
        return all;
    };
    const auto at_the_end = digests(attn::io::DigestTime::at_the_end);
    REQUIRE(at_the_end.size() == 3);
    CHECK(at_the_end == digests(attn::io::DigestTime::while_reading));
}

TEST_CASE("a setting is no array") {
    const attn::test::TempFolder folder;
    const std::string file = folder.write("model.json", R"({"heads": 2, "x": [1, 2]})");
    attn::io::Inputs inputs;
    CHECK_THROWS_WITH(inputs.find(file + ":heads"),
                      file + ":heads: is one value, expected an array");
}
