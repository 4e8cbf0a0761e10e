#include "render/font.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "render/characters.hpp"
#include "render/complex_scripts.hpp"
#include "render/font_file.hpp"
#include "render/shaping.hpp"

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

constexpr const char* kEllipsis = "\u2026";

// In heights of a line; what claims more is damaged.
constexpr std::size_t kWidest = 16;

// Characters of a text that are tried when it is shortened; a picture has no room for more.
constexpr std::size_t kMostShaped = 4096;

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
    std::map<std::pair<int, std::size_t>, Glyph> glyphs;  // by their numbers in the font
    std::once_flag shaper_made;
    std::optional<Shaper> shaper;

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

    // 0, the box, for characters that the font lacks.
    int index_of(std::uint32_t character) const {
        try {
            return std::max(0, stbtt_FindGlyphIndex(&info, static_cast<int>(character)));
        } catch (const DamagedGlyph&) {
            return 0;
        }
    }
    bool has(std::uint32_t character) const { return index_of(character) > 0; }

    Font::Program program() const {
        if (!file) {
            return {attn_embedded_font,
                    static_cast<std::size_t>(attn_embedded_font_end - attn_embedded_font), true};
        }
        return {file->data(), file->size(), file->offset() == 0 && file->has_truetype_outlines()};
    }

    std::vector<ShapedGlyph> shape(const std::vector<std::uint32_t>& line, const TextRun& run) {
        std::call_once(shaper_made, [&] { shaper.emplace(program().data, program().size); });
        return shaper->shape(line, run);
    }

    // Glyphs are never removed, so that the reference stays good.
    const Glyph& glyph(int index, std::size_t size) {
        if (index < 0 || index >= info.numGlyphs) index = 0;
        const std::lock_guard<std::mutex> lock(mutex);
        const auto [place, is_new] = glyphs.try_emplace({index, size});
        if (is_new) place->second = rasterise(index, size);
        return place->second;
    }

    float limited(float advance, std::size_t size) const {
        return std::clamp(advance, 0.0F, static_cast<float>(kWidest * size));
    }

    // Damaged glyphs are blank.
    Glyph rasterise(int index, std::size_t size) const {
        Glyph result;
        try {
            int advance = 0;
            int bearing = 0;
            stbtt_GetGlyphHMetrics(&info, index, &advance, &bearing);
            result.advance = limited(static_cast<float>(advance) * scale(size), size);
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

// A glyph of a line, `x` pixels from its left end and `up` above where it usually stands.
struct Font::PlacedGlyph {
    const Glyph* glyph;
    float x;
    float up;
};

struct Font::Line {
    std::vector<PlacedGlyph> glyphs;
    float width = 0;

    void put(const Glyph& glyph, float advance, float right = 0, float up = 0) {
        glyphs.push_back({&glyph, width + right, up});
        width += advance;
    }
};

Font::Line Font::lay_out(const std::vector<std::uint32_t>& text, std::size_t size) const {
    Line line;
    if (needs_shaping(text)) {
        for (const TextRun& run : runs_from_left(text)) lay_out_run(text, run, size, line);
        return line;
    }
    for (const std::uint32_t character : text) {
        Face& face = face_of(character);
        const Glyph& glyph = face.glyph(face.index_of(character), size);
        line.put(glyph, glyph.advance);
    }
    return line;
}

// The parts of a run that are of one font and one script, from left to right. Marks belong to the
// letter before them, if its font has them.
void Font::lay_out_run(const std::vector<std::uint32_t>& text, const TextRun& run, std::size_t size,
                       Line& line) const {
    struct Part {
        TextRun run;
        Face* face;
        std::string_view script;
    };
    std::vector<Part> parts;
    for (std::size_t i = run.first; i < run.first + run.count; ++i) {
        const char* const name = complex_script(text[i]);
        const std::string_view script = name == nullptr ? "" : name;
        const bool mark = is_invisible(text[i]) || is_combining(text[i]);
        if (!parts.empty()) {
            Part& last = parts.back();
            const bool same = last.face == &face_of(text[i]) && last.script == script;
            if (same || (mark && (is_invisible(text[i]) || last.face->has(text[i])))) {
                ++last.run.count;
                continue;
            }
        }
        parts.push_back({{i, 1, run.right_to_left}, &face_of(text[i]), script});
    }
    if (run.right_to_left) std::reverse(parts.begin(), parts.end());
    for (const Part& part : parts) {
        const float scale = part.face->scale(size);
        for (const ShapedGlyph& shaped : part.face->shape(text, part.run)) {
            line.put(part.face->glyph(static_cast<int>(shaped.index), size),
                     part.face->limited(static_cast<float>(shaped.advance) * scale, size),
                     static_cast<float>(shaped.right) * scale,
                     static_cast<float>(shaped.up) * scale);
        }
    }
}

std::size_t Font::width(const std::string& text, std::size_t size) const {
    return static_cast<std::size_t>(std::ceil(lay_out(utf8_characters(text), size).width));
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
    for (const PlacedGlyph& placed : lay_out(utf8_characters(text), size).glyphs) {
        const Glyph& glyph = *placed.glyph;
        const int start = static_cast<int>(std::lround(placed.x)) + glyph.left;
        const int top = base_line + glyph.top - static_cast<int>(std::lround(placed.up));
        for (std::size_t row = 0; row < glyph.height; ++row) {
            for (std::size_t column = 0; column < glyph.width; ++column) {
                const std::uint8_t coverage = glyph.coverage[row * glyph.width + column];
                if (coverage == 0) continue;
                darken(start + static_cast<int>(column), top + static_cast<int>(row), coverage);
            }
        }
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
    return face_->program();
}

std::string Font::shorten(const std::string& text, std::size_t size, std::size_t pixels) const {
    if (width(text, size) <= pixels) return text;
    const auto limit = static_cast<float>(pixels) - static_cast<float>(width(kEllipsis, size));
    std::vector<std::uint32_t> kept = utf8_characters(text);
    if (needs_shaping(kept)) {
        // Letters are as wide as their neighbours make them.
        std::size_t fits = 0, too_many = std::min(kept.size(), kMostShaped) + 1;
        while (too_many - fits > 1) {
            const std::size_t middle = (fits + too_many) / 2;
            const std::vector<std::uint32_t> start(
                kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(middle));
            (lay_out(start, size).width <= limit ? fits : too_many) = middle;
        }
        kept.resize(fits);
    } else {
        float pen = 0;
        std::size_t fits = 0;
        for (; fits < kept.size(); ++fits) {
            Face& face = face_of(kept[fits]);
            pen += face.glyph(face.index_of(kept[fits]), size).advance;
            if (pen > limit) break;
        }
        kept.resize(fits);
    }
    std::string shortened;
    for (const std::uint32_t character : kept) shortened += utf8_text(character);
    return shortened + kEllipsis;
}

}  // namespace attn::render
