#include "pipeline/draw.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "pipeline/run.hpp"
#include "render/color_map.hpp"
#include "render/heatmap.hpp"
#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/picture.hpp"
#include "support/temp_folder.hpp"

using namespace attn::pipeline;
using namespace attn::test;
using attn::render::color_map;
namespace fs = std::filesystem;

namespace {

attn::render::Image picture(const std::string& path) {
    return decode_png(read_file(path));
}

DrawRequest plain(const std::string& source, const std::string& output) {
    DrawRequest request;
    request.from.source = source;
    request.output = output;
    request.heatmaps.plain = true;
    return request;
}

}  // namespace

TEST_CASE("a plain picture has one pixel a cell, coloured from zero to the largest weight") {
    const TempFolder folder;
    const std::string file =
        folder.write("a.npy", npy_floats("(2, 3)", {0, 0.25F, 0.5F, 0.5F, 0.25F, 0.25F}));
    draw(plain(file, folder / "a.png"), {});
    const auto image = picture(folder / "a.png");
    CHECK(image.width() == 3);
    CHECK(image.height() == 2);
    CHECK(image.at(0, 0) == color_map("viridis")[0]);
    CHECK(image.at(1, 0) == color_map("viridis")[128]);
    CHECK(image.at(2, 0) == color_map("viridis")[255]);
}

TEST_CASE("what is zero right of the diagonal everywhere is drawn as masked") {
    const TempFolder folder;
    const std::string causal = folder.write("a.npy", npy_floats("(2, 2)", {1, 0, 0.5F, 0.5F}));
    draw(plain(causal, folder / "a.png"), {});
    CHECK(picture(folder / "a.png").at(1, 0) == attn::render::kMaskedColor);

    const std::string other =
        folder.write("b.npy", npy_floats("(2, 2, 2)", {1, 0, 0.5F, 0.5F, 0.5F, 0.5F, 1, 0}));
    DrawRequest request = plain(other, folder / "b");
    draw(request, {});
    CHECK(picture(folder / "b/layer00/head00.png").at(1, 0) == color_map("viridis")[0]);
}

TEST_CASE("arrays of every rank are drawn under layer, head and sequence") {
    const TempFolder folder;
    const auto files = [&](const std::string& shape, std::size_t matrices) {
        const std::string source =
            folder.write("a.npy", npy_floats(shape, std::vector<float>(4 * matrices, 0.5F)));
        std::set<std::string> names;
        for (const std::string& path : draw(plain(source, folder / "out"), {})) {
            names.insert(fs::relative(path, folder / "out").string());
        }
        return names;
    };
    using Names = std::set<std::string>;
    CHECK(files("(2, 2)", 1) == Names{"layer00/head00.png", "layer00/heads.png"});
    CHECK(files("(2, 2, 2)", 2) ==
          Names{"layer00/head00.png", "layer00/head01.png", "layer00/heads.png"});
    CHECK(files("(2, 1, 2, 2)", 2) == Names{"layer00/head00.png", "layer00/heads.png",
                                            "layer01/head00.png", "layer01/heads.png",
                                            "layers.png"});
    CHECK(files("(1, 2, 1, 2, 2)", 2) ==
          Names{"layer00/seq00-head00.png", "layer00/seq01-head00.png", "layer00/seq00-heads.png",
                "layer00/seq01-heads.png"});
}

TEST_CASE("a run folder is drawn with its own labels and mask") {
    const TempFolder folder;
    RunRequest run_request;
    run_request.input.weights = sample("model.json");
    run_request.output = folder / "run";
    run(run_request, {}, {});

    DrawRequest request;
    request.from.source = folder / "run";
    request.output = folder / "pictures";
    draw(request, {});
    // The files differ in what they say about where they come from.
    const attn::render::Image drawn = picture(folder / "pictures/layer01/head02.png");
    const attn::render::Image run = picture(folder / "run/layer01/head02.png");
    REQUIRE(drawn.width() == run.width());
    REQUIRE(drawn.height() == run.height());
    CHECK(std::equal(drawn.pixels(), drawn.pixels() + drawn.width() * drawn.height() * 3,
                     run.pixels()));

    request.output = folder / "run";
    CHECK_THROWS_WITH(draw(request, {}),
                      Catch::Contains("holds the results of another command, run"));
    CHECK(fs::exists(folder / "run/layer00/weights.npy"));
}

