#include "render/label_font.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>

#include "core/error.hpp"
#include "core/printable.hpp"
#include "render/axis.hpp"

namespace attn::render {
namespace {

using Characters = std::set<std::uint32_t>;

struct Script {
    std::uint32_t first;
    std::uint32_t last;
    const char* name;
};

// What is not written from left to right, one letter beside the other.
constexpr Script kScripts[] = {
    {0x0300, 0x036F, "combining marks"},
    {0x0483, 0x0489, "combining marks"},
    {0x0591, 0x05FF, "Hebrew"},
    {0x0600, 0x06FF, "Arabic"},
    {0x0700, 0x074F, "Syriac"},
    {0x0750, 0x077F, "Arabic"},
    {0x0780, 0x07BF, "Thaana"},
    {0x07C0, 0x07FF, "N'Ko"},
    {0x0800, 0x085F, "right-to-left text"},
    {0x0860, 0x086F, "Syriac"},
    {0x0870, 0x08FF, "Arabic"},
    {0x0900, 0x0DFF, "Indic scripts"},
    {0x0E31, 0x0E31, "Thai marks"},
    {0x0E34, 0x0E3A, "Thai marks"},
    {0x0E47, 0x0E4E, "Thai marks"},
    {0x0EB1, 0x0ECE, "Lao marks"},
    {0x0F00, 0x0FFF, "Tibetan"},
    {0x1000, 0x109F, "Myanmar"},
    {0x1780, 0x17FF, "Khmer"},
    {0x1AB0, 0x1AFF, "combining marks"},
    {0x1DC0, 0x1DFF, "combining marks"},
    {0x20D0, 0x20FF, "combining marks"},
    {0xFB1D, 0xFB4F, "Hebrew"},
    {0xFB50, 0xFDFF, "Arabic"},
    {0xFE20, 0xFE2F, "combining marks"},
    {0xFE70, 0xFEFE, "Arabic"},
    {0x10800, 0x10FFF, "right-to-left text"},
    {0x1E800, 0x1EFFF, "right-to-left text"},
};

// Characters that change their neighbours and are not seen themselves.
bool is_invisible(std::uint32_t character) {
    const auto within = [&](std::uint32_t first, std::uint32_t last) {
        return first <= character && character <= last;
    };
    return character == 0xAD || within(0x200B, 0x200F) || within(0x202A, 0x202E) ||
           within(0x2060, 0x206F) || within(0xFE00, 0xFE0F) || character == 0xFEFF ||
           within(0xE0000, 0xE0FFF);
}

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
    // Of what a terminal must not get the number is enough.
    return printable(text) == text ? text + " (" + code + ")" : code;
}

std::string lacking_text(const Characters& lacked) {
    constexpr std::size_t kNamed = 5;
    std::string list;
    std::size_t count = 0;
    for (const std::uint32_t character : lacked) {
        if (count++ == kNamed) break;
        list += (list.empty() ? "" : ", ") + named(character);
    }
    if (lacked.size() > kNamed) list += " and " + std::to_string(lacked.size() - kNamed) + " more";
    return "labels have characters that the font lacks, drawn as boxes: " + list +
           "; give a font that has them with --font FILE";
}

// Empty where all is plain.
std::string unshaped_text(const Characters& characters) {
    std::vector<std::string> names;
    for (const Script& script : kScripts) {
        const auto at = characters.lower_bound(script.first);
        if (at == characters.end() || *at > script.last) continue;
        if (std::find(names.begin(), names.end(), script.name) == names.end())
            names.emplace_back(script.name);
    }
    if (names.empty()) return "";
    std::string list = names.front();
    for (std::size_t i = 1; i < names.size(); ++i)
        list += (i + 1 == names.size() ? " and " : ", ") + names[i];
    return "labels have " + list +
           ": letters are drawn one by one from left to right, neither joined nor turned round";
}

}  // namespace

LabelFont choose_label_font(const std::vector<std::string>& files,
                            const std::vector<std::string>& system_files,
                            const std::vector<std::vector<std::string>>& labels) {
    std::vector<Font> fonts;
    for (const std::string& file : files) fonts.push_back(Font::from_file(file));
    fonts.push_back(Font::embedded());
    const Characters characters = characters_of(labels);
    Characters lacked = lacked_by(Font::one_after_other(fonts), characters);
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
    const std::string unshaped = unshaped_text(characters);
    if (!unshaped.empty()) result.warnings.push_back(unshaped);
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
