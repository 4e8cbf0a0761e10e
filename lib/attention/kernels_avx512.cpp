// Compiled with AVX-512 F, CD, DQ and BW; see lib/CMakeLists.txt.
#ifdef __x86_64__
#include "attention/kernels_simd.hpp"
#include "attention/kernels_variants.hpp"

namespace attn {

const Kernels<float> kAvx512Float = make_kernels<float, xsimd::avx512bw, 6, 4>("avx512");
const Kernels<double> kAvx512Double = make_kernels<double, xsimd::avx512bw, 6, 4>("avx512");

}  // namespace attn
#endif
