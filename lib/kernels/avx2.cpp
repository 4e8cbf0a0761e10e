// Compiled with AVX2 and FMA; see lib/CMakeLists.txt.
#ifdef __x86_64__
#include "kernels/kernel_sets.hpp"
#include "kernels/simd_kernels.hpp"

namespace attn {

template <class T>
const Kernels<T>& avx2_kernels() {
    static constexpr Kernels<T> set =
        make_kernels<T, xsimd::fma3<xsimd::avx2>, /*R=*/6, /*V=*/2>("avx2");
    return set;
}

template <class T>
const KeptKernels<T>& avx2_kept_kernels() {
    static constexpr KeptKernels<T> set = make_kept_kernels<T, xsimd::fma3<xsimd::avx2>>();
    return set;
}

template const Kernels<float>& avx2_kernels();
template const Kernels<double>& avx2_kernels();
template const KeptKernels<float>& avx2_kept_kernels();
template const KeptKernels<double>& avx2_kept_kernels();

}  // namespace attn
#endif