TEST_CASE("a run of chosen heads keeps their numbers") {
    const TempFolder folder;
    RunRequest run_request;
    run_request.input.weights = sample("model.json");
    run_request.output = folder / "run";
    run_request.heads = std::vector<std::size_t>{1, 3};
    run_request.save = attn::results::parse_save("weights");
    run(run_request, {}, {});
    DrawRequest request = plain(folder / "run", folder / "pictures");
    request.from.heads = std::vector<std::size_t>{3};
    draw(request, {});
    CHECK(fs::exists(folder / "pictures/layer00/head03.png"));
    CHECK_FALSE(fs::exists(folder / "pictures/layer00/head01.png"));
    request.from.heads = std::vector<std::size_t>{0};
    CHECK_THROWS_WITH(draw(request, {}),
                      Catch::Contains("--head 0") && Catch::Contains("no such head"));
}

TEST_CASE("large matrices are pooled, and a lone peak stays visible") {
    const TempFolder folder;
    std::vector<float> weights(2000 * 2000, 0.0001F);
    weights[777 * 2000 + 1234] = 1;
    DrawRequest request =
        plain(folder.write("a.npy", npy_floats("(2000, 2000)", weights)), folder / "a.png");
    request.heatmaps.max_size = 500;
    draw(request, {});
    const auto image = picture(folder / "a.png");
    CHECK(image.width() == 500);
    CHECK(image.at(1234 / 4, 777 / 4) == color_map("viridis")[255]);
    request.heatmaps.pool = attn::analysis::PoolKind::mean;
    request.heatmaps.vmax = attn::render::ColorLimit{1, false};
    draw(request, {});
    CHECK_FALSE(picture(folder / "a.png").at(1234 / 4, 777 / 4) == color_map("viridis")[255]);
}

TEST_CASE("a window, a range and the dropped first key are respected") {
    const TempFolder folder;
    const std::string file =
        folder.write("a.npy", npy_floats("(2, 4)", {1, 0.1F, 0.2F, 0, 1, 0, 0.1F, 0.2F}));
    DrawRequest request = plain(file, folder / "a.png");
    request.heatmaps.drop_first = true;
    draw(request, {});
    CHECK(picture(folder / "a.png").at(2, 0) == color_map("viridis")[255]);
    request.heatmaps.keys = "1:3";
    request.heatmaps.queries = "1:";
    request.heatmaps.vmin = attn::render::ColorLimit{0, false};
    request.heatmaps.vmax = attn::render::ColorLimit{0.2, false};
    draw(request, {});
    const auto image = picture(folder / "a.png");
    CHECK(image.width() == 2);
    CHECK(image.height() == 1);
    CHECK(image.at(1, 0) == color_map("viridis")[128]);
}

TEST_CASE("a shared scale makes heads comparable") {
    const TempFolder folder;
    const std::string file = folder.write("a.npy", npy_floats("(2, 1, 2)", {0, 1, 0, 0.5F}));
    DrawRequest request = plain(file, folder / "own");
    draw(request, {});
    CHECK(picture(folder / "own/layer00/head01.png").at(1, 0) == color_map("viridis")[255]);
    request.output = folder / "shared";
    request.heatmaps.shared_scale = true;
    draw(request, {});
    CHECK(picture(folder / "shared/layer00/head01.png").at(1, 0) == color_map("viridis")[128]);
    CHECK(fs::exists(folder / "shared/layer00/heads.png"));
}

TEST_CASE("one file shows one head, or a sheet of all") {
    const TempFolder folder;
    const std::string file =
        folder.write("a.npy", npy_floats("(3, 2, 2)", std::vector<float>(12, 0.5F)));
    DrawRequest request;
    request.from.source = file;
    request.output = folder / "sheet.png";
    draw(request, {});
    request.output = folder / "one.png";
    request.from.heads = std::vector<std::size_t>{1};
    draw(request, {});
    const auto sheet = picture(folder / "sheet.png");
    const auto one = picture(folder / "one.png");
    CHECK(sheet.width() * sheet.height() > one.width() * one.height());

    const std::string batch =
        folder.write("b.npy", npy_floats("(1, 2, 1, 2, 2)", std::vector<float>(8, 0.5F)));
    request = plain(batch, folder / "b.png");
    CHECK_THROWS_WITH(draw(request, {}), Catch::Contains("choose it with --seq"));
    CHECK_FALSE(fs::exists(folder / "b.png"));
}

