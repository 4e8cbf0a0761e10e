// A page that `report` wrote, taken apart again as a browser would.
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/deflate.hpp"

namespace attn::test {

inline std::string unbase64(const std::string& text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        if (c == '=') break;
        const std::size_t digit =
            std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
        REQUIRE(digit != std::string::npos);
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xff);
    }
    return bytes;
}

// What stands between two texts, the first time.
inline std::string between(const std::string& html, const std::string& begin,
                           const std::string& end) {
    const std::size_t at = html.find(begin);
    INFO(begin);
    REQUIRE(at != std::string::npos);
    const std::size_t from = at + begin.size();
    const std::size_t to = html.find(end, from);
    REQUIRE(to != std::string::npos);
    return html.substr(from, to - from);
}

struct ReadPage {
    std::string html;
    nlohmann::json meta;

    explicit ReadPage(std::string text)
        : html(std::move(text)),
          meta(nlohmann::json::parse(
              between(html, "<script type=\"application/json\" id=\"meta\">", "</script>"))) {}

    bool has(const std::string& chunk) const { return meta["chunks"].contains(chunk); }
    std::string raw(const std::string& chunk) const {
        INFO(chunk);
        REQUIRE(has(chunk));
        const std::string id = "c" + std::to_string(meta["chunks"][chunk].get<int>());
        return unbase64(between(
            html, "<script type=\"application/octet-stream\" id=\"" + id + "\">", "</script>"));
    }
    std::string bytes(const std::string& chunk, std::size_t size) const {
        return inflated(raw(chunk), size);
    }
    // From byte planes that begin at `offset` of `size` bytes.
    std::vector<float> floats(const std::string& chunk, std::size_t count,
                              std::size_t more = 0) const {
        const std::string planes = bytes(chunk, 4 * count + more);
        std::vector<float> values(count);
        for (std::size_t i = 0; i < count; ++i) {
            std::uint32_t bits = 0;
            for (std::size_t plane = 0; plane < 4; ++plane)
                bits = bits << 8 | static_cast<std::uint8_t>(planes[plane * count + i]);
            std::memcpy(&values[i], &bits, sizeof bits);
        }
        return values;
    }
};

}  // namespace attn::test
