// Pictures for papers: SVG, PDF, titles, numbers, resolution. Vector files are judged by what the
// programs make of them that people open them with, where those are installed.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/tools.hpp"

using namespace attn::test;
using attn::render::Color;
using attn::render::Image;
namespace fs = std::filesystem;

namespace {

const std::vector<float> kWeights{1, 0, 0, 0.25F, 0.75F, 0, 0.125F, 0.5F, 0.375F};

std::string source(const TempFolder& folder) {
    return folder.write("w.npy", npy_floats("(3, 3)", kWeights));
}

ProgramResult draw(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "heatmap");
    return run_program(arguments);
}

bool is_there(const std::string& tool) {
    if (has_tool(tool)) return true;
    WARN("SKIPPED: " << tool << " is not installed");
    return false;
}

int distance(Color a, Color b) {
    return std::abs(a.red - b.red) + std::abs(a.green - b.green) + std::abs(a.blue - b.blue);
}

// Cells are large areas of one colour; text differs by a little from renderer to renderer.
void check_alike(const Image& ours, const Image& theirs) {
    REQUIRE(std::abs(static_cast<int>(ours.width()) - static_cast<int>(theirs.width())) <= 1);
    REQUIRE(std::abs(static_cast<int>(ours.height()) - static_cast<int>(theirs.height())) <= 1);
    const std::size_t width = std::min(ours.width(), theirs.width());
    const std::size_t height = std::min(ours.height(), theirs.height());
    std::size_t different = 0;
    for (std::size_t y = 0; y < height; ++y) {
        for (std::size_t x = 0; x < width; ++x)
            if (distance(ours.at(x, y), theirs.at(x, y)) > 90) ++different;
    }
    CHECK(static_cast<double>(different) < 0.1 * static_cast<double>(width * height));
}

}  // namespace

TEST_CASE("SVG looks as the PNG of the same command does") {
    if (!is_there("rsvg-convert")) return;
    const TempFolder folder;
    const std::string w = source(folder);
    for (const std::string file : {"a.png", "a.svg"})
        REQUIRE(draw({w, "--annotate", "--cell", "40", "-o", folder / file}).exit_code == 0);
    // Its inches at 100 dots.
    REQUIRE(shell("rsvg-convert --dpi-x 100 --dpi-y 100 " + (folder / "a.svg") + " -o " +
                  (folder / "svg.png")) == 0);
    check_alike(decode_png(read_file(folder / "a.png")), decode_png(read_file(folder / "svg.png")));
}

TEST_CASE("PDF looks as the PNG of the same command does") {
    if (!is_there("pdftoppm")) return;
    const TempFolder folder;
    const std::string w = source(folder);
    for (const std::string file : {"a.png", "a.pdf"})
        REQUIRE(draw({w, "--annotate", "--cell", "40", "-o", folder / file}).exit_code == 0);
    REQUIRE(shell("pdftoppm -r 100 -png -singlefile " + (folder / "a.pdf") + " " +
                  (folder / "pdf") + " 2> " + (folder / "complaints")) == 0);
    CHECK(read_file(folder / "complaints").empty());
    check_alike(decode_png(read_file(folder / "a.png")), decode_png(read_file(folder / "pdf.png")));
}

TEST_CASE("the texts of a PDF can be searched, tokens with marks too") {
    if (!is_there("pdftotext")) return;
    const TempFolder folder;
    const std::string tokens = folder.write("t.json", "[\"Ġcat\", \"▁sat\", \"é<&\"]");
    REQUIRE(draw({source(folder), "--tokens", tokens, "--title", "“Heads”", "-o", folder / "a.pdf"})
                .exit_code == 0);
    REQUIRE(shell("pdftotext " + (folder / "a.pdf") + " " + (folder / "a.txt") + " 2> /dev/null") ==
            0);
    CHECK_THAT(read_file(folder / "a.txt"),
               Catch::Contains("Ġcat") && Catch::Contains("▁sat") && Catch::Contains("é<&") &&
                   Catch::Contains("“Heads”") && Catch::Contains("attention weight"));
}

TEST_CASE("a folder holds pictures of the format that was asked for, those of run too") {
    const TempFolder folder;
    const std::string heads =
        folder.write("h.npy", npy_floats("(2, 2, 2)", {1, 0, 0.5F, 0.5F, 1, 0, 0.25F, 0.75F}));
    REQUIRE(draw({heads, "--format", "svg", "-o", folder / "svg"}).exit_code == 0);
    CHECK(fs::exists(folder / "svg/layer00/head01.svg"));
    CHECK(fs::exists(folder / "svg/layer00/heads.svg"));
    CHECK_FALSE(fs::exists(folder / "svg/layer00/head01.png"));

    const std::string q = folder.write("q.npy", npy_floats("(1, 2, 2)", {1, 0, 0, 1}));
    const auto run = run_program(
        {"run", "-q", q, "-k", q, "-v", q, "--picture-format", "pdf", "-o", folder / "run"});
    REQUIRE(run.exit_code == 0);
    CHECK_THAT(read_file(folder / "run/layer00/head00.pdf"), Catch::StartsWith("%PDF-"));
}

