#include "analysis/discard.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstring>

#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

constexpr unsigned kDigit = 16;  // bits
constexpr std::size_t kDigits = std::size_t{1} << kDigit;
constexpr std::size_t kCandidates = std::size_t{1} << 20;  // that are held to be sorted
constexpr std::size_t kParts = 16;

std::uint64_t bits_of(double value) {
    std::uint64_t bits = 0;
    value += 0.0;  // -0 is 0
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

// Rows that one thread looks at.
struct RowPart {
    std::size_t begin;
    std::size_t end;
};

RowPart part_of(std::size_t rows, std::size_t part) {
    return {rows * part / kParts, rows * (part + 1) / kParts};
}

// The numbers whose upper bits are known.
class Prefix {
  public:
    bool holds(std::uint64_t bits) const { return known_ == 0 || bits >> (64 - known_) == value_; }
    std::size_t digit(std::uint64_t bits) const {
        return (bits >> (64 - known_ - kDigit)) & (kDigits - 1);
    }
    void append(std::size_t digit) {
        value_ = value_ << kDigit | digit;
        known_ += kDigit;
    }
    bool complete() const { return known_ == 64; }

  private:
    std::uint64_t value_ = 0;
    unsigned known_ = 0;
};

// How many cells with the prefix have each next digit.
std::vector<std::size_t> count_digits(std::size_t rows, const RowCells& cells,
                                      const Prefix& prefix) {
    std::vector<std::vector<std::uint32_t>> parts(kParts);
    parallel_for(kParts, [&](std::size_t part) {
        std::vector<std::uint32_t>& counts = parts[part];
        counts.resize(kDigits);
        std::vector<double> row_cells;
        const RowPart range = part_of(rows, part);
        for (std::size_t row = range.begin; row < range.end; ++row) {
            cells(row, row_cells);
            for (const double cell : row_cells) {
                const std::uint64_t bits = bits_of(cell);
                if (prefix.holds(bits)) ++counts[prefix.digit(bits)];
            }
        }
    });
    std::vector<std::size_t> counts(kDigits);
    for (const auto& part : parts) {
        for (std::size_t digit = 0; digit < kDigits; ++digit) counts[digit] += part[digit];
    }
    return counts;
}

std::vector<double> collect(std::size_t rows, const RowCells& cells, const Prefix& prefix) {
    std::vector<std::vector<double>> parts(kParts);
    parallel_for(kParts, [&](std::size_t part) {
        std::vector<double> row_cells;
        const RowPart range = part_of(rows, part);
        for (std::size_t row = range.begin; row < range.end; ++row) {
            cells(row, row_cells);
            for (const double cell : row_cells) {
                if (prefix.holds(bits_of(cell))) parts[part].push_back(cell);
            }
        }
    });
    std::vector<double> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

std::vector<std::size_t> share_ties(std::size_t rows, const RowCells& cells, double threshold,
                                    std::size_t count) {
    std::vector<std::size_t> ties(rows);
    parallel_for(kParts, [&](std::size_t part) {
        std::vector<double> row_cells;
        const RowPart range = part_of(rows, part);
        for (std::size_t row = range.begin; row < range.end; ++row) {
            cells(row, row_cells);
            ties[row] =
                static_cast<std::size_t>(std::count(row_cells.begin(), row_cells.end(), threshold));
        }
    });
    for (std::size_t& of_row : ties) {
        of_row = std::min(of_row, count);
        count -= of_row;
    }
    return ties;
}

// The `count`-th smallest candidate, and how many of those that equal it belong to the first
// `count`.
struct Cut {
    double threshold;
    std::size_t ties;
};

Cut cut(std::vector<double>& candidates, std::size_t count) {
    const auto place = candidates.begin() + static_cast<std::ptrdiff_t>(count - 1);
    std::nth_element(candidates.begin(), place, candidates.end());
    const double threshold = *place;
    const auto below = std::count_if(candidates.begin(), candidates.end(),
                                     [&](double value) { return value < threshold; });
    return {threshold, count - static_cast<std::size_t>(below)};
}

}  // namespace

Discard find_discard(std::size_t rows, std::size_t count, const RowCells& cells) {
    if (count == 0) return {};
    Prefix prefix;
    std::size_t candidates = 0;
    do {
        const std::vector<std::size_t> digits = count_digits(rows, cells, prefix);
        std::size_t digit = 0;
        while (digit + 1 < kDigits && count > digits[digit]) count -= digits[digit++];
        candidates = digits[digit];
        prefix.append(digit);
    } while (candidates > kCandidates && !prefix.complete());
    std::vector<double> held;
    if (prefix.complete()) {
        // More cells than are held, all alike.
        std::vector<double> one;
        for (std::size_t row = 0; row < rows && held.empty(); ++row) {
            cells(row, one);
            for (const double cell : one) {
                if (prefix.holds(bits_of(cell))) held = {cell};
            }
        }
        return {held.front(), share_ties(rows, cells, held.front(), count)};
    }
    held = collect(rows, cells, prefix);
    assert(count <= held.size());
    const Cut found = cut(held, count);
    return {found.threshold, share_ties(rows, cells, found.threshold, found.ties)};
}

Discard find_row_discard(std::vector<double> cells, std::size_t count) {
    if (count == 0) return {};
    const Cut found = cut(cells, count);
    return {found.threshold, {found.ties}};
}

}  // namespace attn::analysis
