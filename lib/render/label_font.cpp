#include "render/label_font.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>

#include "core/error.hpp"
#include "core/printable.hpp"
#include "core/word_list.hpp"
#include "render/axis.hpp"
#include "render/characters.hpp"
#include "render/complex_scripts.hpp"

namespace attn::render {
namespace {

using Characters = std::set<std::uint32_t>;

Characters characters_of(const std::vector<std::vector<std::string>>& lists) {
    Characters characters;
    for (const std::vector<std::string>& labels : lists) {
        for (const std::string& label : labels) {
            for (const std::uint32_t character : utf8_characters(visible_token(label)))
                characters.insert(character);
        }
    }
    return characters;
}

Characters lacked_by(const Font& font, const Characters& characters) {
    Characters lacked;
    for (const std::uint32_t character : characters) {
        if (!is_invisible(character) && !font.has(character)) lacked.insert(character);
    }
    return lacked;
}

std::string named(std::uint32_t character) {
    char code[16];
    std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(character));
    const std::string text = utf8_text(character);
    // A character that must not reach a terminal is told by its number alone.
    return printable(text) == text ? text + " (" + code + ")" : code;
}

std::string names_of(const Characters& characters) {
    constexpr std::size_t kNamed = 5;
    std::vector<std::string> names;
    for (const std::uint32_t character : characters) names.push_back(named(character));
    return listed(names, kNamed);
}

std::string lacking_text(const Characters& lacked) {
    return "labels have characters that the font lacks, drawn as boxes: " + names_of(lacked) +
           "; give a font that has them with --font FILE";
}

// The last character that the text of a PDF can hold, of two bytes.
constexpr std::uint32_t kLastOfPdf = 0xFFFF;

// `beyond`: those that a PDF cannot hold. Empty where there are none.
std::string beyond_pdf_text(const Font& font, const Characters& beyond) {
    if (beyond.empty()) return "";
    return "labels have characters above U+FFFF, which a PDF shows as \uFFFD: " + names_of(beyond) +
           "; PNG and SVG draw them" +
           (lacked_by(font, beyond).empty() ? "" : " with a font that has them (--font FILE)");
}

// Empty where all is plain.
std::string unshaped_text(const Characters& characters) {
    std::vector<std::string> names;
    for (const std::uint32_t character : characters) {
        const char* const script = complex_script(character);
        if (script != nullptr && std::find(names.begin(), names.end(), script) == names.end())
            names.emplace_back(script);
    }
    if (names.empty()) return "";
    std::string list = names.front();
    for (std::size_t i = 1; i < names.size(); ++i)
        list += (i + 1 == names.size() ? " and " : ", ") + names[i];
    return "labels have " + list +
           ": in a PDF letters are drawn one by one from left to right, neither joined nor turned "
           "round; PNG and SVG do better";
}

}  // namespace

LabelFont choose_label_font(const std::vector<std::string>& files,
                            const std::vector<std::string>& system_files,
                            const std::vector<std::vector<std::string>>& labels, bool shapes) {
    std::vector<Font> fonts;
    for (const std::string& file : files) {
        try {
            fonts.push_back(Font::from_file(file));
        } catch (const Error& problem) {
            fail("--font ", problem.what());
        }
    }
    fonts.push_back(Font::embedded());
    const Characters characters = characters_of(labels);
    const auto end = shapes ? characters.end() : characters.upper_bound(kLastOfPdf);
    const Characters drawn(characters.begin(), end), beyond(end, characters.end());
    Characters lacked = lacked_by(Font::one_after_other(fonts), drawn);
    for (const std::string& file : system_files) {
        if (lacked.empty()) break;
        try {
            const Font font = Font::from_file(file);
            Characters left = lacked_by(font, lacked);
            if (left.size() == lacked.size()) continue;
            fonts.push_back(font);
            lacked = std::move(left);
        } catch (const Error&) {
            continue;  // this system keeps its fonts elsewhere
        }
    }
    LabelFont result{Font::one_after_other(fonts), {}};
    if (!lacked.empty()) result.warnings.push_back(lacking_text(lacked));
    if (shapes) return result;
    for (const std::string& warning : {unshaped_text(drawn), beyond_pdf_text(result.font, beyond)})
        if (!warning.empty()) result.warnings.push_back(warning);
    return result;
}

const std::vector<std::string>& usual_system_fonts() {
    static const std::vector<std::string> files = {
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
        "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
        "/usr/share/fonts/truetype/arphic/uming.ttc",
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
        "/usr/share/fonts/noto/NotoSans-Regular.ttf",
        "/usr/share/fonts/truetype/freefont/FreeSans.ttf",
        "/usr/share/fonts/truetype/freefont/FreeSerif.ttf",
        "/usr/share/fonts/truetype/ancient-scripts/Symbola_hint.ttf",
        "/usr/share/fonts/opentype/unifont/unifont.otf",
        "/usr/share/fonts/truetype/unifont/unifont.ttf",
        "/Library/Fonts/Arial Unicode.ttf",
        "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
        "/System/Library/Fonts/PingFang.ttc",
    };
    return files;
}

}  // namespace attn::render
