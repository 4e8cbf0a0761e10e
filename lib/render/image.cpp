#include "render/image.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace attn::render {

Image::Image(std::size_t width, std::size_t height, Color background)
    : width_(width), height_(height), pixels_(width * height * 3, background.red) {
    const bool is_gray = background.red == background.green && background.green == background.blue;
    if (!is_gray) fill(0, 0, width, height, background);
}

Color Image::at(std::size_t x, std::size_t y) const {
    assert(x < width_ && y < height_);
    const std::uint8_t* pixel = &pixels_[(y * width_ + x) * 3];
    return {pixel[0], pixel[1], pixel[2]};
}

void Image::set(std::size_t x, std::size_t y, Color color) {
    assert(x < width_ && y < height_);
    std::uint8_t* pixel = &pixels_[(y * width_ + x) * 3];
    pixel[0] = color.red;
    pixel[1] = color.green;
    pixel[2] = color.blue;
}

void Image::fill(std::size_t x, std::size_t y, std::size_t width, std::size_t height, Color color) {
    const std::size_t right = std::min(width_, x + width);
    const std::size_t bottom = std::min(height_, y + height);
    if (x >= right || y >= bottom) return;
    for (std::size_t column = x; column < right; ++column) set(column, y, color);
    // The other rows are copies of the first.
    const std::uint8_t* first = &pixels_[(y * width_ + x) * 3];
    for (std::size_t row = y + 1; row < bottom; ++row) {
        std::memcpy(&pixels_[(row * width_ + x) * 3], first, (right - x) * 3);
    }
}

}  // namespace attn::render
