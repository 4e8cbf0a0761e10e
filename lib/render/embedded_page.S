/* The page of `report`, between symbols: its skeleton, its style, and its modules one after another
   in the order of report/modules.cmake, which CMake writes into page_modules.inc. */
    .section .rodata
    .global attn_page_skeleton
    .global attn_page_skeleton_end
attn_page_skeleton:
    .incbin ATTN_PAGE_HTML
attn_page_skeleton_end:
    .byte 0
    .global attn_page_style
    .global attn_page_style_end
attn_page_style:
    .incbin ATTN_PAGE_CSS
attn_page_style_end:
    .byte 0
    .global attn_page_modules
    .global attn_page_modules_end
attn_page_modules:
#include "page_modules.inc"
attn_page_modules_end:
    .byte 0
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
