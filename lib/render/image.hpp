// A picture in memory: 8-bit RGB, rows from the top.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace attn::render {

struct Color {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;
};

inline bool operator==(Color a, Color b) {
    return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

class Image {
  public:
    Image(std::size_t width, std::size_t height, Color background);

    std::size_t width() const { return width_; }
    std::size_t height() const { return height_; }
    const std::uint8_t* pixels() const { return pixels_.data(); }  // width * height * 3 bytes

    std::uint8_t* row(std::size_t y) { return &pixels_[y * width_ * 3]; }  // width * 3 bytes
    const std::uint8_t* row(std::size_t y) const { return &pixels_[y * width_ * 3]; }

    Color at(std::size_t x, std::size_t y) const;
    void set(std::size_t x, std::size_t y, Color color);

    // Fills the part of the rectangle that lies inside the picture.
    void fill(std::size_t x, std::size_t y, std::size_t width, std::size_t height, Color color);

  private:
    std::size_t width_;
    std::size_t height_;
    std::vector<std::uint8_t> pixels_;
};

}  // namespace attn::render
