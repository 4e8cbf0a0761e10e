// heatmap --image: what queries look at, over the photograph.
#include <catch2/catch.hpp>
#include <filesystem>

#include "render/png.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Catch::Contains;

namespace {

// Two heads on a class token and 1 x 2 patches.
const std::string kAttention =
    "[[[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]], [[0.2, 0, 0.8], [0, 1, 0], [0, 0, 1]]]";

struct Scene {
    TempFolder folder;
    std::string attention = folder.write("vit.json", kAttention);
    std::string photo = folder.write(
        "photo.png", attn::render::encode_png(attn::render::Image(60, 30, {90, 120, 60})));
    std::string out = folder / "over.png";

    ProgramResult draw(std::vector<std::string> more) const {
        std::vector<std::string> words{"heatmap", attention, "--image", photo};
        words.insert(words.end(), more.begin(), more.end());
        return run_program(words);
    }
    void check_refused(const std::vector<std::string>& more, const std::string& text) const {
        const auto result = draw(more);
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Contains(text));
        CHECK_FALSE(std::filesystem::exists(out));
    }
};

}  // namespace

TEST_CASE("heads over a photograph are one picture, and their mean is narrower") {
    const Scene scene;
    CHECK(scene.draw({"--grid", "1x2+1", "-o", scene.out}).exit_code == 0);
    const auto both = decode_png(read_file(scene.out));
    CHECK(scene.draw({"--grid", "1x2+1", "-o", scene.out, "--mean-heads", "--cell", "40"})
              .exit_code == 0);
    const auto mean = decode_png(read_file(scene.out));
    CHECK(mean.width() < both.width());
    CHECK(mean.height() > 100);
}

TEST_CASE("each target has a row of its own") {
    const Scene scene;
    CHECK(scene.draw({"--grid", "1x2+1", "--cell", "40", "-o", scene.out}).exit_code == 0);
    const auto one = decode_png(read_file(scene.out));
    CHECK(scene
              .draw({"--grid", "1x2+1", "--cell", "40", "--targets", "cls;0,1;0,0;1;2", "-o",
                     scene.out})
              .exit_code == 0);
    CHECK(decode_png(read_file(scene.out)).height() > one.height());
}

TEST_CASE("a folder has a sheet over the photograph of each layer, and one of all layers") {
    const Scene scene;
    const std::string layers =
        scene.folder.write("layers.json", "[" + kAttention + "," + kAttention + "]");
    const std::string out = scene.folder / "out";
    const auto draw = [&](std::vector<std::string> more) {
        std::vector<std::string> words{"heatmap", layers, "--image", scene.photo, "--grid", "1x2+1",
                                       "--list",  "-o",   out,       "--cell",    "40"};
        words.insert(words.end(), more.begin(), more.end());
        return run_program(words);
    };
    const auto result = draw({});
    CHECK(result.exit_code == 0);
    CHECK(result.out ==
          out + "/layer00/heads.png\n" + out + "/layer01/heads.png\n" + out + "/layers.png\n");
    CHECK(std::filesystem::exists(out + "/manifest.json"));
    const auto sheet = decode_png(read_file(out + "/layer00/heads.png"));
    const auto all = decode_png(read_file(out + "/layers.png"));
    CHECK(all.height() > sheet.height());
    CHECK_THAT(read_file(out + "/layer01/heads.png"), Contains("layer 1: what the class token"));

    CHECK(draw({"--targets", "cls;0,1"}).exit_code == 0);
    CHECK(decode_png(read_file(out + "/layer00/heads.png")).height() > sheet.height());
    CHECK(draw({"--layer", "1", "--format", "svg"}).out == out + "/layer01/heads.svg\n");
    const auto wrong = draw({"--targets", "9"});
    CHECK(wrong.exit_code == 2);
    CHECK(std::filesystem::exists(out + "/layer01/heads.svg"));
}

