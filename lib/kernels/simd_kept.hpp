// The kernels of rows that keep some keys, over any xsimd architecture. Included only by the
// sources that are compiled for one instruction set each; uses nothing inline from elsewhere,
// because the linker keeps one copy of an inline function and it might be the one with instructions
// that the machine lacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <xsimd/xsimd.hpp>

#include "kernels/kept_kernels.hpp"
#include "kernels/simd_rows.hpp"

namespace attn {

// One lane for each of the bytes: whether it is not 0.
template <class Batch>
struct KeptLanes {
    using T = typename Batch::value_type;

    static typename Batch::batch_bool_type load(const std::uint8_t* keep) {
        alignas(64) T lanes[Batch::size];
        for (std::size_t i = 0; i < Batch::size; ++i) lanes[i] = static_cast<T>(keep[i]);
        return Batch::load_aligned(lanes) > Batch(T{0});
    }
    static void store(typename Batch::batch_bool_type chosen, std::uint8_t* keep) {
        alignas(64) T lanes[Batch::size];
        xsimd::select(chosen, Batch(T{1}), Batch(T{0})).store_aligned(lanes);
        for (std::size_t i = 0; i < Batch::size; ++i)
            keep[i] = static_cast<std::uint8_t>(static_cast<int>(lanes[i]));
    }
};

#ifdef __AVX512BW__
template <>
struct KeptLanes<xsimd::batch<float, xsimd::avx512bw>> {
    using Bools = xsimd::batch_bool<float, xsimd::avx512bw>;

    static Bools load(const std::uint8_t* keep) {
        const __m512i lanes =
            _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(keep)));
        return Bools(_mm512_test_epi32_mask(lanes, lanes));
    }
    static void store(Bools chosen, std::uint8_t* keep) {
        const __m512i ones = _mm512_maskz_set1_epi8(static_cast<__mmask16>(chosen.data), 1);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(keep), _mm512_castsi512_si128(ones));
    }
};
template <>
struct KeptLanes<xsimd::batch<double, xsimd::avx512bw>> {
    using Bools = xsimd::batch_bool<double, xsimd::avx512bw>;

    static Bools load(const std::uint8_t* keep) {
        const __m512i lanes =
            _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(keep)));
        return Bools(_mm512_test_epi64_mask(lanes, lanes));
    }
    static void store(Bools chosen, std::uint8_t* keep) {
        const __m512i ones = _mm512_maskz_set1_epi8(static_cast<__mmask8>(chosen.data), 1);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(keep), _mm512_castsi512_si128(ones));
    }
};
#endif

// Numbers in double.
template <class Wide>
struct WideLanes {
    static Wide load(const double* values) { return Wide::load_unaligned(values); }
    static Wide load(const float* values) {
        alignas(64) double lanes[Wide::size];
        for (std::size_t i = 0; i < Wide::size; ++i) lanes[i] = static_cast<double>(values[i]);
        return Wide::load_aligned(lanes);
    }
};

#ifdef __AVX512F__
template <>
struct WideLanes<xsimd::batch<double, xsimd::avx512bw>> {
    using Wide = xsimd::batch<double, xsimd::avx512bw>;

    static Wide load(const double* values) { return Wide::load_unaligned(values); }
    static Wide load(const float* values) { return _mm512_cvtps_pd(_mm256_loadu_ps(values)); }
};
#endif

// Where bytes are not 0.
template <class Arch>
struct PlaceList {
    static std::size_t kept(const std::uint8_t* keep, std::size_t size, std::uint32_t* places) {
        std::size_t count = 0;
        // Without a branch for each byte: which of some are not 0 cannot be foreseen.
        const auto see = [&](std::size_t begin, std::size_t end) {
            for (std::size_t place = begin; place < end; ++place) {
                places[count] = static_cast<std::uint32_t>(place);
                count += keep[place] != 0;
            }
        };
        std::size_t begin = 0;
        for (std::uint64_t some = 0; begin + sizeof some <= size; begin += sizeof some) {
            std::memcpy(&some, keep + begin, sizeof some);
            if (some != 0) see(begin, begin + sizeof some);
        }
        see(begin, size);
        return count;
    }
};

