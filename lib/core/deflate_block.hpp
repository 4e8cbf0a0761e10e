// One block of a deflate stream (RFC 1951): literals and matches are gathered, and then written
// with the prefix codes that suit them. Who adds them decides what is looked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/bit_writer.hpp"
#include "core/prefix_code.hpp"

namespace attn {

class DeflateBlock {
  public:
    static constexpr std::size_t kShortestMatch = 3;
    static constexpr std::size_t kLongestMatch = 258;
    static constexpr std::size_t kFarthest = 32768;

    DeflateBlock();

    // Write it before more is added.
    bool is_full() const { return tokens_.size() >= kMost; }

    void add_literal(std::uint8_t byte) {
        tokens_.push_back(byte);
        literals_.count(byte);
    }

    // `length` bytes as they stand `distance` before; any length from kShortestMatch, in pieces.
    void add_match(std::size_t length, std::size_t distance);

    // The block, `last` or not; then it is empty.
    void write(BitWriter& bits, bool last);

  private:
    static constexpr std::size_t kMost = std::size_t{1} << 15;

    void add_piece(std::size_t length, std::size_t distance);
    void write_codes(BitWriter& bits) const;

    std::vector<std::uint32_t> tokens_;
    PrefixCode<286, 15> literals_;
    PrefixCode<30, 15> distances_;
};

}  // namespace attn