TEST_CASE("sheets over the photograph of a batch carry the sequence") {
    const Scene scene;
    const std::string batch =
        scene.folder.write("batch.json", "[[" + kAttention + "," + kAttention + "]]");
    const std::string out = scene.folder / "out";
    const auto result = run_program({"heatmap", batch, "--image", scene.photo, "--grid", "1x2+1",
                                     "--mean-heads", "-o", out, "--list"});
    CHECK(result.exit_code == 0);
    CHECK(result.out == out + "/layer00/seq00-heads.png\n" + out + "/layer00/seq01-heads.png\n");
    CHECK_THAT(read_file(out + "/layer00/seq01-heads.png"),
               Contains("sequence 1, layer 0: what the class token"));
}

TEST_CASE("a photograph, grid or target that does not fit is refused, and nothing is written") {
    const Scene scene;
    scene.check_refused({"-o", scene.out}, "--grid");
    scene.check_refused({"--grid", "2x2", "-o", scene.out}, "4 tokens");
    scene.check_refused({"--grid", "1x3", "-o", scene.out}, "--targets cls");
    scene.check_refused({"--grid", "1x2+1", "--targets", "5,5", "-o", scene.out}, "--targets 5,5");
    scene.check_refused({"--grid", "1x2+1", "-o", scene.out, "--plain"}, "exclude each other");
    scene.check_refused({"--grid", "1x2+1", "-o", scene.out, "--image", scene.attention},
                        "--image");
    const auto broken = run_program({"heatmap", scene.attention, "--image", scene.attention,
                                     "--grid", "1x2+1", "-o", scene.out});
    CHECK_THAT(broken.err, Contains("vit.json: is no PNG or JPEG"));
    CHECK_THAT(run_program({"heatmap", scene.attention, "--targets", "cls", "-o", scene.out}).err,
               Contains("no effect without --image"));
    CHECK_THAT(scene.draw({"--grid", "1x2+1", "-o", scene.photo}).err, Contains("is an input"));
}

TEST_CASE("a rollout over a photograph is a panel a target, beside its matrix") {
    const Scene scene;
    const std::string layers =
        scene.folder.write("layers.json", "[" + kAttention + "," + kAttention + "]");
    const auto roll = [&](std::vector<std::string> more) {
        std::vector<std::string> words{
            "rollout", layers, "--image", scene.photo, "-o", scene.folder / "out", "--quiet"};
        words.insert(words.end(), more.begin(), more.end());
        const ProgramResult result = run_program(words);
        INFO(result.err);
        return result;
    };
    const std::string photo = scene.folder / "out/photo.png";
    REQUIRE(roll({"--grid", "1x2+1", "--cell", "40"}).exit_code == 0);
    CHECK(std::filesystem::exists(scene.folder / "out/rollout.png"));
    CHECK(std::filesystem::exists(scene.folder / "out/map.npy"));
    const auto one = decode_png(read_file(photo));
    // A file of its own, whatever else is drawn.
    REQUIRE(roll({"--grid", "1x2+1", "--cell", "40", "--targets", "0-2", "--save", "rollout"})
                .exit_code == 0);
    const auto three = decode_png(read_file(photo));
    CHECK(three.height() > one.height());
    CHECK_FALSE(std::filesystem::exists(scene.folder / "out/rollout.png"));
    REQUIRE(roll({"--grid", "1x2+1", "--cell", "40", "--fuse", "per-head"}).exit_code == 0);
    CHECK(decode_png(read_file(photo)).width() > one.width());
    REQUIRE(roll({"--grid", "1x2+1", "--picture-format", "svg"}).exit_code == 0);
    CHECK(std::filesystem::exists(scene.folder / "out/photo.svg"));
    CHECK_THAT(roll({}).err, Contains("--image needs --grid"));
    CHECK_THAT(roll({"--grid", "2x2"}).err, Contains("--grid"));
    const ProgramResult none = run_program({"rollout", layers, "--image", layers, "--grid", "1x2+1",
                                            "-o", scene.folder / "none", "--quiet"});
    CHECK(none.exit_code == 2);
    CHECK_THAT(none.err, Contains("layers.json"));
    CHECK_FALSE(std::filesystem::exists(scene.folder / "none"));
}

TEST_CASE("a photograph is for attention among its own patches") {
    Scene scene;
    scene.attention = scene.folder.write("cross.json", "[[[0.5, 0.5], [0, 1], [1, 0]]]");
    scene.check_refused({"--grid", "1x2", "-o", scene.out},
                        "has 3 queries and 2 keys; --image needs attention among the patches");
}
