// Compiled without flags for a processor.
#include "kernels/kernel_sets.hpp"
#include "kernels/simd_kernels.hpp"

namespace attn {
namespace {

#if defined(__x86_64__)
using Baseline = xsimd::sse2;
constexpr const char* kName = "sse2";
#elif defined(__aarch64__)
using Baseline = xsimd::neon64;
constexpr const char* kName = "neon";
#else
using Baseline = xsimd::default_arch;
constexpr const char* kName = "baseline";
#endif

}  // namespace

template <class T>
const Kernels<T>& baseline_kernels() {
    static constexpr Kernels<T> set = make_kernels<T, Baseline, /*R=*/4, /*V=*/2>(kName);
    return set;
}

template <class T>
const KeptKernels<T>& baseline_kept_kernels() {
    static constexpr KeptKernels<T> set = make_kept_kernels<T, Baseline>();
    return set;
}

template const Kernels<float>& baseline_kernels();
template const Kernels<double>& baseline_kernels();
template const KeptKernels<float>& baseline_kept_kernels();
template const KeptKernels<double>& baseline_kept_kernels();

}  // namespace attn
