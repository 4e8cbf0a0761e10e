// exp() for softmax, whose arguments are never above zero. Included only by the sources that are
// compiled for one instruction set each, as simd_rows.hpp is.
#pragma once

#include <xsimd/xsimd.hpp>

#include "kernels/kernels.hpp"

namespace attn {

// values * 2^powers, of whole numbers.
template <class Arch>
xsimd::batch<float, Arch> times_power_of_two(xsimd::batch<float, Arch> values,
                                             xsimd::batch<float, Arch> powers) {
    return xsimd::ldexp(values, xsimd::to_int(powers));
}

#ifdef __AVX512F__
inline xsimd::batch<float, xsimd::avx512bw> times_power_of_two(
    xsimd::batch<float, xsimd::avx512bw> values, xsimd::batch<float, xsimd::avx512bw> powers) {
    return _mm512_scalef_ps(values, powers);
}
#endif

// exp(x) of x <= 0, -inf too, within 0.9 ulp (1.2 where multiplication and addition are not fused);
// what is below the smallest normal number becomes 0. NaN stays. x = n ln 2 + r, and a polynomial
// of r whose relative error is below 4e-9 (Remez, with the first two coefficients of the series
// kept, so that exp(0) is 1).
template <class Arch>
xsimd::batch<float, Arch> exponential(xsimd::batch<float, Arch> x) {
    using Batch = xsimd::batch<float, Arch>;
    const Batch rounding(0x1.8p23F);  // what is added to it becomes a whole number
    const Batch n = xsimd::fma(x, Batch(0x1.715476p+0F), rounding) - rounding;
    Batch r = xsimd::fnma(n, Batch(0x1.62e4p-1F), x);
    r = xsimd::fnma(n, Batch(0x1.7f7d1cp-20F), r);
    Batch p(0.00138145401768F);
    p = xsimd::fma(p, r, Batch(0.00836874510894F));
    p = xsimd::fma(p, r, Batch(0.0416683907835F));
    p = xsimd::fma(p, r, Batch(0.16666520399F));
    p = xsimd::fma(p, r, Batch(0.499999934321F));
    p = xsimd::fma(p, r, Batch(1.0F));
    p = xsimd::fma(p, r, Batch(1.0F));
    const Batch lowest(-0x1.5d589ep+6F);  // ln of the smallest normal number
    return xsimd::select(x < lowest, Batch(0.0F), times_power_of_two(p, n));
}

template <class Arch>
xsimd::batch<double, Arch> exponential(xsimd::batch<double, Arch> x) {
    return xsimd::exp(x);
}

}  // namespace attn
