#include "render/picture_deflate.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace attn::render {
namespace {

constexpr std::size_t kLongestMatch = 258;
constexpr std::size_t kShortestMatch = 3;
constexpr std::size_t kFarthest = 32768;

// What lengths and distances are written as: a symbol, and the lowest bits of the rest.
struct Coded {
    std::uint16_t symbol = 0;
    std::uint8_t bits = 0;
    std::uint16_t rest = 0;
};

Coded code_of_distance(std::size_t distance) {
    const auto above = static_cast<std::uint32_t>(distance - 1);
    if (above < 4) return {static_cast<std::uint16_t>(above), 0, 0};
    const unsigned bits = 30U - static_cast<unsigned>(__builtin_clz(above));
    return {static_cast<std::uint16_t>(2 * bits + (above >> bits)), static_cast<std::uint8_t>(bits),
            static_cast<std::uint16_t>(above & ((1U << bits) - 1))};
}

constexpr Coded code_of_length(std::size_t length) {
    constexpr std::uint16_t kFirst = 257;
    if (length == kLongestMatch) return {285, 0, 0};
    const std::size_t above = length - kShortestMatch;
    if (above < 8) return {static_cast<std::uint16_t>(kFirst + above), 0, 0};
    std::uint8_t bits = 1;
    while (above >> (bits + 3) != 0) ++bits;
    return {static_cast<std::uint16_t>(kFirst + 4 * bits + (above >> bits)), bits,
            static_cast<std::uint16_t>(above & ((std::size_t{1} << bits) - 1))};
}

constexpr std::array<Coded, kLongestMatch + 1> kLengths = [] {
    std::array<Coded, kLongestMatch + 1> table{};
    for (std::size_t length = kShortestMatch; length <= kLongestMatch; ++length)
        table[length] = code_of_length(length);
    return table;
}();

class BitWriter {
  public:
    explicit BitWriter(std::string& bytes) : bytes_(bytes) {}

    // At most 32 bits.
    void put(std::uint64_t value, unsigned count) {
        held_ |= value << used_;
        used_ += count;
        if (used_ < 32) return;
        const auto whole = static_cast<std::uint32_t>(held_);
        const char four[]{static_cast<char>(whole), static_cast<char>(whole >> 8),
                          static_cast<char>(whole >> 16), static_cast<char>(whole >> 24)};
        bytes_.append(four, sizeof four);
        held_ >>= 32;
        used_ -= 32;
    }

    void finish() {
        for (; used_ > 0; used_ -= std::min(used_, 8U), held_ >>= 8)
            bytes_ += static_cast<char>(held_ & 0xFF);
    }

  private:
    std::string& bytes_;
    std::uint64_t held_ = 0;
    unsigned used_ = 0;
};

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

// Literals and matches of one block, and then the block.
class Block {
  public:
    static constexpr std::size_t kMost = std::size_t{1} << 15;

    Block() { tokens_.reserve(kMost + 2 * kLongestMatch); }

    bool is_full() const { return tokens_.size() >= kMost; }

    void add_literal(std::uint8_t byte) {
        tokens_.push_back(byte);
        literals_.count(byte);
    }

    void add_match(std::size_t length, std::size_t distance) {
        tokens_.push_back(kMatch | static_cast<std::uint32_t>(length << 16 | (distance - 1)));
        literals_.count(kLengths[length].symbol);
        distances_.count(code_of_distance(distance).symbol);
    }

    void write(BitWriter& bits, bool last) {
        literals_.count(kEnd);
        literals_.make();
        distances_.make();
        bits.put(last ? 1 : 0, 1);
        bits.put(2, 2);  // codes of its own
        write_codes(bits);
        for (const std::uint32_t token : tokens_) {
            if (token < kMatch) {
                literals_.put(bits, token);
                continue;
            }
            put(bits, literals_, kLengths[token >> 16 & 0x1FF]);
            put(bits, distances_, code_of_distance((token & 0xFFFF) + 1));
        }
        literals_.put(bits, kEnd);
        tokens_.clear();
        literals_ = {};
        distances_ = {};
    }

  private:
    static constexpr std::uint32_t kMatch = std::uint32_t{1} << 31;
    static constexpr std::size_t kEnd = 256;

    template <class Code>
    static void put(BitWriter& bits, const Code& code, const Coded& coded) {
        bits.put(code.code(coded.symbol) | std::uint32_t{coded.rest} << code.length(coded.symbol),
                 code.length(coded.symbol) + unsigned{coded.bits});
    }

    // How long the codes are, themselves in a code; runs of zeros are shortened.
    void write_codes(BitWriter& bits) const {
        const std::size_t literals = literals_.used(257), distances = distances_.used(1);
        std::vector<std::uint8_t> lengths;
        for (std::size_t i = 0; i < literals; ++i) lengths.push_back(literals_.length(i));
        for (std::size_t i = 0; i < distances; ++i) lengths.push_back(distances_.length(i));
        std::vector<Coded> written;
        for (std::size_t i = 0; i < lengths.size();) {
            std::size_t run = 1;
            while (i + run < lengths.size() && lengths[i + run] == lengths[i]) ++run;
            if (lengths[i] == 0 && run >= 3) {
                run = std::min<std::size_t>(run, 138);
                written.push_back(run < 11 ? Coded{17, 3, static_cast<std::uint16_t>(run - 3)}
                                           : Coded{18, 7, static_cast<std::uint16_t>(run - 11)});
                i += run;
            } else {
                written.push_back({lengths[i++], 0, 0});
            }
        }
        PrefixCode<19, 7> code;
        for (const Coded& one : written) code.count(one.symbol);
        code.make();
        constexpr std::array<std::uint8_t, 19> kOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
        std::size_t used = kOrder.size();
        while (used > 4 && code.length(kOrder[used - 1]) == 0) --used;
        bits.put(literals - 257, 5);
        bits.put(distances - 1, 5);
        bits.put(used - 4, 4);
        for (std::size_t i = 0; i < used; ++i) bits.put(code.length(kOrder[i]), 3);
        for (const Coded& one : written) {
            code.put(bits, one.symbol);
            bits.put(one.rest, one.bits);
        }
    }

    std::vector<std::uint32_t> tokens_;
    PrefixCode<286, 15> literals_;
    PrefixCode<30, 15> distances_;
};

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

    struct Place {
        std::size_t y = 0;
        std::size_t x = 0;
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
        const Place there = std::exchange(places_[slot], {y, x});
        const std::size_t distance = (y - there.y) * (row_bytes_ + 1) + x - there.x;
        if (distance == 0 || distance > kFarthest) return {};
        const std::uint8_t* other = rows_.pixels + there.y * row_bytes_ + there.x;
        const std::size_t same = same_bytes(row + x, other, row_bytes_ - std::max(x, there.x));
        return {same / rows_.samples * rows_.samples, distance};
    }

    void add_match(const Match& match) {
        for (std::size_t length = match.length; length > 0;) {
            std::size_t piece = std::min(length, kLongestMatch);
            // What is left must be long enough for a match.
            if (length > piece && length - piece < kShortestMatch) piece -= kShortestMatch;
            block_.add_match(piece, match.distance);
            length -= piece;
        }
    }

    PixelRows rows_;
    std::size_t row_bytes_;
    std::vector<Place> places_;  // by a hash of what stands there
    std::string stream_;
    BitWriter bits_;
    Block block_;
};

}  // namespace

std::string deflated_rows(const PixelRows& rows) {
    return RowDeflate(rows).stream();
}

}  // namespace attn::render
