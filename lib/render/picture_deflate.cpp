#include "render/picture_deflate.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "core/deflate_block.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kShortestMatch = DeflateBlock::kShortestMatch;
constexpr std::size_t kFarthest = DeflateBlock::kFarthest;

// How many of the first `most` bytes are the same.
std::size_t same_bytes(const std::uint8_t* a, const std::uint8_t* b, std::size_t most) {
    std::size_t same = 0;
    for (; same + 8 <= most; same += 8) {
        std::uint64_t left = 0, right = 0;
        std::memcpy(&left, a + same, 8);
        std::memcpy(&right, b + same, 8);
        if (left != right)
            return same + static_cast<std::size_t>(__builtin_ctzll(left ^ right)) / 8;
    }
    while (same < most && a[same] == b[same]) ++same;
    return same;
}

class RowDeflate {
  public:
    explicit RowDeflate(const PixelRows& rows)
        : rows_(rows),
          row_bytes_(rows.width * rows.samples),
          places_(std::size_t{1} << kTableBits),
          bits_(stream_) {
        stream_.reserve(row_bytes_ * rows.height / 16 + 1024);
    }

    std::string stream() {
        stream_ += '\x78';
        stream_ += '\x01';
        std::uint32_t checksum = 1;
        const std::uint8_t filter = 0;
        for (std::size_t y = 0; y < rows_.height; ++y) {
            checksum = libdeflate_adler32(checksum, &filter, 1);
            checksum = libdeflate_adler32(checksum, rows_.pixels + y * row_bytes_, row_bytes_);
            add_row(y);
        }
        block_.write(bits_, true);
        bits_.finish();
        for (const int shift : {24, 16, 8, 0})
            stream_ += static_cast<char>(checksum >> shift & 0xFF);
        return std::move(stream_);
    }

  private:
    static constexpr unsigned kTableBits = 12;

    // Narrow, so that all of them stay in the nearest cache.
    struct Place {
        std::uint32_t y = 0;
        std::uint32_t x = 0;
    };
    struct Match {
        std::size_t length = 0;  // whole pixels
        std::size_t distance = 0;
    };

    void add_row(std::size_t y) {
        if (block_.is_full()) block_.write(bits_, false);
        const std::uint8_t* row = rows_.pixels + y * row_bytes_;
        const std::uint8_t* above = y > 0 && row_bytes_ < kFarthest ? row - row_bytes_ : nullptr;
        if (above != nullptr && std::memcmp(row, above, row_bytes_) == 0)
            return add_match({row_bytes_ + 1, row_bytes_ + 1});
        block_.add_literal(0);
        for (std::size_t x = 0; x < row_bytes_;) {
            if (block_.is_full()) block_.write(bits_, false);
            Match match = x == 0 ? Match() : match_with(row, x, rows_.samples, row_bytes_ - x);
            if (above != nullptr)
                take_longer(match, match_with(row, x, row_bytes_ + 1, row_bytes_ - x));
            take_longer(match, match_of_colour(y, x));
            if (match.length >= kShortestMatch) {
                add_match(match);
                x += match.length;
            } else {
                for (std::size_t i = 0; i < rows_.samples; ++i) block_.add_literal(row[x + i]);
                x += rows_.samples;
            }
        }
    }

    // With what stands `distance` before it in the stream, in the same row or the one above.
    Match match_with(const std::uint8_t* row, std::size_t x, std::size_t distance,
                     std::size_t most) const {
        const std::size_t back = distance > x ? distance - 1 : distance;  // rows lie without filter
        const std::size_t same = same_bytes(row + x, row + x - back, most);
        return {same / rows_.samples * rows_.samples, distance};
    }

    static void take_longer(Match& match, const Match& other) {
        if (other.length > match.length) match = other;
    }

    // With the last place that began with the same colours.
    Match match_of_colour(std::size_t y, std::size_t x) {
        if (row_bytes_ - x < 8) return {};
        const std::uint8_t* row = rows_.pixels + y * row_bytes_;
        std::uint64_t colours = 0;
        std::memcpy(&colours, row + x, 8);
        const std::size_t slot = colours * 0x9E3779B97F4A7C15U >> (64 - kTableBits);
        const Place there = std::exchange(
            places_[slot], {static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(x)});
        const std::size_t distance = (y - there.y) * (row_bytes_ + 1) + x - there.x;
        if (distance == 0 || distance > kFarthest) return {};
        const std::uint8_t* other = rows_.pixels + there.y * row_bytes_ + there.x;
        const std::size_t same =
            same_bytes(row + x, other, row_bytes_ - std::max<std::size_t>(x, there.x));
        return {same / rows_.samples * rows_.samples, distance};
    }

    void add_match(const Match& match) { block_.add_match(match.length, match.distance); }

    PixelRows rows_;
    std::size_t row_bytes_;
    std::vector<Place> places_;  // by a hash of what stands there
    std::string stream_;
    BitWriter bits_;
    DeflateBlock block_;
};

}  // namespace

std::string deflated_rows(const PixelRows& rows) {
    return RowDeflate(rows).stream();
}

}  // namespace attn::render
