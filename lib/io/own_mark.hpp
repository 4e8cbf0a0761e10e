// The mark by which a single file is known to be ours, so that the same command may replace it
// again and nobody else's file is touched. It lies where readers of the format pass over it:
// - PNG: a tEXt chunk "Software: attn-inspect" right behind the header.
// - SVG: a comment in the second line.
// - PDF: a comment behind the end.
// - NPY: 128 spaces more than needed at the end of the header. The format allows any number; numpy
//   itself never adds as many, and the data still starts at a multiple of 64 bytes.
// Files in a folder of results bear none: the folder's manifest lists them.
#pragma once

#include <string>

namespace attn::io {

enum class FileKind { png, npy, svg, pdf, html };

// The file with the mark. `bytes` must be what our own writers make: PNG, NPY
// version 1.0, PDF, or SVG with the XML declaration as a line of its own.
std::string with_mark(FileKind kind, std::string bytes);

// Whether the open file is one of this kind that we wrote.
bool has_mark(FileKind kind, int descriptor);

}  // namespace attn::io
