// Finite input whose results leave the range of the type: an error that names the place, unless the
// user lets such numbers through.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/array.hpp"

namespace attn {

// Where a number left the range; what is absent is not named.
struct OverflowPlace {
    std::optional<std::size_t> layer;
    std::optional<std::size_t> sequence;
    std::optional<std::size_t> head;
    std::optional<std::size_t> query;
    std::optional<std::size_t> key;
    std::optional<std::size_t> token;
    std::optional<std::size_t> column;
};

// Throws Error: the place, `what` overflowed ("the score 4e+38") and the flags that help. `extra`
// is another of these, such as "a smaller --scale".
template <class T>
[[noreturn]] void refuse_overflow(const OverflowPlace& place, const std::string& what,
                                  const std::string& extra = "");

// Looks at what a layer hands on.
struct OverflowGuard {
    std::optional<std::size_t> layer;
    bool allow_nonfinite = false;
    // Which token stands in a row, where not all are there (attention/ring).
    std::function<std::size_t(std::size_t row)> token_of = nullptr;

    // x [batch, tokens, columns]
    template <class T>
    bool finds_fault(const Array<T>& x) const;

    // Throws Error for the first value that is not finite, unless such values are let through.
    template <class T>
    void check(const Array<T>& x, const std::string& what) const;
};

}  // namespace attn
