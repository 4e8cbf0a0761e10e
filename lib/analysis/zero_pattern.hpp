// Where the weights of a head are exactly zero. Softmax gives zero to no key that it sees, but for
// underflow: a pattern of zeros is a mask, and tells which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "attention/tile.hpp"
#include "core/byte_text.hpp"

namespace attn::analysis {

// The zeros among the keys that one query may attend; `position` is where it stands among the keys.
struct RowZeros {
    std::ptrdiff_t position = 0;
    KeyRange allowed;
    std::size_t zeros = 0;            // cells that are exactly 0
    std::size_t first_zero = 0;       // its key, where there is one
    std::size_t first = 0, last = 0;  // keys of the first and the last weight that is not 0
    bool attends = false;             // whether there is any
    std::size_t before = 0, self = 0, after = 0;  // weights that are not 0, from the position
    std::size_t first_after = 0;                  // key of the first behind it
    double smallest = std::numeric_limits<double>::infinity();  // weight above 0
};

// `masked` is 1 for keys that an array forbids; null: none. Weights are those of all keys.
template <class T>
RowZeros zeros_of(Span<const T> weights, KeyRange allowed, const std::uint8_t* masked,
                  std::ptrdiff_t position);

struct ZeroPattern {
    // Cells that are not 0 before the queries' own positions, at them, and behind them.
    double before = 0, self = 0, after = 0;
    std::vector<std::pair<std::size_t, std::size_t>> first_after;  // query and key, of a few rows
    double zeros = 0;  // cells that are exactly 0, in rows that no single key fills
    std::optional<std::pair<std::size_t, std::size_t>> first_zero;
    double smallest = std::numeric_limits<double>::infinity();  // weight beside those zeros
    std::vector<std::size_t> unattended;        // keys that queries may attend and none does
    std::optional<std::ptrdiff_t> left, right;  // of a window that all rows keep to, cut by it
};

// From rows in order, of which those without any weight say nothing. `may` and `attended` tell of
// each key how many rows may attend it, and whether one does.
ZeroPattern pattern_of(const std::vector<RowZeros>& rows, const std::vector<std::uint32_t>& may,
                       const std::vector<std::uint8_t>& attended);

// For another process, and back.
void save(const ZeroPattern& pattern, ByteWriter& to);
ZeroPattern restore_zeros(ByteReader& from);

}  // namespace attn::analysis
