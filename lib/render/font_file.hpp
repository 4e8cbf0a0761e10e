// A font of somebody's, made safe for stb_truetype, which trusts what a font says about itself: the
// tables lie inside of the file, its bytes are followed by zeros as far as 16-bit offsets lead, and
// a glyph is drawn only when reading it ends where it must.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/span.hpp"

namespace attn::render {

class FontFile {
  public:
    // The first font of a TrueType or OpenType file or collection. Throws Error when it is none or
    // damaged.
    explicit FontFile(const std::string& path);

    const unsigned char* data() const { return bytes_.get(); }
    std::size_t size() const { return size_; }     // of the file
    std::size_t offset() const { return start_; }  // of the font in data()
    bool has_truetype_outlines() const { return table(Name::glyf).has_value(); }
    std::size_t glyphs() const { return glyphs_; }

    // What the font is called, "DejaVu Sans"; empty where it says nothing in ASCII.
    std::string family() const;

    // Whether the character map that starts there ends inside of the file and is of a known kind.
    bool has_characters_at(std::size_t offset) const;

    // Whether the outline of the glyph can be read: it and its components lie in their table, end,
    // and have no more points than any glyph needs. Always true for fonts with PostScript outlines:
    // their reader stays in its bounds.
    bool is_drawable(std::size_t glyph) const;

  private:
    struct Table {
        std::size_t begin = 0;
        std::size_t size = 0;
    };
    enum class Name { cmap, head, hhea, hmtx, maxp, loca, glyf, cff, count };

    std::size_t number(std::size_t at, std::size_t bytes) const;
    int signed_short(std::size_t at) const;
    const std::optional<Table>& table(Name name) const;
    void read(const std::string& path);
    void find_tables();
    bool are_tables_whole() const;
    std::optional<Table> outline(std::size_t glyph) const;
    std::optional<std::size_t> points_of(std::size_t glyph, int depth) const;
    std::optional<std::size_t> points_of_simple(const Table& outline, std::size_t contours) const;
    std::optional<std::size_t> points_of_compound(const Table& outline, int depth) const;

    std::shared_ptr<const unsigned char> bytes_;
    std::size_t size_ = 0;
    std::size_t start_ = 0;
    std::size_t glyphs_ = 0;
    std::array<std::optional<Table>, static_cast<std::size_t>(Name::count)> tables_;
};

}  // namespace attn::render
