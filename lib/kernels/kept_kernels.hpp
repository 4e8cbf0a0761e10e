// The inner loops of rows that keep some of their values, and of rows that are added up in double,
// in SIMD: apart from kernels.hpp, because only some measures need them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.hpp"

namespace attn {

// Sums over the values of one row that are kept, and over the others.
struct KeptSums {
    double sum = 0;
    double squares = 0;
    double lost_squares = 0;  // of the others
    std::size_t count = 0;    // that are kept
};

// Sums over the weights of one row; a NaN makes all of it NaN.
struct AddedWeights {
    double sum = 0;
    double smallest = 0;  // +inf for none
    double largest = 0;   // -inf for none
};

// Sums over two rows of the same size.
struct PairSums {
    double squares = 0;        // of the first
    double other_squares = 0;  // of the second
    double differences = 0;    // squares of first - second
    double products = 0;
};

// Sums over two rows of the same size, and how far they are apart.
struct MiddleSums {
    double logs = 0;        // of m ln m, m = (a + b) / 2, with 0 for what is not above 0
    double difference = 0;  // the largest |a - b|; NaN where any is not finite
};

// Room that lists of places need behind their end.
constexpr std::size_t kPlacesBehind = 16;

// Some rows of a matrix, each with a weight: row places[i] with weights[places[i]].
template <class T>
struct WeighedRows {
    const T* weights;
    const std::uint32_t* places;
    std::size_t count;
    const T* rows;
    std::size_t stride;
    std::size_t width;
};

// One set, as Kernels. A row has a byte for each value: 1 where it is kept, else 0.
template <class T>
struct KeptKernels {
    KeptSums (*sum_kept)(const T* row, const std::uint8_t* keep, std::size_t size);

    // Sets the byte of each value that is at least `least` to 1 and the others to 0; returns how
    // many are.
    std::size_t (*mark_from)(const T* row, std::size_t size, T least, std::uint8_t* keep);

    // Copies a few numbers, none of which is -inf or NaN, from the largest down; `size` is a
    // multiple of 16. Takes size² comparisons.
    void (*sort_few)(const T* values, std::size_t size, T* sorted);

    // to = the values that are kept, 0 for the others.
    void (*keep_values)(const T* row, const std::uint8_t* keep, std::size_t size, T* to);

    // The places of bytes that are not 0, in their order; returns how many there are. `places` has
    // room for `size` and kPlacesBehind.
    std::size_t (*list_kept)(const std::uint8_t* keep, std::size_t size, std::uint32_t* places);

    // The same of the values that are at least `least`.
    std::size_t (*list_from)(const T* row, std::size_t size, T least, std::uint32_t* places);

    // to = the values in double; returns their sum.
    double (*widen)(const T* row, std::size_t size, double* to);

    PairSums (*compare)(const T* row, const T* other, std::size_t size);

    MiddleSums (*sum_middle)(const T* row, const T* other, std::size_t size);

    // sums [width] += each of the rows times its weight.
    void (*add_rows)(const WeighedRows<T>& from, double* sums);

    // to [size] += row.
    AddedWeights (*add_weights)(const T* row, std::size_t size, double* to);
};

// Those of the instruction set of `kernels`.
template <class T>
const KeptKernels<T>& kept_kernels(const Kernels<T>& kernels);

// Those of kernels().
template <class T>
const KeptKernels<T>& kept_kernels() {
    return kept_kernels(kernels<T>());
}

}  // namespace attn
