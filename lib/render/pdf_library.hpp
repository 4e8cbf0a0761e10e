// libharu, loaded by the first PDF (core/late_library). Include this instead of <hpdf.h>.
#pragma once

#include <hpdf.h>

#include "core/late_library.hpp"

namespace attn::render {

inline const LateLibrary kHaruLibrary(ATTN_HARU_NAME, ATTN_HARU_PATH);

ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_AddPage);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Free);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_GetError);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_GetFont);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_GetStreamSize);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_LoadRawImageFromMem);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_LoadTTFontFromFile);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_New);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_BeginText);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_ClosePath);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_DrawImage);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_EndText);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_Fill);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_LineTo);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_MoveTo);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_Rectangle);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_SetFontAndSize);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_SetHeight);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_SetRGBFill);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_SetTextMatrix);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_SetWidth);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_ShowText);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_Page_TextWidth);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_ReadFromStream);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_ResetStream);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_SaveToStream);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_SetCompressionMode);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_SetCurrentEncoder);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_SetInfoAttr);
ATTN_LATE_FUNCTION(kHaruLibrary, HPDF_UseUTFEncodings);

}  // namespace attn::render
