#include "render/shaping.hpp"

#include <limits>
#include <new>

#include "render/shaping_libraries.hpp"

namespace attn::render {
namespace {

struct BufferDeleter {
    void operator()(hb_buffer_t* buffer) const { hb_buffer_destroy(buffer); }
};

}  // namespace

std::vector<TextRun> runs_from_left(const std::vector<std::uint32_t>& line) {
    if (line.empty() || line.size() > std::numeric_limits<int>::max()) return {};
    const auto length = static_cast<FriBidiStrIndex>(line.size());
    std::vector<FriBidiCharType> types(line.size());
    std::vector<FriBidiBracketType> brackets(line.size());
    std::vector<FriBidiLevel> levels(line.size());
    std::vector<FriBidiStrIndex> order(line.size());
    for (FriBidiStrIndex i = 0; i < length; ++i) order[static_cast<std::size_t>(i)] = i;
    fribidi_get_bidi_types(line.data(), length, types.data());
    fribidi_get_bracket_types(line.data(), length, types.data(), brackets.data());
    FriBidiParType direction = FRIBIDI_PAR_ON;  // that of the first letter which has one
    if (fribidi_get_par_embedding_levels_ex(types.data(), brackets.data(), length, &direction,
                                            levels.data()) == 0 ||
        fribidi_reorder_line(FRIBIDI_FLAGS_DEFAULT, types.data(), length, 0, direction,
                             levels.data(), nullptr, order.data()) == 0)
        throw std::bad_alloc();
    std::vector<TextRun> runs;
    for (const FriBidiStrIndex place : order) {
        const auto character = static_cast<std::size_t>(place);
        const bool right_to_left = levels[character] % 2 == 1;
        TextRun* const last = runs.empty() ? nullptr : &runs.back();
        if (last != nullptr && last->right_to_left == right_to_left) {
            if (!right_to_left && character == last->first + last->count) {
                ++last->count;
                continue;
            }
            if (right_to_left && character + 1 == last->first) {
                --last->first, ++last->count;
                continue;
            }
        }
        runs.push_back({character, 1, right_to_left});
    }
    return runs;
}

struct Shaper::Fonts {
    hb_face_t* face;
    hb_font_t* font;

    Fonts(const unsigned char* data, std::size_t size) {
        hb_blob_t* const blob =
            hb_blob_create(reinterpret_cast<const char*>(data), static_cast<unsigned>(size),
                           HB_MEMORY_MODE_READONLY, nullptr, nullptr);
        face = hb_face_create(blob, 0);
        font = hb_font_create(face);
        hb_blob_destroy(blob);
        hb_face_make_immutable(face);
        hb_font_make_immutable(font);
    }
    ~Fonts() {
        hb_font_destroy(font);
        hb_face_destroy(face);
    }
    Fonts(const Fonts&) = delete;
    Fonts& operator=(const Fonts&) = delete;
};

Shaper::Shaper(const unsigned char* data, std::size_t size)
    : fonts_(std::make_shared<const Fonts>(data, size)) {}

std::vector<ShapedGlyph> Shaper::shape(const std::vector<std::uint32_t>& line,
                                       const TextRun& run) const {
    const std::unique_ptr<hb_buffer_t, BufferDeleter> buffer(hb_buffer_create());
    hb_buffer_add_codepoints(buffer.get(), line.data(), static_cast<int>(line.size()),
                             static_cast<unsigned>(run.first), static_cast<int>(run.count));
    hb_buffer_guess_segment_properties(buffer.get());
    hb_buffer_set_language(buffer.get(), hb_language_from_string("und", -1));
    hb_buffer_set_direction(buffer.get(), run.right_to_left ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
    hb_shape(fonts_->font, buffer.get(), nullptr, 0);
    if (!hb_buffer_allocation_successful(buffer.get())) throw std::bad_alloc();
    unsigned count = 0;
    const hb_glyph_info_t* const glyphs = hb_buffer_get_glyph_infos(buffer.get(), &count);
    const hb_glyph_position_t* const places = hb_buffer_get_glyph_positions(buffer.get(), &count);
    std::vector<ShapedGlyph> shaped;
    for (unsigned i = 0; i < count; ++i) {
        shaped.push_back(
            {glyphs[i].codepoint, places[i].x_advance, places[i].x_offset, places[i].y_offset});
    }
    return shaped;
}

}  // namespace attn::render
