// Text whose letters join, stack or run from right to left: which glyphs of a font it becomes
// (HarfBuzz), and in which order its parts stand (FriBidi, the Unicode bidirectional algorithm).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace attn::render {

// Consecutive characters of one direction.
struct TextRun {
    std::size_t first = 0;
    std::size_t count = 0;
    bool right_to_left = false;
};

// The runs of a line from left to right, as they are seen.
std::vector<TextRun> runs_from_left(const std::vector<std::uint32_t>& line);

// A glyph and where it stands, in units of the font; the pen moves by `advance`.
struct ShapedGlyph {
    std::uint32_t index = 0;
    int advance = 0;
    int right = 0;  // from the pen
    int up = 0;
};

// A font for shaping; keeps no copy of its bytes.
class Shaper {
  public:
    // `data` must outlive the shaper.
    Shaper(const unsigned char* data, std::size_t size);

    // The glyphs of a run of the line from left to right; its neighbours decide how its letters
    // join. Threads may call it at once.
    std::vector<ShapedGlyph> shape(const std::vector<std::uint32_t>& line,
                                   const TextRun& run) const;

  private:
    struct Fonts;
    std::shared_ptr<const Fonts> fonts_;
};

}  // namespace attn::render