#ifdef __AVX512BW__
template <>
struct PlaceList<xsimd::avx512bw> {
    static std::size_t kept(const std::uint8_t* keep, std::size_t size, std::uint32_t* places) {
        const __m512i steps =
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        std::size_t count = 0;
        for (std::size_t begin = 0; begin < size; begin += 64) {
            const std::size_t left = size - begin;
            const __mmask64 there = left < 64 ? (__mmask64{1} << left) - 1 : ~__mmask64{0};
            const __m512i bytes = _mm512_maskz_loadu_epi8(there, keep + begin);
            __mmask64 kept = _mm512_test_epi8_mask(bytes, bytes);
            for (std::size_t i = begin; kept != 0; kept >>= 16, i += 16) {
                const auto some = static_cast<__mmask16>(kept);
                const __m512i all = _mm512_add_epi32(steps, _mm512_set1_epi32(static_cast<int>(i)));
                _mm512_storeu_si512(places + count, _mm512_maskz_compress_epi32(some, all));
                count += static_cast<std::size_t>(__builtin_popcount(some));
            }
        }
        return count;
    }
};
#endif

template <class T, class Arch>
struct SimdKept {
    using Batch = xsimd::batch<T, Arch>;
    using Lanes = KeptLanes<Batch>;
    static constexpr std::size_t kLanes = Batch::size;
    // Partial sums are short and go on in double, so that the error does not grow with the row.
    static constexpr std::size_t kChunk = 32 * kLanes;

    // The last numbers of a row, with zeros behind them.
    struct Tail {
        alignas(64) T row[kLanes] = {};
        std::uint8_t keep[kLanes] = {};

