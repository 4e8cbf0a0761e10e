#include "attention/kernels.hpp"

#include "attention/kernels_variants.hpp"

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
const Kernels<float>& kernels() {
    switch (best_instruction_set()) {
#ifdef __x86_64__
        case InstructionSet::avx512:
            return kAvx512Float;
        case InstructionSet::avx2:
            return kAvx2Float;
#endif
        default:
            return kBaselineFloat;
    }
}

template <>
const Kernels<double>& kernels() {
    switch (best_instruction_set()) {
#ifdef __x86_64__
        case InstructionSet::avx512:
            return kAvx512Double;
        case InstructionSet::avx2:
            return kAvx2Double;
#endif
        default:
            return kBaselineDouble;
    }
}

}  // namespace attn
