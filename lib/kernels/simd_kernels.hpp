// One set of kernels: the row and panel loops of one xsimd architecture. Included only by the
// sources that are compiled for one instruction set each.
#pragma once

#include "kernels/simd_kept.hpp"
#include "kernels/simd_panels.hpp"
#include "kernels/simd_rows.hpp"

namespace attn {

// R x V registers of sums; see SimdPanels.
template <class T, class Arch, std::size_t R, std::size_t V>
constexpr Kernels<T> make_kernels(const char* instruction_set) {
    using Rows = SimdRows<T, Arch>;
    using Panels = SimdPanels<T, Arch, R, V>;
    // By name: entries of one type cannot change places.
    Kernels<T> set{};
    set.instruction_set = instruction_set;
    set.lanes = Rows::kLanes;
    set.panel_width = V * Rows::kLanes;
    set.multiply = Panels::multiply;
    set.add_product = Panels::add_product;
    set.largest = Rows::largest;
    set.take_larger = Rows::take_larger;
    set.add = Rows::add;
    set.sum_weights = Rows::sum_weights;
    set.sum_logs = Rows::sum_logs;
    set.collect = Rows::collect;
    set.sum_scores = Rows::sum_scores;
    set.sum_above = Rows::sum_above;
    set.exponentiate = Rows::template exponentiate<true>;
    set.exponentiate_only = Rows::template exponentiate<false>;
    set.scale = Rows::scale;
    set.weighted_sum = Rows::weighted_sum;
    set.softmax_backward = Rows::softmax_backward;
    set.power_sums = Rows::power_sums;
    set.softcap = Rows::softcap;
    return set;
}

template <class T, class Arch>
constexpr KeptKernels<T> make_kept_kernels() {
    using Rows = SimdKept<T, Arch>;
    KeptKernels<T> set{};
    set.sum_kept = Rows::sum_kept;
    set.mark_from = Rows::mark_from;
    set.sort_few = Rows::sort_few;
    set.keep_values = Rows::keep_values;
    set.list_kept = Rows::list_kept;
    set.list_from = Rows::list_from;
    set.widen = Rows::widen;
    set.compare = Rows::compare;
    set.sum_middle = Rows::sum_middle;
    set.add_rows = Rows::add_rows;
    set.add_weights = Rows::add_weights;
    return set;
}

}  // namespace attn