        Tail(const T* values, const std::uint8_t* bytes, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) row[i] = values[i], keep[i] = bytes[i];
        }
    };

    static KeptSums sum_kept(const T* row, const std::uint8_t* keep, std::size_t size) {
        const Batch zero(T{0}), one(T{1});
        KeptSums result;
        double found = 0;
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            Batch sum(zero), squares(zero), lost(zero), count(zero);
            const auto see = [&](Batch value, typename Batch::batch_bool_type kept) {
                const Batch inside = xsimd::select(kept, value, zero);
                const Batch outside = xsimd::select(kept, zero, value);
                sum += inside;
                squares = xsimd::fma(inside, inside, squares);
                lost = xsimd::fma(outside, outside, lost);
                count += xsimd::select(kept, one, zero);
            };
            for (; i + kLanes <= stop; i += kLanes)
                see(Batch::load_unaligned(row + i), Lanes::load(keep + i));
            if (i < stop) {
                const Tail tail(row + i, keep + i, stop - i);
                see(Batch::load_aligned(tail.row), Lanes::load(tail.keep));
                i = stop;
            }
            result.sum += static_cast<double>(sum_of_lanes(sum));
            result.squares += static_cast<double>(sum_of_lanes(squares));
            result.lost_squares += static_cast<double>(sum_of_lanes(lost));
            found += static_cast<double>(sum_of_lanes(count));
        }
        result.count = static_cast<std::size_t>(found);
        return result;
    }

    static std::size_t mark_from(const T* row, std::size_t size, T least, std::uint8_t* keep) {
        const Batch bound(least), zero(T{0}), one(T{1});
        double found = 0;
        std::size_t i = 0;
        while (i + kLanes <= size) {
            const std::size_t left = size - i;
            const std::size_t stop = i + (left < kChunk ? left - left % kLanes : kChunk);
            Batch count(zero);
            for (; i < stop; i += kLanes) {
                const auto chosen = Batch::load_unaligned(row + i) >= bound;
                Lanes::store(chosen, keep + i);
                count += xsimd::select(chosen, one, zero);
            }
            found += static_cast<double>(sum_of_lanes(count));
        }
        auto marked = static_cast<std::size_t>(found);
        for (; i < size; ++i) {
            keep[i] = row[i] >= least;
            marked += keep[i];
        }
        return marked;
    }

    static void sort_few(const T* values, std::size_t size, T* sorted) {
        constexpr T none = -std::numeric_limits<T>::infinity();
        const Batch zero(T{0}), one(T{1});
        for (std::size_t i = 0; i < size; ++i) sorted[i] = none;
        // No branch depends on what is compared, which would cost more than all comparisons.
        for (std::size_t i = 0; i < size; i += kLanes) {
            const Batch own = Batch::load_unaligned(values + i);
            Batch before(zero);
            for (std::size_t other = 0; other < size; ++other)
                before += xsimd::select(Batch(values[other]) > own, one, zero);
            alignas(64) T places[kLanes];
            before.store_aligned(places);
            for (std::size_t lane = 0; lane < kLanes; ++lane)
                sorted[static_cast<int>(places[lane])] = values[i + lane];
        }
        // Equal ones share the first place.
        for (std::size_t i = 1; i < size; ++i) {
            if (sorted[i] == none) sorted[i] = sorted[i - 1];
        }
    }

    static void keep_values(const T* row, const std::uint8_t* keep, std::size_t size, T* to) {
        const Batch zero(T{0});
        std::size_t i = 0;
        for (; i + kLanes <= size; i += kLanes)
            xsimd::select(Lanes::load(keep + i), Batch::load_unaligned(row + i), zero)
                .store_unaligned(to + i);
        for (; i < size; ++i) to[i] = keep[i] != 0 ? row[i] : T{0};
    }

    static std::size_t list_kept(const std::uint8_t* keep, std::size_t size,
                                 std::uint32_t* places) {
        return PlaceList<Arch>::kept(keep, size, places);
    }

    static std::size_t list_from(const T* row, std::size_t size, T least, std::uint32_t* places) {
        const Batch bound(least);
        std::size_t count = 0;
        const auto see = [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                places[count] = static_cast<std::uint32_t>(i);
                count += row[i] >= least;
            }
        };
        std::size_t i = 0;
        for (; i + kLanes <= size; i += kLanes) {
            if (xsimd::any(Batch::load_unaligned(row + i) >= bound)) see(i, i + kLanes);
        }
        see(i, size);
        return count;
    }

    static double widen(const T* row, std::size_t size, double* to) {
        using Wide = xsimd::batch<double, Arch>;
        // Two of them: an addition need not wait for the one before.
        Wide sum(0.0), more(0.0);
        std::size_t i = 0;
        for (; i + 2 * Wide::size <= size; i += 2 * Wide::size) {
            const Wide a = WideLanes<Wide>::load(row + i);
            const Wide b = WideLanes<Wide>::load(row + i + Wide::size);
            a.store_unaligned(to + i);
            b.store_unaligned(to + i + Wide::size);
            sum += a;
            more += b;
        }
        double all = sum_of_lanes(sum + more);
        for (; i < size; ++i) {
            to[i] = static_cast<double>(row[i]);
            all += to[i];
        }
        return all;
    }

    static PairSums compare(const T* row, const T* other, std::size_t size) {
        using Wide = xsimd::batch<double, Arch>;
        Wide squares(0.0), other_squares(0.0), differences(0.0), products(0.0);
        std::size_t i = 0;
        for (; i + Wide::size <= size; i += Wide::size) {
            const Wide a = WideLanes<Wide>::load(row + i), b = WideLanes<Wide>::load(other + i);
            const Wide difference = a - b;
            squares = xsimd::fma(a, a, squares);
            other_squares = xsimd::fma(b, b, other_squares);
            differences = xsimd::fma(difference, difference, differences);
            products = xsimd::fma(a, b, products);
        }
        PairSums sums{sum_of_lanes(squares), sum_of_lanes(other_squares), sum_of_lanes(differences),
                      sum_of_lanes(products)};
        for (; i < size; ++i) {
            const auto a = static_cast<double>(row[i]), b = static_cast<double>(other[i]);
            sums.squares += a * a;
            sums.other_squares += b * b;
            sums.differences += (a - b) * (a - b);
            sums.products += a * b;
        }
        return sums;
    }

    static MiddleSums sum_middle(const T* row, const T* other, std::size_t size) {
        using All = SimdRows<T, Arch>;
        const Batch zero(T{0}), half(T{0.5}), infinity(std::numeric_limits<T>::infinity());
        Batch high(zero);
        auto finite = zero < infinity;
        MiddleSums result;
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            Batch logs(zero);
            for (; i < stop; i += kLanes) {
                const std::size_t left = size - i;
                const Batch a = All::load_up_to(row + i, left, T{0});
                const Batch b = All::load_up_to(other + i, left, T{0});
                const Batch m = (a + b) * half, difference = xsimd::abs(a - b);
                logs += xsimd::select(m <= zero, zero, m * xsimd::log(m));  // NaN stays
                high = xsimd::max(high, difference);
                finite = finite & (difference < infinity);
            }
            result.logs += static_cast<double>(sum_of_lanes(logs));
        }
        result.difference = xsimd::all(finite) ? static_cast<double>(All::largest_lane(high))
                                               : std::numeric_limits<double>::quiet_NaN();
        return result;
    }

    static void add_rows(const WeighedRows<T>& from, double* sums) {
        // So many sums stay in registers while the rows of a piece are walked.
        constexpr std::size_t kSums = 4;
        constexpr std::size_t kColumns = kSums * kLanes;
        constexpr std::size_t kPiece = 32;
        std::size_t first = 0;
        for (; first + kColumns <= from.width; first += kColumns) {
            for (std::size_t begin = 0; begin < from.count; begin += kPiece) {
                const std::size_t end = from.count - begin < kPiece ? from.count : begin + kPiece;
                Batch partial[kSums];
#pragma GCC unroll 4
                for (Batch& sum : partial) sum = Batch(T{0});
                for (std::size_t k = begin; k < end; ++k) {
                    const Batch weight(from.weights[from.places[k]]);
                    const T* const row = from.rows + from.places[k] * from.stride + first;
#pragma GCC unroll 4
                    for (std::size_t j = 0; j < kSums; ++j)
                        partial[j] =
                            xsimd::fma(weight, Batch::load_unaligned(row + j * kLanes), partial[j]);
                }
                alignas(64) T lanes[kColumns];
#pragma GCC unroll 4
                for (std::size_t j = 0; j < kSums; ++j)
                    partial[j].store_aligned(lanes + j * kLanes);
                for (std::size_t j = 0; j < kColumns; ++j)
                    sums[first + j] += static_cast<double>(lanes[j]);
            }
        }
        if (first == from.width) return;
        for (std::size_t k = 0; k < from.count; ++k) {
            const auto weight = static_cast<double>(from.weights[from.places[k]]);
            const T* const row = from.rows + from.places[k] * from.stride;
            for (std::size_t j = first; j < from.width; ++j)
                sums[j] += weight * static_cast<double>(row[j]);
        }
    }

    static AddedWeights add_weights(const T* row, std::size_t size, double* to) {
        using All = SimdRows<T, Arch>;
        using Wide = xsimd::batch<double, Arch>;
        constexpr T infinity = std::numeric_limits<T>::infinity();
        Batch low(infinity), high(-infinity);
        AddedWeights result;
        std::size_t i = 0;
        while (i + kLanes <= size) {
            const std::size_t left = size - i;
            const std::size_t stop = i + (left < All::kChunk ? left - left % kLanes : All::kChunk);
            Batch sum(T{0});
            for (; i < stop; i += kLanes) {
                const Batch weights = Batch::load_unaligned(row + i);
                sum += weights;
                low = xsimd::min(low, weights);
                high = xsimd::max(high, weights);
                for (std::size_t k = i; k < i + kLanes; k += Wide::size)
                    (Wide::load_unaligned(to + k) + WideLanes<Wide>::load(row + k))
                        .store_unaligned(to + k);
            }
            result.sum += static_cast<double>(sum_of_lanes(sum));
        }
        result.smallest = -static_cast<double>(All::largest_lane(-low));
        result.largest = static_cast<double>(All::largest_lane(high));
        for (; i < size; ++i) {
            const auto weight = static_cast<double>(row[i]);
            result.sum += weight;
            to[i] += weight;
            if (weight < result.smallest) result.smallest = weight;
            if (weight > result.largest) result.largest = weight;
        }
        // A NaN that min() and max() may have lost is in the sum.
        if (result.sum != result.sum) result.smallest = result.largest = result.sum;
        return result;
    }
};

}  // namespace attn
