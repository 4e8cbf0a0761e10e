// One set of kernels: the row and panel loops of one xsimd architecture. Included only by the
// sources that are compiled for one instruction set each.
#pragma once

#include "attention/panel_kernels_simd.hpp"
#include "attention/row_kernels_simd.hpp"

namespace attn {

// R x V registers of sums; see SimdPanels.
template <class T, class Arch, std::size_t R, std::size_t V>
constexpr Kernels<T> make_kernels(const char* instruction_set) {
    using Rows = SimdRows<T, Arch>;
    using Panels = SimdPanels<T, Arch, R, V>;
    return {instruction_set,
            Rows::kLanes,
            V * Rows::kLanes,
            Panels::multiply,
            Panels::add_product,
            Rows::largest,
            Rows::raise,
            Rows::add,
            Rows::add_up,
            Rows::sum_logs,
            Rows::collect,
            Rows::sum_scores,
            Rows::sum_above,
            Rows::template exponentiate<true>,
            Rows::template exponentiate<false>,
            Rows::scale,
            Rows::softcap};
}

}  // namespace attn
