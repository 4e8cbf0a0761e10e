// HarfBuzz and FriBidi, loaded by the first text whose letters join, stack or run from right to
// left (core/late_library). Include this instead of their headers.
#pragma once

#include <fribidi.h>
#include <hb.h>

#include "core/late_library.hpp"

namespace attn::render {

inline const LateLibrary kHarfBuzzLibrary(ATTN_HARFBUZZ_NAME, ATTN_HARFBUZZ_PATH);
inline const LateLibrary kFriBidiLibrary(ATTN_FRIBIDI_NAME, ATTN_FRIBIDI_PATH);

ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_blob_create);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_blob_destroy);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_add_codepoints);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_allocation_successful);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_create);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_destroy);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_get_glyph_infos);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_get_glyph_positions);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_guess_segment_properties);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_set_direction);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_buffer_set_language);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_face_create);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_face_destroy);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_face_make_immutable);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_font_create);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_font_destroy);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_font_make_immutable);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_language_from_string);
ATTN_LATE_FUNCTION(kHarfBuzzLibrary, hb_shape);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"  // of the header: its results are to be used
ATTN_LATE_FUNCTION(kFriBidiLibrary, fribidi_get_bidi_types);
ATTN_LATE_FUNCTION(kFriBidiLibrary, fribidi_get_bracket_types);
ATTN_LATE_FUNCTION(kFriBidiLibrary, fribidi_get_par_embedding_levels_ex);
ATTN_LATE_FUNCTION(kFriBidiLibrary, fribidi_reorder_line);
#pragma GCC diagnostic pop

}  // namespace attn::render
