#include "attention/approx/philox.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace attn::approx {
namespace {

__extension__ using Wide = unsigned __int128;
using Block = std::array<std::uint64_t, 4>;

struct Product {
    std::uint64_t high;
    std::uint64_t low;
};

Product multiply(std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
}

Block block_of(std::array<std::uint64_t, 2> key, std::uint64_t number) {
    constexpr int kRounds = 10;
    Block c = {number, 0, 0, 0};
    for (int round = 0; round < kRounds; ++round) {
        if (round > 0) {
            key[0] += 0x9E3779B97F4A7C15;
            key[1] += 0xBB67AE8584CAA73B;
        }
        const Product first = multiply(0xD2E7470EE14C6C93, c[0]);
        const Product second = multiply(0xCA5A826395121157, c[2]);
        c = {second.high ^ c[1] ^ key[0], second.low, first.high ^ c[3] ^ key[1], first.low};
    }
    return c;
}

// NumPy counts up before it makes a block.
std::uint64_t number_of_block(std::uint64_t word) {
    return 1 + word / 4;
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::size_t head, std::size_t layer,
                           std::size_t round)
    : RandomStream(seed, static_cast<std::uint64_t>(purpose) |
                             static_cast<std::uint64_t>(head) << 16 |
                             static_cast<std::uint64_t>(layer) << 32 |
                             static_cast<std::uint64_t>(round) << 48) {}

std::uint64_t RandomStream::word(std::uint64_t i) const {
    return block_of(key_, number_of_block(i))[i % 4];
}

std::vector<std::uint64_t> RandomStream::words(std::uint64_t first, std::size_t count) const {
    std::vector<std::uint64_t> words(count);
    Block block{};
    for (std::size_t t = 0; t < count; ++t) {
        const std::uint64_t i = first + t;
        if (t == 0 || i % 4 == 0) block = block_of(key_, number_of_block(i));
        words[t] = block[i % 4];
    }
    return words;
}

std::vector<double> RandomStream::normals(std::size_t count) const {
    const double pi = std::acos(-1.0);
    const auto words = this->words(0, count + count % 2);
    std::vector<double> normals(words.size());
    for (std::size_t t = 0; t < words.size(); t += 2) {
        // In (0, 1], so that its logarithm is finite, and in [0, 1).
        const double first = std::ldexp(static_cast<double>((words[t] >> 11) + 1), -53);
        const double second = std::ldexp(static_cast<double>(words[t + 1] >> 11), -53);
        const double radius = std::sqrt(-2 * std::log(first));
        normals[t] = radius * std::cos(2 * pi * second);
        normals[t + 1] = radius * std::sin(2 * pi * second);
    }
    normals.resize(count);
    return normals;
}

std::size_t RandomStream::index_below(std::uint64_t i, std::size_t m) const {
    assert(m > 0 && m >> 32 == 0);
    return static_cast<std::size_t>(((word(i) >> 32) * m) >> 32);
}

std::vector<std::size_t> RandomStream::choose(std::vector<std::size_t> candidates,
                                              std::size_t count) const {
    std::vector<std::pair<std::uint64_t, std::size_t>> drawn;
    drawn.reserve(candidates.size());
    for (const std::size_t candidate : candidates) drawn.emplace_back(word(candidate), candidate);
    count = std::min(count, drawn.size());
    const auto end = drawn.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(drawn.begin(), end, drawn.end());
    candidates.resize(count);
    for (std::size_t t = 0; t < count; ++t) candidates[t] = drawn[t].second;
    return candidates;
}

}  // namespace attn::approx
