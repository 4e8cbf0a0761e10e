// rollout --cross: what targets are made of in the encoder's tokens, in every form of the result.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Catch::Contains;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// A decoder of three tokens over an encoder of five, one layer of one head.
struct Translation {
    TempFolder folder;
    std::string decoder = write_array<float>(folder, "decoder.npy", {1, 1, 3, 3},
                                             {1, 0, 0, 0.5, 0.5, 0, 0.25, 0.25, 0.5});
    std::string cross =
        write_array<float>(folder, "cross.npy", {1, 1, 3, 5},
                           {0.5, 0.25, 0.125, 0.125, 0, 0, 1, 0, 0, 0, 0, 0, 0.25, 0.25, 0.5});
    std::string tokens = folder.write("tokens.json", R"(["the","cat","sat"])");
    std::string source_tokens = folder.write("source.json", R"(["die","Katze","saß","da","."])");

    ProgramResult roll(const Arguments& more) const {
        const ProgramResult result =
            run_program(join({"rollout", decoder, "--cross", cross}, more));
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
        return result;
    }
};

}  // namespace

TEST_CASE("what targets are made of in the encoder's tokens is printed below their own") {
    const Translation one;
    const ProgramResult result = one.roll({"--top", "2"});
    CHECK_THAT(result.out, Contains("made of (largest first)") &&
                               Contains("made of the encoder's tokens") && Contains("4: 0.25"));
    const ProgramResult named =
        one.roll({"--tokens", one.tokens, "--key-tokens", one.source_tokens, "--targets", "2"});
    // Half of a layer is the residual: of the row 0, 0, 0.25, 0.25, 0.5 one half.
    CHECK_THAT(named.out, Contains("2 sat") && Contains("4 .: 0.25") && Contains("2 saß: 0.125"));
    CHECK_THAT(named.out, Contains("2 sat: 0.375"));
}

TEST_CASE("the JSON lists the encoder's tokens beside the decoder's, as the array holds them") {
    const Translation one;
    const std::string out = one.folder / "out";
    const Json json = Json::parse(one.roll({"--json", "--top", "9", "-o", out}).out);
    const Array<double> array = load(out + "/cross_rollout.npy");
    REQUIRE(array.shape() == Shape{3, 5});
    REQUIRE(json["targets"].size() == 3);
    for (std::size_t target = 0; target < 3; ++target) {
        const Json& top = json["targets"][target]["cross_top"];
        REQUIRE(top.size() == 5);
        for (const Json& pair : top)
            CHECK(pair[1].get<double>() == array.data()[target * 5 + pair[0].get<std::size_t>()]);
    }
    CHECK(json["targets"][1]["cross_top"][0][0] == 1);
    const Json plain = Json::parse(run_program({"rollout", one.decoder, "--json"}).out);
    CHECK(plain["targets"][0].count("cross_top") == 0);
}

TEST_CASE("the encoder's part has a picture of its own, with its own labels") {
    const Translation one;
    const std::string out = one.folder / "out";
    one.roll({"-o", out, "--plain"});
    const auto own = decode_png(read_file(out + "/rollout.png")),
               cross = decode_png(read_file(out + "/cross_rollout.png"));
    CHECK(own.width() == 3);
    CHECK(cross.width() == 5);
    CHECK(cross.height() == 3);
    one.roll({"-o", out, "--picture-format", "svg", "--tokens", one.tokens, "--key-tokens",
              one.source_tokens});
    const std::string svg = read_file(out + "/cross_rollout.svg");
    CHECK_THAT(svg, Contains("of the encoder: attention rollout"));
    CHECK(read_file(out + "/rollout.svg") != svg);
    one.roll({"-o", out, "--save", "rollout"});
    CHECK_FALSE(fs::exists(out + "/cross_rollout.png"));
}

TEST_CASE("patches are the encoder's tokens where there are as many") {
    const Translation one;
    const std::string out = one.folder / "out";
    one.roll({"-o", out, "--grid", "2x2+1"});
    const Array<double> map = load(out + "/cross_map.npy"), rows = load(out + "/cross_rollout.npy");
    REQUIRE(map.shape() == Shape{3, 2, 2});
    for (std::size_t target = 0; target < 3; ++target)
        for (std::size_t patch = 0; patch < 4; ++patch)
            CHECK(map.data()[target * 4 + patch] == rows.data()[target * 5 + 1 + patch]);
    CHECK_FALSE(fs::exists(out + "/map.npy"));
    one.roll({"-o", out, "--grid", "1x2+1"});
    CHECK(load(out + "/map.npy").shape() == Shape{3, 1, 2});
    CHECK_FALSE(fs::exists(out + "/cross_map.npy"));
    const ProgramResult neither = run_program(
        {"rollout", one.decoder, "--cross", one.cross, "--grid", "7x7", "-o", one.folder / "no"});
    CHECK(neither.exit_code == 2);
    CHECK_THAT(neither.err, Contains("--grid 7x7"));
    CHECK_FALSE(fs::exists(one.folder / "no"));
}

TEST_CASE("the photograph shows the patches that the encoder reads") {
    const Translation one;
    const std::string out = one.folder / "out";
    one.roll({"-o", out, "--plain"});
    const std::string photo = one.folder / "photo.png";
    fs::copy_file(out + "/rollout.png", photo);
    one.roll({"-o", out, "--grid", "1x5", "--image", photo});
    CHECK(decode_png(read_file(out + "/photo.png")).width() > 50);
    CHECK(load(out + "/cross_map.npy").shape() == Shape{3, 1, 5});
}

TEST_CASE("as many labels as the encoder has tokens, or none") {
    const Translation one;
    const ProgramResult result =
        run_program({"rollout", one.decoder, "--cross", one.cross, "--key-tokens", one.tokens});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains(one.tokens) && Contains("5"));
}
