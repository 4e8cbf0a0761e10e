#include "render/font.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "render/font_file.hpp"

namespace {

// What stb_truetype calls impossible is a damaged font.
struct DamagedGlyph {};

}  // namespace

// It looks one point beyond the last for a moment.
#define STBTT_malloc(size, user) ((void)(user), std::malloc((size) + 64))
#define STBTT_free(memory, user) ((void)(user), std::free(memory))
#define STBTT_assert(fact) ((fact) ? (void)0 : throw DamagedGlyph())
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_truetype.h>
#pragma GCC diagnostic pop

// The bytes of DejaVu Sans, put into the binary by embedded_font.S.
extern "C" const unsigned char attn_embedded_font[];
extern "C" const unsigned char attn_embedded_font_end[];

namespace attn::render {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;
constexpr const char* kEllipsis = "\u2026";

// In heights of a line; what claims more is damaged.
constexpr std::size_t kWidest = 16;

// Takes the next character off the text; bytes that are not UTF-8 become U+FFFD one by one.
std::uint32_t next_character(const std::string& text, std::size_t& position) {
    const auto lead = static_cast<unsigned char>(text[position++]);
    if (lead < 0x80) return lead;
    const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - position < more) return kReplacement;
    std::uint32_t code = lead & (0x3FU >> more);
    for (std::size_t k = 0; k < more; ++k) {
        const auto byte = static_cast<unsigned char>(text[position + k]);
        if ((byte & 0xC0U) != 0x80) return kReplacement;
        code = code << 6 | (byte & 0x3FU);
    }
    position += more;
    return code;
}

std::uint8_t blend(std::uint8_t under, std::uint8_t over, std::uint8_t coverage) {
    const int difference = static_cast<int>(over) - static_cast<int>(under);
    return static_cast<std::uint8_t>(under + difference * coverage / 255);
}

// One character at one size: how dark each pixel is, and where it stands.
struct Glyph {
    std::vector<std::uint8_t> coverage;
    std::size_t width = 0;
    std::size_t height = 0;
    int left = 0;  // from the pen to the first column
    int top = 0;   // from the base line to the first row
    float advance = 0;
};

}  // namespace

struct Font::Face {
    std::optional<FontFile> file;  // not for the embedded font
    stbtt_fontinfo info{};
    std::mutex mutex;
    std::map<std::pair<std::uint32_t, std::size_t>, Glyph> glyphs;

    float scale(std::size_t size) const {
        return stbtt_ScaleForPixelHeight(&info, static_cast<float>(size));
    }

    int base_line(std::size_t size) const {
        int ascent = 0;
        int descent = 0;
        int gap = 0;
        stbtt_GetFontVMetrics(&info, &ascent, &descent, &gap);
        return static_cast<int>(std::lround(static_cast<float>(ascent) * scale(size)));
    }

    bool has(std::uint32_t character) const {
        try {
            return stbtt_FindGlyphIndex(&info, static_cast<int>(character)) > 0;
        } catch (const DamagedGlyph&) {
            return false;
        }
    }

    // Glyphs are never removed, so that the reference stays good.
    const Glyph& glyph(std::uint32_t character, std::size_t size) {
        const std::lock_guard<std::mutex> lock(mutex);
        const auto [place, is_new] = glyphs.try_emplace({character, size});
        if (is_new) place->second = rasterise(character, size);
        return place->second;
    }

    // Damaged glyphs are blank.
    Glyph rasterise(std::uint32_t character, std::size_t size) const {
        Glyph result;
        try {
            int index = stbtt_FindGlyphIndex(&info, static_cast<int>(character));
            if (index < 0 || index >= info.numGlyphs) index = 0;
            int advance = 0;
            int bearing = 0;
            stbtt_GetGlyphHMetrics(&info, index, &advance, &bearing);
            result.advance = std::clamp(static_cast<float>(advance) * scale(size), 0.0F,
                                        static_cast<float>(kWidest * size));
            if (!file || file->is_drawable(static_cast<std::size_t>(index)))
                draw_outline(index, size, result);
        } catch (const DamagedGlyph&) {
            result.coverage.clear();
            result.width = result.height = 0;
        }
        return result;
    }

    void draw_outline(int index, std::size_t size, Glyph& result) const {
        const float factor = scale(size);
        int right = 0;
        int bottom = 0;
        stbtt_GetGlyphBitmapBox(&info, index, factor, factor, &result.left, &result.top, &right,
                                &bottom);
        const auto most = static_cast<int>(kWidest * size);
        const int width = right - result.left;
        const int height = bottom - result.top;
        if (width <= 0 || height <= 0 || width > most || height > most) return;
        result.width = static_cast<std::size_t>(width);
        result.height = static_cast<std::size_t>(height);
        result.coverage.resize(result.width * result.height);
        stbtt_MakeGlyphBitmap(&info, result.coverage.data(), width, height, width, factor, factor,
                              index);
    }
};

Font::Font(std::shared_ptr<Face> face) : face_(std::move(face)) {}

const Font& Font::embedded() {
    static const Font font = [] {
        auto face = std::make_shared<Face>();
        stbtt_InitFont(&face->info, attn_embedded_font, 0);
        return Font(std::move(face));
    }();
    return font;
}

