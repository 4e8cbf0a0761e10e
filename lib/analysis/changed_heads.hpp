// Heads with something done to all of their rows, or in other places: what mistakes make of
// queries, keys and values. All give new heads [batch, heads, tokens, width].
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "analysis/rounding.hpp"
#include "attention/heads.hpp"
#include "attention/layer.hpp"

namespace attn::analysis {

// Multiplied and rounded, each number by itself; the same numbers where that changes none.
Array<double> changed(const Array<double>& array, double factor, Rounding rounding);
Heads<double> changed(const Heads<double>& heads, double factor, Rounding rounding);

// The same numbers, wherever they lay, in an array of their own.
Heads<double> copied(const Heads<double>& heads);

// Rounded to as many steps on either side of 0 as `levels`, the last one at the largest magnitude
// of the row; 0: as they are.
Heads<double> quantised(const Heads<double>& heads, double levels);

// Each row divided by its Euclidean length; a row of zeros stays.
Heads<double> with_unit_rows(const Heads<double>& heads);

// The token that lies `by` places from this one, around the end.
std::size_t shifted_place(std::size_t place, std::size_t tokens, std::ptrdiff_t by);

// In each place the row of token_at(place), which is below the number of tokens.
Heads<double> moved(const Heads<double>& heads,
                    const std::function<std::size_t(std::size_t)>& token_at);

// As the tokens `by` places away have them, around the end.
Heads<double> shifted(const Heads<double>& heads, std::ptrdiff_t by);

// The next sequence in the place of each, the first one for the last; an array with sequences on
// its first axis.
Array<double> of_next_sequence(const Array<double>& array);
Heads<double> of_next_sequence(const Heads<double>& heads);

// Only those of these numbers, in their order; of none all, as they are.
Heads<double> chosen(const Heads<double>& heads, const std::vector<std::size_t>& numbers);

// The mean of each `count` neighbours, [batch, heads / count, tokens, width]. `count` goes into the
// number of heads.
Heads<double> averaged(const Heads<double>& heads, std::size_t count);

}  // namespace attn::analysis
