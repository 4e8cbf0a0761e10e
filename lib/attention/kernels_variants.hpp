// The kernels that this build has, one set for each instruction set.
#pragma once

#include "attention/kernels.hpp"

namespace attn {

extern const Kernels<float> kBaselineFloat;
extern const Kernels<double> kBaselineDouble;

#ifdef __x86_64__
extern const Kernels<float> kAvx2Float;
extern const Kernels<double> kAvx2Double;
extern const Kernels<float> kAvx512Float;
extern const Kernels<double> kAvx512Double;
#endif

}  // namespace attn
