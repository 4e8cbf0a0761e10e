// What happens to one row of scores, in SIMD. The sources are compiled once for each instruction
// set; the best one that the machine has is chosen when the program runs.
#pragma once

#include <cstddef>

namespace attn {

template <class T>
struct RowKernels {
    const char* instruction_set;  // "avx512", "avx2", "baseline"

    // Turns `size` scores into softmax weights, in place. `sink` is the logit of one more key that
    // is not there (-inf: none): the weights then sum to less than one. All -inf, or size 0: all
    // zeros. NaN or +inf anywhere: all NaN, as the definition has it. Deviates from the exact sum
    // by a few ulp at any size. False when there was no key to attend.
    bool (*softmax)(T* row, std::size_t size, T sink);

    // cap * tanh(score / cap), in place.
    void (*softcap)(T* row, std::size_t size, T cap);
};

// The kernels for this machine.
template <class T>
const RowKernels<T>& row_kernels();

}  // namespace attn
