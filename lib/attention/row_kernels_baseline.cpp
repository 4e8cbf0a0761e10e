#include "attention/row_kernels_simd.hpp"
#include "attention/row_kernels_variants.hpp"

// SSE2 on x86-64, NEON on arm64: what every such machine has.
namespace attn {

const RowKernels<float> kBaselineFloatRows{"baseline",
                                           SimdRows<float, xsimd::default_arch>::softmax,
                                           SimdRows<float, xsimd::default_arch>::softcap};
const RowKernels<double> kBaselineDoubleRows{"baseline",
                                             SimdRows<double, xsimd::default_arch>::softmax,
                                             SimdRows<double, xsimd::default_arch>::softcap};

}  // namespace attn