TEST_CASE("every format gives the same bytes for the same command, and replaces its own file") {
    const TempFolder folder;
    const std::string w = source(folder);
    for (const std::string format : {"png", "svg", "pdf"}) {
        const std::string file = folder / ("a." + format);
        REQUIRE(draw({w, "-o", file, "--transparent"}).exit_code == 0);
        const std::string first = read_file(file);
        REQUIRE(draw({w, "--transparent", "-o", file}).exit_code == 0);
        CHECK(read_file(file) == first);

        const std::string other = folder.write("theirs." + format, "not ours");
        CHECK(draw({w, "-o", other}).exit_code == 2);
        CHECK(read_file(other) == "not ours");
        // Standard output has no name to tell the format.
        const auto piped = draw({w, "-o", "-", "--format", format});
        CHECK(piped.exit_code == 0);
        CHECK(piped.out.substr(0, 4) == first.substr(0, 4));
    }
}

TEST_CASE("pictures say where they come from, with paths as they were given") {
    const TempFolder folder;
    const std::string w = source(folder);
    for (const std::string format : {"png", "svg"}) {
        const std::string file = folder / ("a." + format);
        REQUIRE(draw({w, "-o", file, "--title", "Mine", "--colormap", "gray"}).exit_code == 0);
        CHECK_THAT(read_file(file), Catch::Contains("Mine") && Catch::Contains(w) &&
                                        Catch::Contains("Layer") && Catch::Contains("Head") &&
                                        Catch::Contains("attn-inspect 0.1.0") &&
                                        Catch::Contains("attn-inspect heatmap " + w +
                                                        " --colormap gray --title "
                                                        "Mine") &&
                                        !Catch::Contains(file));
    }
}

TEST_CASE("more dots an inch and no paper are a matter of the file, not of the picture") {
    const TempFolder folder;
    const std::string w = source(folder);
    REQUIRE(draw({w, "-o", folder / "a.png"}).exit_code == 0);
    REQUIRE(draw({w, "-o", folder / "b.png", "--dpi", "200"}).exit_code == 0);
    const Image small = decode_png(read_file(folder / "a.png"));
    const Image large = decode_png(read_file(folder / "b.png"));
    CHECK(large.width() == 2 * small.width());
    CHECK(large.height() == 2 * small.height());
}

TEST_CASE("pictures that cannot be as asked are refused with a way out, and nothing is written") {
    const TempFolder folder;
    const std::string w = source(folder);
    const auto refused = [&](std::vector<std::string> arguments, const std::string& text) {
        const std::string output = arguments.back();
        arguments.insert(arguments.end() - 1, "-o");
        const auto result = draw(arguments);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: ") && Catch::Contains(text));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
        CHECK_FALSE(fs::exists(output));
    };
    refused({w, "--annotate", "--plain", folder / "a.png"}, "exclude each other");
    refused({w, "--title", "two\nlines", folder / "a.png"}, "one line");
    refused({w, "--title", std::string(301, 'x'), folder / "a.png"}, "at most 300");
    refused({w, "--dpi", "0", folder / "a.png"}, "--dpi 0");
    refused({w, "--dpi", "2400", "--cell", "256", folder / "a.png"}, "is too large");
    refused({w, "--format", "jpg", folder / "out"}, "expected png, svg or pdf");
    refused({w, "--format", "pdf", folder / "a.svg"}, "--format pdf");
    refused({w, folder / "a.jpg"}, "a.jpg");
}

TEST_CASE("numbers that do not fit are left out, which one warning says") {
    const TempFolder folder;
    const std::string big =
        folder.write("big.npy", npy_floats("(2, 100, 100)", std::vector<float>(20000, 0.01F)));
    const auto plain = draw({big, "-o", folder / "plain"});
    REQUIRE(plain.exit_code == 0);
    const auto result = draw({big, "--annotate", "-o", folder / "out"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: warning: --annotate: drawn without") &&
                               Catch::Contains("100 x 100 cells of 4 pixels") &&
                               Catch::Contains("choose --cell") &&
                               Catch::Contains("--queries A:B --keys A:B"));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    const auto head = [&](const std::string& name) {
        return decode_png(read_file(folder / (name + "/layer00/head00.png")));
    };
    const Image with = head("out"), without = head("plain");
    REQUIRE(with.width() == without.width());
    CHECK(std::equal(with.pixels(), with.pixels() + 3 * with.width() * with.height(),
                     without.pixels()));
    const auto one = draw({big, "--annotate", "--head", "1", "-o", folder / "a.svg"});
    CHECK(one.exit_code == 0);
    CHECK_THAT(one.err, Catch::Contains("--annotate"));
    CHECK(fs::exists(folder / "a.svg"));
    const auto quiet = draw({big, "--annotate", "--quiet", "-o", folder / "b.png"});
    CHECK(quiet.exit_code == 0);
    CHECK(quiet.err.empty());
    const auto part = draw({big, "--annotate", "--head", "1", "--queries", "0:5", "--keys", "0:5",
                            "-o", folder / "c.png"});
    CHECK(part.exit_code == 0);
    CHECK(part.err.empty());
}

TEST_CASE("a sheet without numbers is named where the heads by themselves have room for them") {
    const TempFolder folder;
    const std::string heads =
        folder.write("heads.npy", npy_floats("(16, 20, 20)", std::vector<float>(6400, 0.05F)));
    const auto both = draw({heads, "--annotate", "-o", folder / "both"});
    CHECK(both.exit_code == 0);
    CHECK_THAT(both.err, Catch::StartsWith("attn-inspect: warning: --annotate: sheets drawn") &&
                             Catch::Contains("20 x 20 cells of"));
    CHECK(std::count(both.err.begin(), both.err.end(), '\n') == 1);
    const auto one = draw({heads, "--annotate", "--head", "1", "-o", folder / "a.png"});
    CHECK(one.exit_code == 0);
    CHECK(one.err.empty());
}
