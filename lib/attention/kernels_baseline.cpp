#include "attention/kernels_simd.hpp"
#include "attention/kernels_variants.hpp"

// SSE2 on x86-64, NEON on arm64: what every such machine has.
namespace attn {

using Baseline = xsimd::default_arch;
const Kernels<float> kBaselineFloat = make_kernels<float, Baseline, 4, 2>("baseline");
const Kernels<double> kBaselineDouble = make_kernels<double, Baseline, 4, 2>("baseline");

}  // namespace attn
