#include "render/label_font.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using namespace attn::render;
using namespace attn::test;

namespace {

using Texts = std::vector<std::string>;

// DejaVu Sans without the letters of 256 neighbours: its map of characters leads nowhere for them.
std::string dejavu_without_latin(const TempFolder& folder) {
    std::string bytes = read_file(ATTN_FONT_FILE);
    const auto number = [&](std::size_t at, std::size_t size) {
        std::size_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
        return value;
    };
    const std::size_t map = number(bytes.find("cmap") + 8, 4);
    for (std::size_t i = 0; i < number(map + 2, 2); ++i) {
        const std::size_t table = map + number(map + 4 + i * 8 + 4, 4);
        if (number(table, 2) != 12) continue;
        // The first groups of characters begin above all that is asked for.
        const std::size_t groups = number(table + 12, 4);
        for (std::size_t group = 0; group < groups; ++group) {
            const std::size_t at = table + 16 + group * 12;
            if (number(at, 4) >= 0x100) break;
            bytes[at + 8] = bytes[at + 9] = bytes[at + 10] = bytes[at + 11] = 0;
            bytes[at + 4] = bytes[at], bytes[at + 5] = bytes[at + 1];
            bytes[at + 6] = bytes[at + 2], bytes[at + 7] = bytes[at + 3];
        }
    }
    return folder.write("no-latin.ttf", bytes);
}

}  // namespace

TEST_CASE("characters are written with the first font that has them") {
    const TempFolder folder;
    const Font poor = Font::from_file(dejavu_without_latin(folder));
    REQUIRE_FALSE(poor.has('W'));
    REQUIRE(poor.has(0x416));
    const Font both = Font::one_after_other({poor, Font::embedded()});
    CHECK(both.has('W'));
    CHECK(both.has(0x416));
    CHECK_FALSE(both.has(0x10FFFF));
    CHECK(both.width("W", 16) == Font::embedded().width("W", 16));
    // The built-in font stands behind those that somebody gives.
    const LabelFont chosen = choose_label_font({folder / "no-latin.ttf"}, {}, {{"W\u0416"}});
    CHECK(chosen.font.has('W'));
    CHECK(chosen.warnings.empty());
}

TEST_CASE("characters that no font has are named once, with the advice") {
    const LabelFont chosen = choose_label_font({}, {}, {{"你好", "好", "the", "\u200D"}, {"你"}});
    REQUIRE(chosen.warnings.size() == 1);
    CHECK_THAT(chosen.warnings[0],
               Catch::Contains("你 (U+4F60), 好 (U+597D);") && Catch::Contains("--font FILE"));
    const LabelFont many = choose_label_font({}, {}, {{"一丁七万丈三上"}});
    CHECK_THAT(many.warnings.at(0), Catch::Contains(" and 2 more"));
    CHECK(choose_label_font({}, {}, {{"Ġthe", "▁a", "Ċ", "é", "Ж", "\n", ""}}).warnings.empty());
}

TEST_CASE("fonts of the system are tried when characters lack, and may be missing or damaged") {
    const TempFolder folder;
    const std::string damaged = folder.write("damaged.ttf", "no font");
    const LabelFont chosen =
        choose_label_font({}, {folder / "none.ttf", damaged, ATTN_FONT_FILE}, {{"你"}});
    CHECK(chosen.warnings.size() == 1);
    CHECK_THROWS_WITH(choose_label_font({damaged}, {}, {}), Catch::Contains("damaged.ttf"));
}

TEST_CASE("text that a format neither joins nor turns round is named") {
    const auto warning = [](const std::string& label) {
        const LabelFont chosen = choose_label_font({}, {}, {{label, "the"}}, false);
        return chosen.warnings.empty() ? "" : chosen.warnings.back();
    };
    CHECK_THAT(warning("\u05E9\u05DC\u05D5\u05DD"), Catch::Contains("labels have Hebrew: "));
    CHECK_THAT(warning("\u0633\u0644\u0627\u0645"), Catch::Contains("Arabic"));
    CHECK_THAT(warning("e\u0301"), Catch::Contains("combining marks"));
    CHECK_THAT(warning("e\u0301\u05E9"), Catch::Contains("combining marks and Hebrew"));
    CHECK_THAT(warning("\u0928\u092E\u0938"), Catch::Contains("Indic scripts"));
    CHECK(warning("caf\u00E9 \u0416").empty());
    CHECK(choose_label_font({}, {}, {{"\u05E9\u05DC\u05D5\u05DD", "e\u0301"}}).warnings.empty());
}

TEST_CASE("characters above U+FFFF are named where the format is PDF") {
    const auto warnings = [](bool shapes) {
        return choose_label_font({}, {}, {{"\U0001D538", "the"}}, shapes).warnings;
    };
    REQUIRE(warnings(false).size() == 1);
    CHECK_THAT(warnings(false)[0],
               Catch::Contains("above U+FFFF") && Catch::Contains("\U0001D538 (U+1D538); PNG"));
    CHECK(warnings(true).empty());
}

TEST_CASE("characters above U+FFFF that the font lacks too are told once") {
    const std::vector<std::string> warnings =
        choose_label_font({}, {}, {{"\U00020000"}}, false).warnings;
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0], Catch::Contains("PNG and SVG draw them with a font that has them"));
}
