// exp() for softmax, whose arguments are never above zero. Included only by the sources that are
// compiled for one instruction set each, as simd_rows.hpp is.
#pragma once

#include <xsimd/xsimd.hpp>

#include "kernels/kernels.hpp"

namespace attn {

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
    return xsimd::select(x < lowest, Batch(0.0F), xsimd::ldexp(p, xsimd::to_int(n)));
}

#ifdef __AVX512F__
// The same within 0.6 ulp, in fewer operations: x = (n + j / 16) ln 2 + r with j = 0 … 15. A
// register holds the powers 2^(j / 16), another how far they are from what they stand for, and
// three terms of r are enough (relative error below 2e-9; the second coefficient is raised a
// little, so that r⁴ is met best, and exp(0) is 1).
inline xsimd::batch<float, xsimd::avx512bw> exponential(xsimd::batch<float, xsimd::avx512bw> x) {
    // The bits of 2^(j / 16), less those that j itself adds to an exponent in steps of 1 / 16.
    const __m512i powers =
        _mm512_setr_epi32(0x3f800000, 0x3f7daac3, 0x3f7b95c2, 0x3f79c3d3, 0x3f7837f0, 0x3f76f532,
                          0x3f75fed7, 0x3f75583f, 0x3f7504f3, 0x3f7508a4, 0x3f75672a, 0x3f76248c,
                          0x3f7744fd, 0x3f78ccdf, 0x3f7ac0c7, 0x3f7d257d);
    const __m512 missing = _mm512_setr_ps(
        0.0F, 0x1.8d96d4p-25F, -0x1.9c0c22p-27F, 0x1.964904p-25F, 0x1.125002p-25F, 0x1.370be4p-25F,
        -0x1.0a355p-25F, -0x1.00d8acp-27F, 0x1.26055cp-26F, -0x1.05cb44p-25F, 0x1.67a1cap-28F,
        0x1.a3b5e4p-28F, -0x1.f9c304p-27F, -0x1.6961b4p-28F, -0x1.a5217cp-28F, 0x1.61428ep-28F);
    const __m512 rounding = _mm512_set1_ps(0x1.8p23F);  // what is added to it becomes whole
    const __m512 whole = _mm512_fmadd_ps(x, _mm512_set1_ps(0x1.715476p+4F), rounding);
    const __m512 n = _mm512_sub_ps(whole, rounding);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e43p-5F), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-0x1.05c61p-33F), r);
    // The lowest four bits of `whole` choose the power, the others are its exponent.
    const __m512i places = _mm512_castps_si512(whole);
    const __m512 power = _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_permutexvar_epi32(places, powers), _mm512_slli_epi32(places, 19)));
    __m512 p = _mm512_fmadd_ps(r, _mm512_set1_ps(0x1.555556p-3F), _mm512_set1_ps(0x1.00022p-1F));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F));
    p = _mm512_fmadd_ps(p, r, _mm512_permutexvar_ps(places, missing));
    const __m512 lowest = _mm512_set1_ps(-0x1.5d589ep+6F);  // ln of the smallest normal number
    const __mmask16 normal = _mm512_cmp_ps_mask(x, lowest, _CMP_NLT_UQ);
    return _mm512_maskz_fmadd_ps(normal, power, p, power);
}
#endif

template <class Arch>
xsimd::batch<double, Arch> exponential(xsimd::batch<double, Arch> x) {
    return xsimd::exp(x);
}

}  // namespace attn
