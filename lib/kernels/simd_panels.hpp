// Products with a panel over any xsimd architecture. Included only by the sources that are compiled
// for one instruction set each; uses nothing inline from elsewhere, because the linker keeps one
// copy of an inline function and it might be the one with instructions that the machine lacks.
#pragma once

#include <cstddef>
#include <xsimd/xsimd.hpp>

#include "kernels/kernels.hpp"

namespace attn {

// Sums of R rows and V registers of columns are kept in registers while the depth is walked once:
// R * V of them, and V + 1 for the factors, must fit the register file.
template <class T, class Arch, std::size_t R, std::size_t V>
struct SimdPanels {
    using Batch = xsimd::batch<T, Arch>;
    static constexpr std::size_t kLanes = Batch::size;

    template <bool Add, std::size_t Rows, std::size_t Columns>
    static void block(const PanelProduct<T>& p, std::size_t first_row) {
        Batch sums[Rows * Columns];
#pragma GCC unroll 24
        for (std::size_t i = 0; i < Rows * Columns; ++i) sums[i] = Batch(T{0});
        const T* a = p.a + first_row * p.a_stride;
        const T* b = p.panel;
        for (std::size_t k = 0; k < p.depth; ++k, b += Columns * kLanes) {
            Batch columns[Columns];
#pragma GCC unroll 24
            for (std::size_t v = 0; v < Columns; ++v)
                columns[v] = Batch::load_aligned(b + v * kLanes);
#pragma GCC unroll 24
            for (std::size_t r = 0; r < Rows; ++r) {
                const Batch factor(a[r * p.a_stride + k]);
#pragma GCC unroll 24
                for (std::size_t v = 0; v < Columns; ++v)
                    sums[r * Columns + v] = xsimd::fma(factor, columns[v], sums[r * Columns + v]);
            }
        }
        const Batch factor(p.factor);
#pragma GCC unroll 24
        for (std::size_t r = 0; r < Rows; ++r) {
            T* c = p.c + (first_row + r) * p.c_stride;
#pragma GCC unroll 24
            for (std::size_t v = 0; v < Columns; ++v, c += kLanes) {
                const Batch result = Add ? Batch::load_unaligned(c) + sums[r * Columns + v]
                                         : factor * sums[r * Columns + v];
                result.store_unaligned(c);
            }
        }
    }

    // Rows in groups of R or R - 1 where that is possible: a lone last row would waste the panel.
    template <bool Add, std::size_t Columns>
    static void all_rows(const PanelProduct<T>& p) {
        const std::size_t groups = (p.rows + R - 1) / R;
        std::size_t row = 0;
        for (std::size_t group = 0; group < groups; ++group) {
            const std::size_t left = groups - group;
            const std::size_t count = (p.rows - row + left - 1) / left;
            rows_of_group<Add, Columns, R>(p, row, count);
            row += count;
        }
    }

    template <bool Add, std::size_t Columns, std::size_t Rows>
    static void rows_of_group(const PanelProduct<T>& p, std::size_t row, std::size_t count) {
        if constexpr (Rows > 0) {
            if (count == Rows) return block<Add, Rows, Columns>(p, row);
            rows_of_group<Add, Columns, Rows - 1>(p, row, count);
        }
    }

    template <bool Add, std::size_t Columns>
    static void choose_columns(const PanelProduct<T>& p) {
        if constexpr (Columns > 0) {
            if (p.width == Columns * kLanes) return all_rows<Add, Columns>(p);
            choose_columns<Add, Columns - 1>(p);
        }
    }

    static void multiply(const PanelProduct<T>& p) {
        choose_columns<false, V>(p);
    }
    static void add_product(const PanelProduct<T>& p) {
        choose_columns<true, V>(p);
    }
};

}  // namespace attn
