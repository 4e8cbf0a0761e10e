// Compiled with AVX-512 F, CD, DQ and BW; see lib/CMakeLists.txt.
#ifdef __x86_64__
#include "kernels/kernel_sets.hpp"
#include "kernels/simd_kernels.hpp"

namespace attn {

template <class T>
const Kernels<T>& avx512_kernels() {
    static constexpr Kernels<T> set = make_kernels<T, xsimd::avx512bw, /*R=*/6, /*V=*/4>("avx512");
    return set;
}

template <class T>
const KeptKernels<T>& avx512_kept_kernels() {
    static constexpr KeptKernels<T> set = make_kept_kernels<T, xsimd::avx512bw>();
    return set;
}

template const Kernels<float>& avx512_kernels();
template const Kernels<double>& avx512_kernels();
template const KeptKernels<float>& avx512_kept_kernels();
template const KeptKernels<double>& avx512_kept_kernels();

}  // namespace attn
#endif
