#include "source/labels_beside.hpp"

#include <catch2/catch.hpp>

#include "support/array_files.hpp"
#include "support/zip_bytes.hpp"

using namespace attn;
using namespace attn::test;
using namespace attn::source;

namespace {

using Lists = std::vector<std::vector<std::string>>;

struct Found {
    Lists queries;
    Lists keys;
    std::vector<std::string> warnings;
};

Found labels_of(const SourceRequest& request) {
    io::Inputs inputs;
    Found found;
    const auto warn = [&](const std::string& text) { found.warnings.push_back(text); };
    auto attention = open_stored_attention<float>(inputs, {request.source, request.axes}, nullptr);
    add_labels_beside(inputs, request, attention, warn);
    found.queries = attention.tokens;
    found.keys = attention.key_tokens;
    return found;
}

Found labels_of(const std::string& source) {
    SourceRequest request;
    request.source = source;
    return labels_of(request);
}

const std::string kSquare = R"("attn": [[1, 0], [0.5, 0.5]])";

}  // namespace

TEST_CASE("the only texts of a fitting length label queries and keys of square attention") {
    const TempFolder folder;
    const std::string file = folder.write(
        "a.json", "{" + kSquare + R"(, "words": ["the", "cat"], "authors": ["A", "B", "C"]})");
    const Found found = labels_of(file + ":attn");
    CHECK(found.queries == Lists{{"the", "cat"}});
    CHECK(found.keys == found.queries);
    REQUIRE(found.warnings.size() == 1);
    CHECK(found.warnings[0] == file + ":attn: its tokens are labelled with " + file +
                                   ":words, which stands beside it; --tokens names others");
}

TEST_CASE("of two lists that fit neither is taken, and both are named") {
    const TempFolder folder;
    const std::string file = folder.write(
        "a.json", "{" + kSquare + R"(, "input": ["the", "cat"], "output": ["le", "chat"]})");
    const Found found = labels_of(file + ":attn");
    CHECK(found.queries.empty());
    CHECK(found.keys.empty());
    REQUIRE(found.warnings.size() == 1);
    CHECK_THAT(found.warnings[0], Catch::Contains("choose one with --tokens " + file +
                                                  ":input or --tokens " + file + ":output"));
}

TEST_CASE("two lists of the same texts are one") {
    const TempFolder folder;
    const std::string file = folder.write(
        "a.json", "{" + kSquare + R"(, "tokens": ["the", "cat"], "words": ["the", "cat"]})");
    CHECK(labels_of(file + ":attn").queries == Lists{{"the", "cat"}});
}

TEST_CASE("rectangular attention takes each axis's own list") {
    const TempFolder folder;
    const std::string file = folder.write("a.json", R"({"cross": [[0.2, 0.8, 0], [1, 0, 0]],
        "target": ["le", "chat"], "source": ["the", "cat", "."]})");
    const Found found = labels_of(file + ":cross");
    CHECK(found.queries == Lists{{"le", "chat"}});
    CHECK(found.keys == Lists{{"the", "cat", "."}});
    CHECK(found.warnings.size() == 2);
}

TEST_CASE("the list in the same place as the attention comes before those of other examples") {
    const TempFolder folder;
    const std::string file = folder.write("a.json", R"({"title": ["x", "y"], "examples": [
        {"attn": [[1, 0], [0.5, 0.5]], "tokens": ["the", "cat"]},
        {"attn": [[1, 0], [0.1, 0.9]], "tokens": ["a", "dog"]}]})");
    CHECK(labels_of(file + ":examples/1/attn").queries == Lists{{"a", "dog"}});
    const Found stacked = labels_of(file + ":examples/*/attn");
    CHECK(stacked.queries.empty());
    CHECK(stacked.warnings.size() == 1);
}

TEST_CASE("a list for each sequence fits a batch of as many") {
    const TempFolder folder;
    const std::string file =
        folder.write("a.json", R"({"attn": [[[[1, 0], [0.5, 0.5]]], [[[1, 0], [0.1, 0.9]]]],
        "tokens": [["the", "cat"], ["a", "dog"]]})");
    SourceRequest request;
    request.source = file + ":attn";
    request.axes = "batch,heads,q,k";
    CHECK(labels_of(request).queries == Lists{{"the", "cat"}, {"a", "dog"}});
    request.axes = "layers,heads,q,k";
    CHECK(labels_of(request).queries.empty());
}

TEST_CASE("labels that were named win") {
    const TempFolder folder;
    SourceRequest request;
    request.source =
        folder.write("a.json", "{" + kSquare + R"(, "words": ["the", "cat"]})") + ":attn";
    request.key_tokens = "keys.txt";
    const Found queries = labels_of(request);
    CHECK(queries.queries == Lists{{"the", "cat"}});
    CHECK(queries.keys.empty());
    request.tokens = "tokens.txt";
    const Found none = labels_of(request);
    CHECK(none.queries.empty());
    CHECK(none.warnings.empty());
}

TEST_CASE("names in the config.json beside a file are no labels") {
    const TempFolder folder;
    const std::string file = folder.write(
        "attn.npz", zip_bytes({{"attn.npy", npy_floats("(2, 2)", {1, 0, 0.5F, 0.5F})}}));
    folder.write("config.json", R"({"layer_types": ["full_attention", "full_attention"]})");
    const Found found = labels_of(file);
    CHECK(found.queries.empty());
    CHECK(found.warnings.empty());
}