Font Font::from_file(const std::string& path) {
    auto face = std::make_shared<Face>();
    const FontFile& file = face->file.emplace(path);
    try {
        const bool known =
            stbtt_InitFont(&face->info, file.data(), static_cast<int>(file.offset())) != 0;
        if (!known || !file.has_characters_at(static_cast<std::size_t>(face->info.index_map)))
            fail(path, ": has no characters that can be looked up, expected a Unicode font");
    } catch (const DamagedGlyph&) {
        fail(path, ": is a damaged TrueType font");
    }
    return Font(std::move(face));
}

Font Font::one_after_other(const std::vector<Font>& fonts) {
    assert(!fonts.empty());
    Font font = fonts.front();
    for (auto other = fonts.begin() + 1; other != fonts.end(); ++other) {
        font.others_.push_back(other->face_);
        font.others_.insert(font.others_.end(), other->others_.begin(), other->others_.end());
    }
    return font;
}

Font::Face& Font::face_of(std::uint32_t character) const {
    if (others_.empty() || face_->has(character)) return *face_;
    for (const std::shared_ptr<Face>& other : others_) {
        if (other->has(character)) return *other;
    }
    return *face_;
}

bool Font::has(std::uint32_t character) const {
    return face_of(character).has(character);
}

std::size_t Font::width(const std::string& text, std::size_t size) const {
    float pen = 0;
    const auto glyph = [&](std::uint32_t character) -> const Glyph& {
        return face_of(character).glyph(character, size);
    };
    for (std::size_t i = 0; i < text.size();) pen += glyph(next_character(text, i)).advance;
    return static_cast<std::size_t>(std::ceil(pen));
}

void Font::draw(Image& image, const std::string& text, std::size_t size, std::size_t x,
                std::size_t y, Color color, TextDirection direction) const {
    const int base_line = face_->base_line(size);
    const auto darken = [&](int along, int across, std::uint8_t coverage) {
        const bool is_across = direction == TextDirection::across;
        const long column = static_cast<long>(x) + (is_across ? along : across);
        const long row = static_cast<long>(y) + (is_across ? across : -along);
        if (column < 0 || row < 0) return;
        const auto at_x = static_cast<std::size_t>(column);
        const auto at_y = static_cast<std::size_t>(row);
        if (at_x >= image.width() || at_y >= image.height()) return;
        const Color under = image.at(at_x, at_y);
        image.set(at_x, at_y,
                  {blend(under.red, color.red, coverage), blend(under.green, color.green, coverage),
                   blend(under.blue, color.blue, coverage)});
    };
    float pen = 0;
    for (std::size_t i = 0; i < text.size();) {
        const std::uint32_t character = next_character(text, i);
        const Glyph& glyph = face_of(character).glyph(character, size);
        const int start = static_cast<int>(std::lround(pen)) + glyph.left;
        for (std::size_t row = 0; row < glyph.height; ++row) {
            for (std::size_t column = 0; column < glyph.width; ++column) {
                const std::uint8_t coverage = glyph.coverage[row * glyph.width + column];
                if (coverage == 0) continue;
                darken(start + static_cast<int>(column),
                       base_line + glyph.top + static_cast<int>(row), coverage);
            }
        }
        pen += glyph.advance;
    }
}

double Font::em_size(std::size_t size) const {
    return static_cast<double>(face_->scale(size)) /
           static_cast<double>(stbtt_ScaleForMappingEmToPixels(&face_->info, 1));
}

std::size_t Font::base_line(std::size_t size) const {
    return static_cast<std::size_t>(std::max(0, face_->base_line(size)));
}

std::string Font::family() const {
    if (!face_->file) return "DejaVu Sans";
    return face_->file->family();
}

Font::Program Font::program() const {
    if (!face_->file) {
        return {attn_embedded_font,
                static_cast<std::size_t>(attn_embedded_font_end - attn_embedded_font), true};
    }
    const FontFile& file = *face_->file;
    return {file.data(), file.size(), file.offset() == 0 && file.has_truetype_outlines()};
}

std::string Font::shorten(const std::string& text, std::size_t size, std::size_t pixels) const {
    if (width(text, size) <= pixels) return text;
    const auto limit = static_cast<float>(pixels) - static_cast<float>(width(kEllipsis, size));
    float pen = 0;
    std::size_t end = 0;
    const auto glyph = [&](std::uint32_t character) -> const Glyph& {
        return face_of(character).glyph(character, size);
    };
    for (std::size_t i = 0; i < text.size();) {
        pen += glyph(next_character(text, i)).advance;
        if (pen > limit) break;
        end = i;
    }
    return text.substr(0, end) + kEllipsis;
}

std::vector<std::uint32_t> utf8_characters(const std::string& text) {
    std::vector<std::uint32_t> characters;
    for (std::size_t i = 0; i < text.size();) characters.push_back(next_character(text, i));
    return characters;
}

std::string utf8_text(std::uint32_t character) {
    if (character < 0x80) return std::string(1, static_cast<char>(character));
    std::string text;
    const int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    const std::uint32_t lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
    text += static_cast<char>(lead | character >> (6 * more));
    for (int k = more - 1; k >= 0; --k)
        text += static_cast<char>(0x80U | (character >> (6 * k) & 0x3FU));
    return text;
}

}  // namespace attn::render
