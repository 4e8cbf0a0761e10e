#include "pipeline/report_image.hpp"

#include <catch2/catch.hpp>

#include "render/png.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::pipeline;
using attn::test::TempFolder;
using Catch::Contains;

TEST_CASE("a photograph is carried as it is, with what it is and how large") {
    const TempFolder folder;
    const std::string bytes = render::encode_png(render::Image(20, 10, {}));
    const EmbeddedImage image =
        load_report_image(folder.write("x.png", bytes), analysis::PatchGrid(2, 4, 0));
    CHECK(image.bytes == bytes);
    CHECK(image.facts.type == "image/png");
    CHECK(image.facts.width == 20);
    CHECK(image.facts.height == 10);
}

TEST_CASE("what is no photograph of the patches is refused") {
    const TempFolder folder;
    const analysis::PatchGrid grid(11, 4, 0);
    const std::string flat = folder.write("x.png", render::encode_png(render::Image(20, 10, {})));
    CHECK_THROWS_WITH(load_report_image(flat, grid), Contains("fewer than the 4 x 11 patches"));
    CHECK_THROWS_WITH(load_report_image(folder.write("x.txt", "text"), grid),
                      Contains("expected a PNG or JPEG file"));
    CHECK_THROWS_WITH(
        load_report_image(folder.write("y.png", "\x89PNG\r\n\x1a\n" + std::string(4'000'000, 'x')),
                          grid),
        Contains("expected at most 4.0 MB"));
}
