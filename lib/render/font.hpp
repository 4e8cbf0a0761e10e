// Text in pictures. A font draws each glyph once per size and keeps it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "render/image.hpp"

namespace attn::render {

enum class TextDirection { across, up };  // up: read from below, for the labels of columns

struct TextRun;

// Letters that join, stack or run from right to left are drawn as their script asks for.
class Font {
  public:
    // DejaVu Sans, which is part of the binary.
    static const Font& embedded();

    // A TrueType file. Throws Error when it cannot be read or is not a TrueType font.
    static Font from_file(const std::string& path);

    // Fonts as one: each character is that of the first of them that has it. The first one, of
    // which there must be one, says how lines lie.
    static Font one_after_other(const std::vector<Font>& fonts);

    // Whether it can write the character; others become a box.
    bool has(std::uint32_t character) const;

    // Width in pixels of UTF-8 text whose line is `size` pixels high.
    std::size_t width(const std::string& text, std::size_t size) const;

    // Draws the text with the left end of its line's top edge at (x, y) (across), or with the lower
    // end of its line's left edge there (up). Threads may call it at once.
    void draw(Image& image, const std::string& text, std::size_t size, std::size_t x, std::size_t y,
              Color color, TextDirection direction = TextDirection::across) const;

    // The text, or as much of its start as fits in `pixels` with an ellipsis.
    std::string shorten(const std::string& text, std::size_t size, std::size_t pixels) const;

    // For formats that place texts themselves. All of a text whose line is `size` pixels high.
    double em_size(std::size_t size) const;         // what they call the size of a font
    std::size_t base_line(std::size_t size) const;  // from the top of the line
    std::string family() const;                     // "DejaVu Sans"; empty when it does not say

    // The font as a file; `data` lives as long as the font.
    struct Program {
        const unsigned char* data = nullptr;
        std::size_t size = 0;
        bool is_plain_truetype = true;  // neither a collection nor PostScript outlines
    };
    Program program() const;

  private:
    struct Face;
    struct PlacedGlyph;
    struct Line;
    explicit Font(std::shared_ptr<Face> face);
    Face& face_of(std::uint32_t character) const;
    Line lay_out(const std::vector<std::uint32_t>& text, std::size_t size) const;
    void lay_out_run(const std::vector<std::uint32_t>& text, const TextRun& run, std::size_t size,
                     Line& line) const;
    std::shared_ptr<Face> face_;
    std::vector<std::shared_ptr<Face>> others_;  // for what it lacks
};

}  // namespace attn::render
