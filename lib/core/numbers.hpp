// Numbers as people and files write them. Every number has a range; NaN and infinity are in none
// unless the range says so. What text means does not depend on the locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace attn {

// Which real numbers are allowed: those from `least` to `most`.
class RealRange {
  public:
    // Numbers that are used where float32 is computed: what float32 cannot hold, because it is too
    // large or so small that it would become zero, is not in the range.
    static RealRange any();       // finite
    static RealRange positive();  // above 0
    // Numbers that stay float64, both ends included.
    static RealRange between(double least, double most);
    static RealRange tolerance();  // 0 or more

    bool contains(double value) const;
    // What is allowed, behind "expected": "a number above 0", "a number from 0 to 1".
    std::string words() const;

  private:
    enum class Kind { any, positive, between, tolerance };
    RealRange(Kind kind, double least, double most) : kind_(kind), least_(least), most_(most) {}

    Kind kind_;
    double least_;
    double most_;
};

// Which whole numbers are allowed: those from `least` to `most`, both included.
struct WholeRange {
    std::int64_t least;
    std::int64_t most;

    bool contains(std::int64_t value) const { return least <= value && value <= most; }
    // What is allowed, behind "expected": "a whole number from 1 to 1048576".
    std::string words() const;
};

// Sizes of arrays and places in them: more does not fit into any memory, and sums of a few of them
// do not overflow.
constexpr std::int64_t kMostCount = std::int64_t{1} << 40;

// The number that the whole text is, "0.5" or "1e-3"; none for anything else: empty, hexadecimal,
// blanks, something behind it, more than float64 can hold. NaN and infinity are numbers here.
std::optional<double> real_of(const std::string& text);
// The same for whole numbers of 64 bits: "12", "-1", never "1e3" or "1.0".
std::optional<std::int64_t> whole_of(const std::string& text);

// Throws Error with `flag`, the text and what is allowed: "--scale nan: expected …".
double parse_real(const std::string& text, const RealRange& range, const std::string& flag);
std::int64_t parse_whole(const std::string& text, const WholeRange& range, const std::string& flag);

// A number that a file holds, such as one of config.json. Throws Error with `where` (the file and
// the key), the number and what is allowed.
double require_real(double value, const RealRange& range, const std::string& where);
std::int64_t require_whole(double value, const WholeRange& range, const std::string& where);

// The text as an error quotes it: in '' when it is empty or has blanks at its ends, cut when long.
std::string quoted(const std::string& text);

}  // namespace attn
