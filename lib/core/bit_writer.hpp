// Bits one behind the other, the lowest of each byte first, as deflate has them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace attn {

class BitWriter {
  public:
    explicit BitWriter(std::string& bytes) : bytes_(bytes) {}

    // At most 32 bits.
    void put(std::uint64_t value, unsigned count) {
        held_ |= value << used_;
        used_ += count;
        if (used_ < 32) return;
        const auto whole = static_cast<std::uint32_t>(held_);
        for (const unsigned shift : {0U, 8U, 16U, 24U})
            waiting_[count_++] = static_cast<char>(whole >> shift & 0xFF);
        if (count_ == waiting_.size()) flush();
        held_ >>= 32;
        used_ -= 32;
    }

    // Call it at the end: only then all are in the bytes.
    void finish() {
        flush();
        for (; used_ > 0; used_ -= std::min(used_, 8U), held_ >>= 8)
            bytes_ += static_cast<char>(held_ & 0xFF);
    }

  private:
    void flush() {
        bytes_.append(waiting_.data(), count_);
        count_ = 0;
    }

    std::string& bytes_;
    std::array<char, 4096> waiting_{};  // appending each would take longer
    std::size_t count_ = 0;
    std::uint64_t held_ = 0;
    unsigned used_ = 0;
};

}  // namespace attn