TEST_CASE("labels must be as many as queries and keys") {
    const TempFolder folder;
    DrawRequest request = plain(
        folder.write("a.npy", npy_floats("(2, 3)", std::vector<float>(6, 0.5F))), folder / "a.png");
    request.from.tokens = folder.write("two.txt", "a\nb\n");
    CHECK_NOTHROW(draw(request, {}));
    request.from.tokens = folder.write("three.txt", "a\nb\nc\n");
    CHECK_NOTHROW(draw(request, {}));
    request.from.tokens = folder.write("four.txt", "a\nb\nc\nd\n");
    CHECK_THROWS_WITH(draw(request, {}),
                      Catch::Contains("four.txt: has 4 tokens, the attention has 2 queries"));
    request.from.tokens = folder / "two.txt";
    request.from.key_tokens = folder / "four.txt";
    CHECK_THROWS_WITH(draw(request, {}),
                      Catch::Contains("four.txt: has 4 tokens, the attention has 3 keys"));
}

TEST_CASE("sources that are no attention are refused") {
    const TempFolder folder;
    const auto draw_source = [&](const std::string& source) {
        return draw(plain(source, folder / "out"), {});
    };
    CHECK_THROWS_WITH(draw_source(folder.write("a.npy", npy_floats("(4,)", {1, 2, 3, 4}))),
                      Catch::Contains("[4]: expected attention [q, k]"));
    CHECK_THROWS_WITH(draw_source(folder / "none.npy"), Catch::Contains("cannot open"));
    RunRequest request;
    request.input.weights = sample("model.json");
    request.output = folder / "run";
    request.save = attn::results::parse_save("output");
    run(request, {}, {});
    CHECK_THROWS_WITH(draw_source(folder / "run"), Catch::Contains("saved no weights"));
    CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("the picture as text shows one head") {
    const TempFolder folder;
    DrawRequest request =
        plain(folder.write("a.npy", npy_floats("(2, 2, 2)", {1, 0, 0, 1, 0, 1, 1, 0})), "");
    const std::string text = draw_in_terminal(request, 80, false);
    CHECK_THAT(text, Catch::StartsWith("layer 0, head 0\n") && Catch::Contains("0 █"));
    request.from.heads = std::vector<std::size_t>{0, 1};
    CHECK_THAT(draw_in_terminal(request, 80, false), Catch::Contains("head 1"));
}

TEST_CASE("the first row of a causal matrix does not set the range, and percentiles do") {
    const TempFolder folder;
    const std::string causal =
        folder.write("a.npy", npy_floats("(3, 3)", {1, 0, 0, 0.6F, 0.4F, 0, 0.3F, 0.3F, 0.4F}));
    DrawRequest request = plain(causal, folder / "a.png");
    draw(request, {});
    CHECK(picture(folder / "a.png").at(0, 0) == color_map("viridis")[255]);
    CHECK(picture(folder / "a.png").at(0, 1) == color_map("viridis")[255]);
    request.heatmaps.vmax = attn::render::ColorLimit{25, true};
    draw(request, {});
    CHECK(picture(folder / "a.png").at(0, 2) == color_map("viridis")[255]);
}

TEST_CASE("text says what its marks and colours mean") {
    const TempFolder folder;
    DrawRequest request = plain(
        folder.write("a.npy", npy_floats("(3, 3)", {1, 0, 0, 0.9F, 0.1F, 0, 0.3F, 0.3F, 0.4F})),
        "");
    CHECK_THAT(draw_in_terminal(request, 80, false),
               Catch::Contains("·: masked; 1 cell above 0.9"));
    request.heatmaps.drop_first = true;
    CHECK_THAT(draw_in_terminal(request, 80, true),
               Catch::Contains("grey: masked; 2 cells above 0.4; key 0 left out of the range"));
}
