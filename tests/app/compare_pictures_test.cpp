// compare -o: pictures of A, B and A - B.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Catch::Contains;

namespace {

// How many pixels are clearly red (a > b in coolwarm) and clearly blue.
std::pair<std::size_t, std::size_t> red_and_blue(const attn::render::Image& image) {
    std::size_t red = 0, blue = 0;
    for (std::size_t y = 0; y < image.height(); ++y) {
        for (std::size_t x = image.width() * 2 / 3; x < image.width() * 9 / 10; ++x) {
            const auto color = image.at(x, y);
            red += color.red > 160 && color.green < 60 && color.blue < 60 ? 1 : 0;
            blue += color.red < 80 && color.green < 100 && color.blue > 170 ? 1 : 0;
        }
    }
    return {red, blue};
}

}  // namespace

TEST_CASE("every head has a picture in which the difference is red or blue") {
    const TempFolder folder;
    const std::string a = folder.write("a.json", "[[[1, 0], [0.5, 0.5]], [[1, 0], [0.5, 0.5]]]");
    const std::string b = folder.write("b.json", "[[[1, 0], [0.25, 0.75]], [[1, 0], [0.5, 0.5]]]");
    const auto result = run_program({"compare", a, b, "-o", folder / "out"});
    CHECK(result.exit_code == 1);
    // The second head is the same on both sides: what it has of red and blue is the colour bar.
    const auto differs = red_and_blue(decode_png(read_file(folder / "out/layer00/head00.png")));
    const auto same = red_and_blue(decode_png(read_file(folder / "out/layer00/head01.png")));
    CHECK(differs.first - same.first > 100);
    CHECK(differs.first - same.first == differs.second - same.second);  // two cells of one size
    CHECK_THAT(read_file(folder / "out/manifest.json"), Contains("\"compare\""));
}

TEST_CASE("pictures of a comparison replace only those of a comparison") {
    const TempFolder folder;
    const std::string a = folder.write("a.json", "[[1, 0], [0.5, 0.5]]");
    CHECK(run_program({"heatmap", a, "-o", folder / "pictures"}).exit_code == 0);
    const auto other = run_program({"compare", a, a, "-o", folder / "pictures"});
    CHECK(other.exit_code == 2);
    CHECK_THAT(other.err, Contains("--force"));
    CHECK(run_program({"compare", a, a, "-o", folder / "new"}).exit_code == 0);
    CHECK(run_program({"compare", a, a, "-o", folder / "new"}).exit_code == 0);
    const auto wrong = run_program({"compare", a, folder / "nothing.json", "-o", folder / "newer"});
    CHECK(wrong.exit_code == 2);
    CHECK_FALSE(std::filesystem::exists(folder / "newer"));
}
