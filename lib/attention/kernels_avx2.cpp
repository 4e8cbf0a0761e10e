// Compiled with AVX2 and FMA; see lib/CMakeLists.txt.
#ifdef __x86_64__
#include "attention/kernels_simd.hpp"
#include "attention/kernels_variants.hpp"

namespace attn {

using Avx2 = xsimd::fma3<xsimd::avx2>;
const Kernels<float> kAvx2Float = make_kernels<float, Avx2, 6, 2>("avx2");
const Kernels<double> kAvx2Double = make_kernels<double, Avx2, 6, 2>("avx2");

}  // namespace attn
#endif
