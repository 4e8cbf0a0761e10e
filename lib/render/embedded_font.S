/* The bytes of the font named by ATTN_FONT_FILE, between two symbols. */
    .section .rodata
    .global attn_embedded_font
    .global attn_embedded_font_end
    .balign 16
attn_embedded_font:
    .incbin ATTN_FONT_FILE
attn_embedded_font_end:
    .byte 0
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
