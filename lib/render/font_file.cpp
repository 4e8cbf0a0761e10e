#include "render/font_file.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/error.hpp"
#include "io/file_bytes.hpp"

namespace attn::render {
namespace {

// Larger than any font, with all characters of Chinese in seven weights.
constexpr std::size_t kMost = std::size_t{256} << 20;

// stb_truetype takes the table of PostScript outlines for so large, wherever it ends.
constexpr std::size_t kAssumedSize = std::size_t{512} << 20;

// As far as numbers of 16 bits lead: rows of at most 16 bytes, and offsets after them.
constexpr std::size_t kReach = std::size_t{4} << 20;

constexpr std::size_t kMostPoints = 65536;
constexpr int kDeepest = 8;  // components of components

std::shared_ptr<const unsigned char> copy_with_zeros(Span<const std::byte> bytes) {
    const std::size_t size = bytes.size() + kAssumedSize + kReach;
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    std::copy_n(bytes.begin(), bytes.size(), static_cast<std::byte*>(memory));
    return {static_cast<const unsigned char*>(memory), [size](const unsigned char* begin) {
                ::munmap(const_cast<unsigned char*>(begin), size);
            }};
}

}  // namespace

FontFile::FontFile(const std::string& path) {
    const io::FileBytes file = io::map_file(path, kMost);
    size_ = file.bytes.size();
    bytes_ = copy_with_zeros(file.bytes);
    if (number(0, 4) == 0x74746366) start_ = number(12, 4);  // "ttcf", a collection
    constexpr std::size_t kDirectory = 12;
    if (start_ + kDirectory > size_) fail(path, ": is not a TrueType font");
    const std::size_t kind = number(start_, 4);
    if (kind != 0x00010000 && kind != 0x74727565 && kind != 0x4F54544F)  // 1.0, "true", "OTTO"
        fail(path, ": is not a TrueType font");
    find_tables();
    if (!are_tables_whole()) fail(path, ": is a damaged TrueType font");
    glyphs_ = table(Name::maxp) ? number(table(Name::maxp)->begin + 4, 2) : 0;
}

std::size_t FontFile::number(std::size_t at, std::size_t bytes) const {
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        value = value << 8 | (at + i < size_ ? data()[at + i] : 0U);
    return value;
}

int FontFile::signed_short(std::size_t at) const {
    return static_cast<std::int16_t>(number(at, 2));
}

const std::optional<FontFile::Table>& FontFile::table(Name name) const {
    return tables_[static_cast<std::size_t>(name)];
}

// As stb_truetype does it: of tables with one name the first counts.
void FontFile::find_tables() {
    constexpr const char* kNames[] = {"cmap", "head", "hhea", "hmtx",
                                      "maxp", "loca", "glyf", "CFF "};
    const std::size_t count = number(start_ + 4, 2);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t entry = start_ + 12 + 16 * i;
        for (std::size_t name = 0; name < tables_.size(); ++name) {
            const bool fits = std::memcmp(data() + entry, kNames[name], 4) == 0;
            if (fits && !tables_[name])
                tables_[name] = Table{number(entry + 8, 4), number(entry + 12, 4)};
        }
        if (entry > size_) return;
    }
}

bool FontFile::are_tables_whole() const {
    for (const std::optional<Table>& one : tables_) {
        if (one && (one->begin > size_ || one->size > size_ - one->begin)) return false;
    }
    const auto has = [this](Name name, std::size_t least) {
        return table(name) && table(name)->begin > 0 && table(name)->size >= least;
    };
    if (!has(Name::cmap, 4) || !has(Name::head, 54) || !has(Name::hhea, 36) ||
        !has(Name::hmtx, 4) || !has(Name::maxp, 6)) {
        return false;
    }
    if (table(Name::glyf) ? !has(Name::loca, 4) : !has(Name::cff, 4)) return false;
    // The height of a line, by which everything is scaled.
    constexpr int kLeast = 16;
    const std::size_t hhea = table(Name::hhea)->begin;
    return signed_short(hhea + 4) - signed_short(hhea + 6) >= kLeast && number(hhea + 34, 2) > 0;
}

std::string FontFile::family() const {
    std::size_t names = 0;
    const std::size_t tables = number(start_ + 4, 2);
    for (std::size_t i = 0; i < tables && names == 0; ++i) {
        const std::size_t entry = start_ + 12 + 16 * i;
        if (number(entry, 4) == 0x6E616D65) names = number(entry + 8, 4);  // "name"
    }
    const std::size_t records = names == 0 ? 0 : number(names + 2, 2);
    for (std::size_t i = 0; i < records; ++i) {
        const std::size_t record = names + 6 + 12 * i;
        constexpr std::size_t kWindows = 3;  // platform, whose names are UTF-16
        constexpr std::size_t kFamily = 1;
        if (number(record, 2) != kWindows || number(record + 6, 2) != kFamily) continue;
        const std::size_t begin = names + number(names + 4, 2) + number(record + 10, 2);
        std::string name;
        for (std::size_t at = 0; at + 1 < number(record + 8, 2); at += 2) {
            const std::size_t letter = number(begin + at, 2);
            const bool plain = letter >= ' ' && letter < 0x7F && letter != '"' && letter != '\'';
            if (!plain) return "";
            name += static_cast<char>(letter);
        }
        return name;
    }
    return "";
}

