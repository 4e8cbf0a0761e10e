// Attention with its labels in one file, as people save it.
#include <catch2/catch.hpp>

#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/zip_bytes.hpp"

using attn::test::run_program;
using attn::test::TempFolder;

namespace {

const char* kJson =
    R"({"model": null, "errors": [], "words": ["the", "cat"], "logits": [[1], [2, 3]],
                        "attention": [[1, 0], [0.5, 0.5]]})";

}  // namespace

TEST_CASE("labels beside the attention in a JSON file with nulls and empty lists") {
    const TempFolder folder;
    const std::string file = folder.write("run.json", kJson);
    const auto picture =
        run_program({"heatmap", file + ":attention", "--tokens", file + ":words", "--terminal"});
    CHECK(picture.exit_code == 0);
    CHECK(picture.err.empty());
    CHECK(picture.out.find("cat") != std::string::npos);
    const auto ragged = run_program({"stats", file + ":logits"});
    CHECK(ragged.exit_code == 2);
    CHECK(ragged.err.find("logits: is ragged: one row has 1 value, another 2") !=
          std::string::npos);
    const auto null = run_program({"stats", file + ":model"});
    CHECK(null.exit_code == 2);
    CHECK(null.err.find("model: is null, expected an array") != std::string::npos);
}

TEST_CASE("config.json is shown as it is, nulls and all") {
    const TempFolder folder;
    const std::string file =
        folder.write("config.json", R"({"n_head": 2, "pad_token_id": null, "pruned_heads": {}})");
    const auto shown = run_program({"info", file});
    CHECK(shown.exit_code == 0);
    CHECK(shown.err.empty());
}

TEST_CASE("an NPZ of one matrix and its labels needs no key") {
    const TempFolder folder;
    const std::string weights = attn::test::npy_bytes(
        attn::test::npy_dictionary("<f4", "(2, 2)"), attn::test::bytes_of<float>({1, 0, 0.5, 0.5}));
    const std::string tokens =
        attn::test::npy_bytes(attn::test::npy_dictionary("|S3", "(2,)"), "thecat");
    const std::string file = folder.write(
        "attn.npz", attn::test::zip_bytes({{"attn.npy", weights}, {"tokens.npy", tokens}}));
    const auto picture = run_program({"heatmap", file, "--tokens", file, "--terminal"});
    CHECK(picture.err.empty());
    CHECK(picture.exit_code == 0);
    CHECK(picture.out.find("cat") != std::string::npos);
    const auto texts = run_program({"stats", file + ":tokens"});
    CHECK(texts.exit_code == 2);
    CHECK(texts.err.find("tokens: holds texts, expected an array of numbers") != std::string::npos);
}

TEST_CASE("pickled lists are refused with the way to save them") {
    const TempFolder folder;
    const std::string file = folder.write(
        "attn.npy", attn::test::npy_bytes(attn::test::npy_dictionary("|O", "(2,)"), "pickle"));
    const auto refused = run_program({"stats", file});
    CHECK(refused.exit_code == 2);
    CHECK(refused.err.find("np.savez('FILE.npz', *arrays)") != std::string::npos);
}

TEST_CASE("labels beside the attention are used without a flag, and said once") {
    const TempFolder folder;
    const std::string file = folder.write("run.json", kJson);
    const std::string line = "its tokens are labelled with " + file + ":words";
    const auto said = [&](const attn::test::ProgramResult& result) {
        const std::size_t first = result.err.find(line);
        return first != std::string::npos && result.err.find(line, first + 1) == std::string::npos;
    };
    const auto picture = run_program({"heatmap", file + ":attention", "--terminal"});
    CHECK(picture.out.find("cat") != std::string::npos);
    CHECK(said(picture));
    const auto stats = run_program({"stats", file + ":attention"});
    CHECK(stats.out.find("induction") != std::string::npos);
    CHECK(said(stats));
    const auto look = run_program({file + ":attention"});
    CHECK(look.out.find("give --tokens") == std::string::npos);
    CHECK(said(look));
}

TEST_CASE("commands that show no labels say nothing of those beside the attention") {
    const TempFolder folder;
    const std::string source = folder.write("run.json", kJson) + ":attention";
    CHECK(run_program({"check", source}).err.empty());
    CHECK(run_program({"compare", source, source}).err.empty());
}

TEST_CASE("tokens of another number in the file of the attention are named") {
    const TempFolder folder;
    const std::string file = folder.write(
        "a.json", R"({"attention": [[[1, 0], [0.5, 0.5]]], "tokens": ["a", "b", "c"]})");
    const auto result = run_program({"stats", file});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.err, Catch::Contains("a.json:tokens: labels nothing, it holds 3 tokens, the "
                                           "attention has 2 queries and 2 keys"));
}
