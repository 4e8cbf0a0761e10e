// The row kernels that this build has, one set for each instruction set.
#pragma once

#include "attention/row_kernels.hpp"

namespace attn {

extern const RowKernels<float> kBaselineFloatRows;
extern const RowKernels<double> kBaselineDoubleRows;

#ifdef __x86_64__
extern const RowKernels<float> kAvx2FloatRows;
extern const RowKernels<double> kAvx2DoubleRows;
extern const RowKernels<float> kAvx512FloatRows;
extern const RowKernels<double> kAvx512DoubleRows;
#endif

}  // namespace attn
