#include "render/picture_deflate.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "core/deflate.hpp"

using namespace attn::render;

namespace {

struct Picture {
    std::size_t width;
    std::size_t height;
    std::size_t samples;
    std::vector<std::uint8_t> bytes;

    // `value` says each sample from its column, in bytes, and its row.
    template <class Value>
    Picture(std::size_t w, std::size_t h, std::size_t s, Value value)
        : width(w), height(h), samples(s) {
        for (std::size_t y = 0; y < height; ++y) {
            for (std::size_t x = 0; x < width * samples; ++x)
                bytes.push_back(static_cast<std::uint8_t>(value(x, y)));
        }
    }

    std::string filtered() const {
        std::string rows;
        for (std::size_t y = 0; y < height; ++y) {
            const auto row = bytes.begin() + static_cast<std::ptrdiff_t>(y * width * samples);
            rows += '\0';
            rows.append(row, row + static_cast<std::ptrdiff_t>(width * samples));
        }
        return rows;
    }

    std::string deflated() const { return deflated_rows({bytes.data(), width, height, samples}); }
};

void check_comes_back(const Picture& picture) {
    INFO(picture.width << " x " << picture.height << " x " << picture.samples);
    const std::string rows = picture.filtered();
    CHECK((attn::inflated(picture.deflated(), rows.size()) == rows));
}

unsigned noise(std::size_t x, std::size_t y) {
    const auto seed = static_cast<std::uint32_t>(x * 7919 + y * 104729);
    return (seed * 1664525U + 1013904223U) >> 24;
}

}  // namespace

TEST_CASE("rows of every kind come back from their stream") {
    const auto flat = [](std::size_t, std::size_t) { return 255; };
    const auto rows = [](std::size_t, std::size_t y) { return y / 3 % 5 * 40; };
    const auto cells = [](std::size_t x, std::size_t y) { return noise(x / 9, y / 3) / 16; };
    const auto ramp = [](std::size_t x, std::size_t y) { return x + y; };
    for (const std::size_t samples : {3, 4}) {
        for (const std::size_t width : {1, 2, 3, 86, 87, 300}) {
            for (const std::size_t height : {1, 2, 50}) {
                check_comes_back({width, height, samples, flat});
                check_comes_back({width, height, samples, rows});
                check_comes_back({width, height, samples, cells});
                check_comes_back({width, height, samples, ramp});
                check_comes_back({width, height, samples, noise});
            }
        }
    }
}

TEST_CASE("rows that are longer than a match can reach come back") {
    for (const std::size_t width : {10921, 10922, 10923, 12000}) {
        check_comes_back(
            {width, 3, 3, [](std::size_t x, std::size_t) { return noise(x / 300, 0); }});
        check_comes_back({width, 3, 3, [](std::size_t, std::size_t) { return 9; }});
    }
}

TEST_CASE("runs whose length leaves one byte or two for the last match come back") {
    for (std::size_t width = 80; width < 260; ++width)
        check_comes_back({width, 2, 3, [](std::size_t x, std::size_t y) { return x < 3 ? y : 7; }});
}

TEST_CASE("symbols that occur very unlike often get codes that are short enough") {
    // Counts as the numbers of Fibonacci make the deepest tree.
    std::vector<unsigned> symbols;
    std::size_t count = 1, before = 1;
    for (unsigned symbol = 0; symbol < 24; ++symbol) {
        symbols.insert(symbols.end(), count, symbol * 7);
        before = std::exchange(count, count + before);
    }
    const std::size_t step = 7919;  // so that no run is longer than a pixel
    check_comes_back({symbols.size() / 3, 1, 3, [&](std::size_t x, std::size_t) {
                          return symbols[x * step % symbols.size()];
                      }});
}

TEST_CASE("a picture of cells becomes as short as a compressor for everything makes it") {
    const Picture picture(500, 400, 3, [](std::size_t x, std::size_t y) {
        return x / 9 > y / 3 ? 255U : (noise(x / 9, y / 3) >> 4) * 11;
    });
    const std::string stream = picture.deflated();
    CHECK(stream.size() <= attn::deflated(picture.filtered()).size() * 105 / 100);
    CHECK((stream == picture.deflated()));
}
