#include "kernels/kept_kernels.hpp"

#include "kernels/kernel_sets.hpp"

namespace attn {

template <class T>
const KeptKernels<T>& kept_kernels(const Kernels<T>& kernels) {
#ifdef __x86_64__
    if (&kernels == &avx512_kernels<T>()) return avx512_kept_kernels<T>();
    if (&kernels == &avx2_kernels<T>()) return avx2_kept_kernels<T>();
#endif
    return baseline_kept_kernels<T>();
}

template const KeptKernels<float>& kept_kernels(const Kernels<float>&);
template const KeptKernels<double>& kept_kernels(const Kernels<double>&);

}  // namespace attn
