// One row of exact attention beside what an approximation makes of it. The common parts are made
// once for all methods; of rows that keep some keys all measures follow from a few sums.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/approximation_error.hpp"
#include "attention/approx/head_input.hpp"

namespace attn::analysis {

// What every method of the row needs to know of it.
struct ExactRow {
    approx::ExactRows::Row row;      // weights of all keys
    Span<const double> log_weights;  // ln w without underflow; empty where nobody needs it
    std::size_t cells = 0;           // that may be attended
    double sum = 0;                  // of the weights; with row.missing it is 1
    double squares = 0;
    std::size_t first = 0;         // the first key that may be attended
    std::size_t largest = 0;       // the key with the largest weight
    std::vector<std::size_t> top;  // the keys with the largest weights, at most top_keys
    // Behind row.largest.
    std::vector<std::uint32_t> places;
    std::vector<double> values;
};

// Sums up a row whose weights, mask and missing mass are set. Finds row.largest, `wanted` of them,
// where no mask array forbids keys.
void look_at_row(ExactRow& exact, std::size_t top_keys, std::size_t wanted = 0);

// What a row that keeps some keys comes to: w / (kept mass + missing mass) on them.
struct KeptRow {
    RowError error;
    double factor = 0;  // of each kept weight; 0 for a row of zeros
};

// `keys` lies in what the row may attend; `keep` holds a byte for each of them. Those that a mask
// array forbids become 0. `places` gets which bytes are left, error.kept of them; it has room for
// all keys and kPlacesBehind.
KeptRow keep_row(const ExactRow& exact, KeyRange keys, std::uint8_t* keep, std::uint32_t* places);

// The same of a row that keeps all that it may attend.
KeptRow keep_all_of(const ExactRow& exact);

// The error of implied weights for the keys of `keys`; outside of them they are 0.
RowError compare_row(const ExactRow& exact, KeyRange keys, Span<const double> implied);

// Adds what the contexts say.
template <class T>
void compare_context(RowError& error, Span<const T> exact, Span<const T> implied);

}  // namespace attn::analysis
