// Compiled with AVX2 and FMA; see lib/CMakeLists.txt.
#ifdef __x86_64__
#include "attention/row_kernels_simd.hpp"
#include "attention/row_kernels_variants.hpp"

namespace attn {

using Avx2 = xsimd::fma3<xsimd::avx2>;
const RowKernels<float> kAvx2FloatRows{"avx2", SimdRows<float, Avx2>::softmax,
                                       SimdRows<float, Avx2>::softcap};
const RowKernels<double> kAvx2DoubleRows{"avx2", SimdRows<double, Avx2>::softmax,
                                         SimdRows<double, Avx2>::softcap};

}  // namespace attn
#endif
