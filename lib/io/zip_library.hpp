// libzip, loaded by the first archive that is read or written (core/late_library). Include this
// instead of <zip.h>.
#pragma once

#include <zip.h>

#include "core/late_library.hpp"

namespace attn::io {

inline const LateLibrary kZipLibrary(ATTN_ZIP_NAME, ATTN_ZIP_PATH);

ATTN_LATE_FUNCTION(kZipLibrary, zip_close);
ATTN_LATE_FUNCTION(kZipLibrary, zip_discard);
ATTN_LATE_FUNCTION(kZipLibrary, zip_error_code_zip);
ATTN_LATE_FUNCTION(kZipLibrary, zip_error_fini);
ATTN_LATE_FUNCTION(kZipLibrary, zip_error_init);
ATTN_LATE_FUNCTION(kZipLibrary, zip_error_init_with_code);
ATTN_LATE_FUNCTION(kZipLibrary, zip_error_strerror);
ATTN_LATE_FUNCTION(kZipLibrary, zip_fclose);
ATTN_LATE_FUNCTION(kZipLibrary, zip_file_add);
ATTN_LATE_FUNCTION(kZipLibrary, zip_file_get_error);
ATTN_LATE_FUNCTION(kZipLibrary, zip_file_set_dostime);
ATTN_LATE_FUNCTION(kZipLibrary, zip_fopen_index);
ATTN_LATE_FUNCTION(kZipLibrary, zip_fread);
ATTN_LATE_FUNCTION(kZipLibrary, zip_get_error);
ATTN_LATE_FUNCTION(kZipLibrary, zip_get_num_entries);
ATTN_LATE_FUNCTION(kZipLibrary, zip_open);
ATTN_LATE_FUNCTION(kZipLibrary, zip_open_from_source);
ATTN_LATE_FUNCTION(kZipLibrary, zip_register_cancel_callback_with_state);
ATTN_LATE_FUNCTION(kZipLibrary, zip_set_file_compression);
ATTN_LATE_FUNCTION(kZipLibrary, zip_source_buffer_create);
ATTN_LATE_FUNCTION(kZipLibrary, zip_source_file);
ATTN_LATE_FUNCTION(kZipLibrary, zip_source_free);
ATTN_LATE_FUNCTION(kZipLibrary, zip_stat_index);
ATTN_LATE_FUNCTION(kZipLibrary, zip_strerror);

}  // namespace attn::io
