#include <catch2/catch.hpp>
#include <filesystem>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

TEST_CASE("heatmap draws a folder of pictures, says how many, and lists them when asked to") {
    const TempFolder folder;
    const std::string source =
        folder.write("a.npy", npy_floats("(2, 2, 2)", {1, 0, 0.5F, 0.5F, 1, 0, 0.2F, 0.8F}));
    const auto brief = run_program({"heatmap", source, "-o", folder / "out"});
    CHECK(brief.exit_code == 0);
    CHECK(brief.out == (folder / "out/layer00") + ": 3 pictures\n");
    const auto result = run_program({"heatmap", source, "-o", folder / "out", "--list"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out,
               Catch::Contains("layer00/head01.png\n") && Catch::Contains("layer00/heads.png\n"));
    CHECK(fs::exists(folder / "out/manifest.json"));
}

TEST_CASE("heatmap draws one picture, from standard input too") {
    const TempFolder folder;
    const std::string bytes = npy_floats("(2, 2)", {0, 1, 1, 0});
    const auto result = run_program(
        {"heatmap", "-", "-o", folder / "a.png", "--plain", "--colormap", "gray"}, bytes);
    CHECK(result.exit_code == 0);
    CHECK(result.out == (folder / "a.png") + "\n");
    CHECK(decode_png(read_file(folder / "a.png")).at(1, 0) == attn::render::Color{255, 255, 255});
}

TEST_CASE("heatmap prints a picture as text, without colours into a pipe") {
    const TempFolder folder;
    const std::string source = folder.write("a.npy", npy_floats("(2, 2)", {0, 1, 1, 0}));
    const auto result = run_program({"heatmap", source, "--terminal"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains("█") && !Catch::Contains("\033"));
}

TEST_CASE("sources and fonts that cannot be used are refused and nothing is written") {
    const TempFolder folder;
    const std::string good = folder.write("a.npy", npy_floats("(2, 2)", {0, 1, 1, 0}));
    const auto refused = [&](std::vector<std::string> arguments, const std::string& text) {
        arguments.insert(arguments.begin(), "heatmap");
        arguments.insert(arguments.end(), {"-o", folder / "out"});
        const auto result = run_program(arguments);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: ") && Catch::Contains(text));
        CHECK_FALSE(fs::exists(folder / "out"));
    };
    refused({folder.write("cut.npy", npy_floats("(3, 3)", {1}))}, "its header promises 36");
    refused({good, "--font", good}, "not a TrueType font");
    refused({good, "--queries", "5:9"}, "--queries 5:9: selects nothing");
    refused({good, "--head", "1"}, "--head 1");
    refused({good, "--layer", "2"}, "--layer 2");
    refused({good, "--seq", "1"}, "--seq 1");
    refused({good, "--clean-tokens"}, "--clean-tokens: has no effect, there are no tokens");
    refused({good, "--tokens", folder.write("t.txt", "a\n")}, "has 1 token, ");
}

TEST_CASE("labels are read without the marks of tokenisers when asked for") {
    const TempFolder folder;
    const std::string source = folder.write("a.npy", npy_floats("(2, 2)", {0, 1, 1, 0}));
    const std::string tokens = folder.write("t.txt", "Ġthe\nĊ\n");
    std::vector<std::string> arguments{"heatmap", source, "--tokens", tokens, "--terminal"};
    CHECK_THAT(run_program(arguments).out, Catch::Contains("Ġthe") && Catch::Contains("Ċ"));
    arguments.emplace_back("--clean-tokens");
    const auto result = run_program(arguments);
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains(" the ") && Catch::Contains("↵") &&
                               !Catch::Contains("Ġ") && !Catch::Contains("Ċ"));
}

TEST_CASE("of several sources each is drawn into a folder of its own") {
    const TempFolder folder;
    fs::create_directories(folder / "a");
    fs::create_directories(folder / "b");
    const std::string bytes = npy_floats("(2, 2)", {0, 1, 1, 0});
    const std::string first = folder.write("a/weights.npy", bytes);
    const std::string second = folder.write("b/weights.npy", bytes);
    const std::string third = folder.write("more.npy", bytes);
    const std::string out = folder / "out";
    const auto result = run_program({"heatmap", first, second, third, "-o", out, "--list"});
    INFO(result.err);
    CHECK(result.exit_code == 0);
    for (const char* name : {"a-weights", "b-weights", "more"}) {
        const std::string picture = out + "/" + name + "/layer00/head00.png";
        CHECK_THAT(result.out, Catch::Contains(picture + "\n"));
        CHECK(fs::exists(picture));
    }
    CHECK(run_program({"heatmap", first, second, third, "-o", out}).exit_code == 0);
    const auto twice = run_program({"heatmap", first, first, "-o", folder / "twice"});
    CHECK_THAT(twice.out, Catch::Contains("-weights-2/"));
    const auto text = run_program({"heatmap", first, second, "--terminal"});
    CHECK_THAT(text.out, Catch::Contains(first + ":\n") && Catch::Contains(second + ":\n"));
}

TEST_CASE("several sources do not go into one picture, and a bad one does not stop the others") {
    const TempFolder folder;
    const std::string good = folder.write("a.npy", npy_floats("(2, 2)", {0, 1, 1, 0}));
    for (const std::string& output : {folder / "x.png", std::string("-")}) {
        const auto refused = run_program({"heatmap", good, good, "-o", output});
        CHECK(refused.exit_code == 2);
        CHECK(refused.out.empty());
        CHECK_THAT(refused.err, Catch::Contains("is one picture"));
    }
    CHECK_FALSE(fs::exists(folder / "x.png"));
    const auto partly = run_program({"heatmap", folder / "none.npy", good, "-o", folder / "out"});
    CHECK(partly.exit_code == 2);
    CHECK_THAT(partly.err, Catch::Contains("none.npy"));
    CHECK(fs::exists(folder / "out/a/manifest.json"));
}

TEST_CASE("characters that cannot be drawn are named once for all pictures") {
    const TempFolder folder;
    const std::string source =
        folder.write("a.npy", npy_floats("(2, 2, 2)", {1, 0, 0.5F, 0.5F, 1, 0, 0.2F, 0.8F}));
    const std::string tokens = folder.write("t.txt", "\U0001F9FF\u05D0\n\U0001F9FF\n");
    const auto errors = [&](const std::string& format) {
        const auto result = run_program(
            {"heatmap", source, "--tokens", tokens, "-o", folder / format, "--format", format});
        CHECK(result.exit_code == 0);
        return result.err;
    };
    const auto times = [](const std::string& text, const std::string& word) {
        std::size_t count = 0;
        for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
            ++count;
        return count;
    };
    CHECK(times(errors("png"), "U+1F9FF") == 1);
    CHECK(times(errors("png"), "Hebrew") == 0);  // runs from right to left there
    CHECK(times(errors("pdf"), "Hebrew") == 1);
}

TEST_CASE("several fonts may be given, and each must be one") {
    const TempFolder folder;
    const std::string source = folder.write("a.npy", npy_floats("(2, 2)", {0, 1, 1, 0}));
    const std::string picture = folder / "a.png";
    CHECK(run_program({"heatmap", source, "-o", picture, "--font", ATTN_FONT_FILE, "--font",
                       ATTN_FONT_FILE})
              .exit_code == 0);
    const auto wrong = run_program(
        {"heatmap", source, "-o", folder / "b.png", "--font", ATTN_FONT_FILE, "--font", source});
    CHECK(wrong.exit_code == 2);
    CHECK_THAT(wrong.err, Catch::Contains("a.npy"));
    CHECK_FALSE(fs::exists(folder / "b.png"));
}
