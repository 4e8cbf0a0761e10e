// Compiled with AVX-512 F, CD, DQ and BW; see lib/CMakeLists.txt.
#ifdef __x86_64__
#include "attention/row_kernels_simd.hpp"
#include "attention/row_kernels_variants.hpp"

namespace attn {

using Avx512 = xsimd::avx512bw;
const RowKernels<float> kAvx512FloatRows{"avx512", SimdRows<float, Avx512>::softmax,
                                         SimdRows<float, Avx512>::softcap};
const RowKernels<double> kAvx512DoubleRows{"avx512", SimdRows<double, Avx512>::softmax,
                                           SimdRows<double, Avx512>::softcap};

}  // namespace attn
#endif