bool FontFile::has_characters_at(std::size_t offset) const {
    constexpr std::size_t kHeader = 16;
    if (offset == 0 || offset > size_ || size_ - offset < kHeader) return false;
    const std::size_t format = number(offset, 2);
    if (format == 12 || format == 13)
        return number(offset + 12, 4) <= (size_ - offset - kHeader) / 12;
    return format == 0 || format == 4 || format == 6;
}

bool FontFile::is_drawable(std::size_t glyph) const {
    if (!table(Name::glyf)) return true;
    return points_of(glyph, 0).has_value();
}

// Where its description lies; of size 0 when there is nothing to draw.
std::optional<FontFile::Table> FontFile::outline(std::size_t glyph) const {
    if (glyph >= glyphs_) return std::nullopt;
    const bool wide = number(table(Name::head)->begin + 50, 2) == 1;
    const std::size_t entry = wide ? 4 : 2;
    const Table& loca = *table(Name::loca);
    if ((glyph + 2) * entry > loca.size) return std::nullopt;
    const std::size_t unit = wide ? 1 : 2;
    const std::size_t begin = number(loca.begin + glyph * entry, entry) * unit;
    const std::size_t end = number(loca.begin + (glyph + 1) * entry, entry) * unit;
    if (begin > end || end > table(Name::glyf)->size) return std::nullopt;
    return Table{table(Name::glyf)->begin + begin, end - begin};
}

std::optional<std::size_t> FontFile::points_of(std::size_t glyph, int depth) const {
    constexpr std::size_t kHeader = 10;
    const std::optional<Table> found = outline(glyph);
    if (!found || depth > kDeepest) return std::nullopt;
    if (found->size == 0) return 0;
    if (found->size < kHeader) return std::nullopt;
    const int contours = signed_short(found->begin);
    if (contours < 0) return points_of_compound(*found, depth);
    return points_of_simple(*found, static_cast<std::size_t>(contours));
}

std::optional<std::size_t> FontFile::points_of_simple(const Table& outline,
                                                      std::size_t contours) const {
    if (contours == 0) return 0;
    const std::size_t end = outline.begin + outline.size;
    std::size_t at = outline.begin + 10;
    if (at + 2 * contours + 2 > end) return std::nullopt;
    std::size_t points = 0;
    for (std::size_t i = 0; i < contours; ++i, at += 2) {
        const std::size_t next = number(at, 2) + 1;
        if (next <= points) return std::nullopt;
        points = next;
    }
    at += 2 + number(at, 2);  // instructions
    std::size_t coordinates = 0;
    for (std::size_t i = 0; i < points;) {
        if (at >= end) return std::nullopt;
        const unsigned flags = data()[at++];
        std::size_t times = 1;
        if ((flags & 8U) != 0) {
            if (at >= end) return std::nullopt;
            times += data()[at++];
        }
        const auto bytes = [flags](unsigned is_short, unsigned is_same) {
            if ((flags & is_short) != 0) return 1U;
            return (flags & is_same) != 0 ? 0U : 2U;
        };
        coordinates += times * (bytes(2, 16) + bytes(4, 32));
        i += times;
    }
    if (coordinates > end - at) return std::nullopt;
    return points;
}

std::optional<std::size_t> FontFile::points_of_compound(const Table& outline, int depth) const {
    const std::size_t end = outline.begin + outline.size;
    std::size_t at = outline.begin + 10;
    std::size_t points = 0;
    for (bool more = true; more;) {
        if (at + 4 > end) return std::nullopt;
        const std::size_t flags = number(at, 2);
        const std::size_t glyph = number(at + 2, 2);
        constexpr std::size_t kAreOffsets = 2;
        if ((flags & kAreOffsets) == 0) return std::nullopt;
        at += 4 + ((flags & 1) != 0 ? 4U : 2U);
        at += (flags & 8) != 0 ? 2U : (flags & 0x40) != 0 ? 4U : (flags & 0x80) != 0 ? 8U : 0U;
        if (at > end) return std::nullopt;
        const std::optional<std::size_t> part = points_of(glyph, depth + 1);
        // One for the component itself, so that many empty ones come to an end too.
        if (!part || points + *part + 1 > kMostPoints) return std::nullopt;
        points += *part + 1;
        more = (flags & 0x20) != 0;
    }
    return points;
}

}  // namespace attn::render
