#include "attention/row_kernels.hpp"

#include "attention/row_kernels_variants.hpp"

namespace attn {
namespace {

enum class InstructionSet { baseline, avx2, avx512 };

InstructionSet best_instruction_set() {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
        return InstructionSet::avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return InstructionSet::avx2;
#endif
    return InstructionSet::baseline;
}

}  // namespace

template <>
const RowKernels<float>& row_kernels() {
    switch (best_instruction_set()) {
#ifdef __x86_64__
        case InstructionSet::avx512:
            return kAvx512FloatRows;
        case InstructionSet::avx2:
            return kAvx2FloatRows;
#endif
        default:
            return kBaselineFloatRows;
    }
}

template <>
const RowKernels<double>& row_kernels() {
    switch (best_instruction_set()) {
#ifdef __x86_64__
        case InstructionSet::avx512:
            return kAvx512DoubleRows;
        case InstructionSet::avx2:
            return kAvx2DoubleRows;
#endif
        default:
            return kBaselineDoubleRows;
    }
}

}  // namespace attn
