#include "render/font_file.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "core/error.hpp"
#include "render/font.hpp"
#include "render/image.hpp"
#include "support/temp_folder.hpp"

using attn::render::Font;
using attn::render::FontFile;
using attn::render::Image;
using namespace attn::test;

namespace {

std::string dejavu() {
    return read_file(ATTN_FONT_FILE);
}

// Draws what the font has for letters of several kinds.
void use(const std::string& path) {
    Image image(300, 40, {255, 255, 255});
    const Font font = Font::from_file(path);
    font.draw(image, "Aé漢Ġ▁\u0416\u05D0ﷺ🙂\uFFFD", 16, 5, 5,
              attn::render::Color{0, 0, 0});
    font.shorten("some longer text", 14, 50);
}

std::size_t find(const std::string& bytes, const std::string& table) {
    const std::size_t entry = bytes.find(table);
    std::size_t at = 0;
    for (std::size_t i = 8; i < 12; ++i)
        at = at << 8 | static_cast<unsigned char>(bytes[entry + i]);
    return at;
}

}  // namespace

TEST_CASE("every glyph of a good font is drawable") {
    const FontFile font(ATTN_FONT_FILE);
    CHECK(font.glyphs() > 1000);
    std::size_t refused = 0;
    for (std::size_t glyph = 0; glyph < font.glyphs(); ++glyph)
        refused += font.is_drawable(glyph) ? 0 : 1;
    CHECK(refused == 0);
    CHECK_FALSE(font.is_drawable(font.glyphs()));
}

TEST_CASE("a font that ends early or claims too much is refused or drawn without what is damaged") {
    const TempFolder temp;
    const std::string good = dejavu();
    for (const std::size_t size : {12, 100, 1000, 5000, 50000, 200000}) {
        CHECK_THROWS_WITH(FontFile(temp.write("cut.ttf", good.substr(0, size))),
                          Catch::Contains("TrueType font"));
    }
    std::string flat = good;  // a line without height
    flat.replace(find(good, "hhea") + 4, 4, std::string(4, '\0'));
    CHECK_THROWS_WITH(FontFile(temp.write("flat.ttf", flat)), Catch::Contains("damaged"));
    std::string nowhere = good;
    const std::size_t maps = static_cast<unsigned char>(good[find(good, "cmap") + 3]);
    for (std::size_t i = 0; i < maps; ++i)
        nowhere.replace(find(good, "cmap") + 8 + 8 * i, 4, "\x7f\xff\xff\xff");
    CHECK_THROWS_WITH(use(temp.write("nowhere.ttf", nowhere)), Catch::Contains("looked up"));
    std::string wild = good;  // all outlines are noise
    std::fill(wild.begin() + static_cast<std::ptrdiff_t>(find(good, "glyf")),
              wild.begin() + static_cast<std::ptrdiff_t>(find(good, "glyf")) + 400000, '\xA5');
    CHECK_NOTHROW(use(temp.write("wild.ttf", wild)));
}

TEST_CASE("no damage to a font ends the process") {
    const TempFolder temp;
    const std::string good = dejavu();
    std::mt19937 random(7);
    std::size_t drawn = 0;
    for (int round = 0; round < 150; ++round) {
        std::string bytes = good;
        // Mostly where the tables and their headers are, which decide where everything else is.
        const std::size_t places[] = {0,
                                      find(good, "cmap"),
                                      find(good, "head"),
                                      find(good, "loca"),
                                      find(good, "maxp"),
                                      find(good, "hhea"),
                                      find(good, "glyf")};
        for (int i = 0; i < 40; ++i) {
            const std::size_t start = places[random() % std::size(places)];
            const std::size_t reach = i % 4 == 0 ? bytes.size() - start : 300;
            bytes[start + random() % reach] = static_cast<char>(random());
        }
        try {
            use(temp.write("bad.ttf", bytes));
            ++drawn;
        } catch (const attn::Error&) {
        }
    }
    CHECK(drawn > 0);
}
