// Huffman codes as deflate writes them (RFC 1951, 3.2.2): short ones for what occurs often, and
// none longer than it allows.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/bit_writer.hpp"

namespace attn {

// A prefix code that is best for how often each of `Symbols` occurs, of at most `Longest` bits.
template <std::size_t Symbols, unsigned Longest>
class PrefixCode {
  public:
    void count(std::size_t symbol) { ++counts_[symbol]; }

    void make() {
        find_lengths();
        std::array<unsigned, Longest + 2> next{};
        for (const std::uint8_t length : lengths_) next[length + 1U] += length > 0 ? 1U : 0U;
        for (unsigned bits = 1; bits <= Longest; ++bits)
            next[bits + 1] = (next[bits] + next[bits + 1]) << 1;
        // next[bits] is now the first code of that many bits.
        for (std::size_t symbol = 0; symbol < Symbols; ++symbol) {
            if (lengths_[symbol] > 0)
                codes_[symbol] = reversed(next[lengths_[symbol]]++, lengths_[symbol]);
        }
    }

    void put(BitWriter& bits, std::size_t symbol) const {
        bits.put(codes_[symbol], lengths_[symbol]);
    }
    std::uint8_t length(std::size_t symbol) const { return lengths_[symbol]; }
    std::uint16_t code(std::size_t symbol) const { return codes_[symbol]; }

    // Symbols up to the last one that is used, `least` or more.
    std::size_t used(std::size_t least) const {
        std::size_t end = Symbols;
        while (end > least && lengths_[end - 1] == 0) --end;
        return end;
    }

  private:
    static std::uint16_t reversed(unsigned code, unsigned length) {
        unsigned result = 0;
        for (unsigned i = 0; i < length; ++i) result |= (code >> i & 1U) << (length - 1 - i);
        return static_cast<std::uint16_t>(result);
    }

    // Huffman's tree; where it becomes too deep, of counts that differ less.
    void find_lengths() {
        std::array<std::uint64_t, Symbols> weights{};
        std::copy(counts_.begin(), counts_.end(), weights.begin());
        // A code of one symbol is none: decoders want two.
        for (std::size_t i = 0; std::count(weights.begin(), weights.end(), 0U) >
                                static_cast<std::ptrdiff_t>(Symbols) - 2;
             ++i)
            weights[i] = std::max<std::uint64_t>(weights[i], 1);
        while (!fits(weights)) {
            for (std::uint64_t& weight : weights) {
                if (weight > 0) weight = weight / 2 + 1;
            }
        }
    }

    bool fits(const std::array<std::uint64_t, Symbols>& weights) {
        struct Node {
            std::uint64_t weight;
            std::size_t parent;
        };
        std::vector<std::size_t> order;
        for (std::size_t symbol = 0; symbol < Symbols; ++symbol) {
            if (weights[symbol] > 0) order.push_back(symbol);
        }
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return weights[a] != weights[b] ? weights[a] < weights[b] : a < b;
        });
        // Leaves and inner nodes each lie sorted: the lightest is the first of either.
        const std::size_t leaves = order.size();
        std::vector<Node> nodes;
        nodes.reserve(2 * leaves);
        for (const std::size_t symbol : order) nodes.push_back({weights[symbol], 0});
        std::size_t leaf = 0, inner = leaves;
        const auto lightest = [&] {
            const bool take_leaf = leaf < leaves && (inner == nodes.size() ||
                                                     nodes[leaf].weight <= nodes[inner].weight);
            return take_leaf ? leaf++ : inner++;
        };
        while (nodes.size() < 2 * leaves - 1) {
            const std::size_t a = lightest(), b = lightest();
            nodes[a].parent = nodes[b].parent = nodes.size();
            nodes.push_back({nodes[a].weight + nodes[b].weight, 0});
        }
        lengths_.fill(0);
        std::vector<unsigned> depths(nodes.size());
        for (std::size_t i = nodes.size() - 1; i-- > 0;) {
            depths[i] = depths[nodes[i].parent] + 1;
            if (i >= leaves) continue;
            if (depths[i] > Longest) return false;
            lengths_[order[i]] = static_cast<std::uint8_t>(depths[i]);
        }
        return true;
    }

    std::array<std::uint32_t, Symbols> counts_{};
    std::array<std::uint8_t, Symbols> lengths_{};
    std::array<std::uint16_t, Symbols> codes_{};
};

}  // namespace attn
