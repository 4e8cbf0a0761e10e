// The row kernels over any xsimd architecture. Included only by the sources that are compiled for
// one instruction set each; uses nothing inline from elsewhere, because the linker keeps one copy
// of an inline function and it might be the one with instructions that the machine lacks.
#pragma once

#include <cstddef>
#include <limits>
#include <xsimd/xsimd.hpp>

#include "kernels/kernels.hpp"
#include "kernels/simd_exponential.hpp"

namespace attn {

// What xsimd 8 calls hadd is reduce_add from version 10 on.
template <class T, class Arch>
T sum_of_lanes(xsimd::batch<T, Arch> values) {
#if XSIMD_VERSION_MAJOR < 10
    return xsimd::hadd(values);
#else
    return xsimd::reduce_add(values);
#endif
}

// Stores the chosen values one behind the other, and whatever behind them; returns how many.
template <class T, class Arch>
std::size_t store_chosen(xsimd::batch<T, Arch> values, xsimd::batch_bool<T, Arch> chosen, T* to) {
    if (!xsimd::any(chosen)) return 0;
    constexpr std::size_t lanes = xsimd::batch<T, Arch>::size;
    alignas(64) T all[lanes];
    alignas(64) bool wanted[lanes];
    values.store_aligned(all);
    chosen.store_aligned(wanted);
    // Without a branch for each value: which of them are wanted cannot be foreseen.
    std::size_t count = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        to[count] = all[lane];
        count += wanted[lane];
    }
    return count;
}

#ifdef __AVX512F__
inline std::size_t store_chosen(xsimd::batch<float, xsimd::avx512bw> values,
                                xsimd::batch_bool<float, xsimd::avx512bw> chosen, float* to) {
    const __mmask16 mask = chosen.data;
    _mm512_storeu_ps(to, _mm512_maskz_compress_ps(mask, values));
    return static_cast<std::size_t>(__builtin_popcount(mask));
}
inline std::size_t store_chosen(xsimd::batch<double, xsimd::avx512bw> values,
                                xsimd::batch_bool<double, xsimd::avx512bw> chosen, double* to) {
    const __mmask8 mask = chosen.data;
    _mm512_storeu_pd(to, _mm512_maskz_compress_pd(mask, values));
    return static_cast<std::size_t>(__builtin_popcount(mask));
}
#endif

template <class T, class Arch>
struct SimdRows {
    using Batch = xsimd::batch<T, Arch>;
    static constexpr std::size_t kLanes = Batch::size;
    // Partial sums are short and go on in double, so that the error does not grow with the row.
    static constexpr std::size_t kChunk = 32 * kLanes;

    static Batch load_tail(const T* values, std::size_t count, T padding) {
        alignas(64) T lanes[kLanes];
        for (std::size_t i = 0; i < kLanes; ++i) lanes[i] = i < count ? values[i] : padding;
        return Batch::load_aligned(lanes);
    }

    // A whole register of them, or what is left.
    static Batch load_up_to(const T* values, std::size_t left, T padding) {
        return left < kLanes ? load_tail(values, left, padding) : Batch::load_unaligned(values);
    }

    static void store_tail(Batch batch, T* values, std::size_t count) {
        alignas(64) T lanes[kLanes];
        batch.store_aligned(lanes);
        for (std::size_t i = 0; i < count; ++i) values[i] = lanes[i];
    }

    static T largest_lane(Batch batch) {
        alignas(64) T lanes[kLanes];
        batch.store_aligned(lanes);
        T result = lanes[0];
        for (std::size_t lane = 1; lane < kLanes; ++lane) {
            if (lanes[lane] > result) result = lanes[lane];
        }
        return result;
    }

    static T largest(const T* row, std::size_t size) {
        constexpr T lowest = -std::numeric_limits<T>::infinity();
        Batch high(lowest);
        auto missing = xsimd::isnan(high);
        std::size_t i = 0;
        const auto see = [&](Batch values) {
            high = xsimd::max(high, values);
            missing = missing | xsimd::isnan(values);
        };
        for (; i + kLanes <= size; i += kLanes) see(Batch::load_unaligned(row + i));
        if (i < size) see(load_tail(row + i, size - i, lowest));
        if (xsimd::any(missing)) return std::numeric_limits<T>::quiet_NaN();
        return largest_lane(high);
    }

    static void take_larger(T* row, const T* other, std::size_t size) {
        std::size_t i = 0;
        for (; i + kLanes <= size; i += kLanes) {
            const Batch a = Batch::load_unaligned(row + i);
            const Batch b = Batch::load_unaligned(other + i);
            // max() gives its second operand where either is NaN on x86, the other one elsewhere.
            const Batch high = xsimd::select(xsimd::isnan(a), a, xsimd::max(a, b));
            xsimd::select(xsimd::isnan(b), b, high).store_unaligned(row + i);
        }
        for (; i < size; ++i) {
            if (other[i] > row[i] || other[i] != other[i]) row[i] = other[i];
        }
    }

    static void add(T* row, const T* other, std::size_t size) {
        std::size_t i = 0;
        for (; i + kLanes <= size; i += kLanes) {
            (Batch::load_unaligned(row + i) + Batch::load_unaligned(other + i))
                .store_unaligned(row + i);
        }
        for (; i < size; ++i) row[i] += other[i];
    }

    static WeightSums sum_weights(const T* row, std::size_t size, T first) {
        alignas(64) T lanes[kLanes];
        for (std::size_t i = 0; i < kLanes; ++i) lanes[i] = first + static_cast<T>(i);
        Batch place = Batch::load_aligned(lanes);
        const Batch step(static_cast<T>(kLanes));
        constexpr T lowest = -std::numeric_limits<T>::infinity();
        Batch high(lowest);
        WeightSums result;
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            Batch sum(T{0}), squares(T{0}), distance(T{0});
            for (; i < stop; i += kLanes) {
                const std::size_t left = size - i;
                const Batch w = load_up_to(row + i, left, T{0});
                high = xsimd::max(high, left < kLanes ? load_tail(row + i, left, lowest) : w);
                sum += w;
                squares = xsimd::fma(w, w, squares);
                distance = xsimd::fma(w, xsimd::abs(place), distance);
                place += step;
            }
            result.sum += static_cast<double>(sum_of_lanes(sum));
            result.squares += static_cast<double>(sum_of_lanes(squares));
            result.distance += static_cast<double>(sum_of_lanes(distance));
        }
        // A NaN that max() may have lost is in the sum.
        result.largest = result.sum == result.sum ? static_cast<double>(largest_lane(high))
                                                  : std::numeric_limits<double>::quiet_NaN();
        return result;
    }

    static double sum_logs(const T* row, std::size_t size) {
        const Batch zero(T{0});
        double result = 0;
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            Batch logs(zero);
            for (; i < stop; i += kLanes) {
                const std::size_t left = size - i;
                const Batch w = load_up_to(row + i, left, T{0});
                logs += xsimd::select(w <= zero, zero, w * xsimd::log(w));  // NaN stays
            }
            result += static_cast<double>(sum_of_lanes(logs));
        }
        return result;
    }

    static ScoreSums sum_scores(const T* row, std::size_t size) {
        constexpr T infinity = std::numeric_limits<T>::infinity();
        const Batch none(-infinity);
        const Batch zero(T{0});
        const Batch one(T{1});
        Batch low(infinity), high(-infinity);
        ScoreSums result;
        // Counted from one of them, so that what they have in common does not hide how they differ.
        std::size_t first = 0;
        while (first < size && row[first] == -infinity) ++first;
        const T shift = first < size && row[first] < infinity ? row[first] : T{0};
        const Batch shifts(shift);
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            Batch count(zero), sum(zero), squares(zero);
            for (; i < stop; i += kLanes) {
                const std::size_t left = size - i;
                const Batch score = load_up_to(row + i, left, -infinity);
                // Not "!=", which forgets NaN in xsimd 8 with AVX.
                const auto there = !(score == none);
                const Batch value = xsimd::select(there, score - shifts, zero);
                count += xsimd::select(there, one, zero);
                sum += value;
                squares = xsimd::fma(value, value, squares);
                low = xsimd::min(low, xsimd::select(there, score, Batch(infinity)));
                high = xsimd::max(high, score);
            }
            result.count += static_cast<double>(sum_of_lanes(count));
            result.sum += static_cast<double>(sum_of_lanes(sum));
            result.squares += static_cast<double>(sum_of_lanes(squares));
        }
        if (result.count > 0) {
            result.squares -= result.sum * result.sum / result.count;
            if (result.squares < 0) result.squares = 0;  // NaN stays
            result.sum += result.count * static_cast<double>(shift);
        }
        result.smallest = -static_cast<double>(largest_lane(-low));
        result.largest = static_cast<double>(largest_lane(high));
        // A sum may also be NaN because its parts overflowed to both sides.
        if (result.sum != result.sum) {
            const T seen = largest(row, size);
            if (seen != seen) result.smallest = result.largest = static_cast<double>(seen);
        }
        return result;
    }

    static std::size_t collect(const T* row, std::size_t size, T low, T high, T* found) {
        const Batch below(low), above(high);
        std::size_t count = 0;
        for (std::size_t i = 0; i < size; i += kLanes) {
            const std::size_t left = size - i;
            const Batch w = load_up_to(row + i, left, low);
            const auto chosen = (w > below) & (w <= above);
            count += store_chosen(w, chosen, found + count);
        }
        return count;
    }

    static double sum_above(const T* row, std::size_t size, T threshold, std::size_t* count) {
        const Batch bound(threshold);
        const Batch zero(T{0});
        const Batch one(T{1});
        double sum = 0;
        double found = 0;
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            // Two of each: an addition need not wait for the one before.
            Batch partial(zero), hits(zero), more_partial(zero), more_hits(zero);
            for (; i + 2 * kLanes <= stop; i += 2 * kLanes) {
                const Batch a = Batch::load_unaligned(row + i);
                const Batch b = Batch::load_unaligned(row + i + kLanes);
                partial += xsimd::select(a > bound, a, zero);
                more_partial += xsimd::select(b > bound, b, zero);
                hits += xsimd::select(a > bound, one, zero);
                more_hits += xsimd::select(b > bound, one, zero);
            }
            for (; i < stop; i += kLanes) {
                const std::size_t left = size - i;
                const Batch w = load_up_to(row + i, left, threshold);
                partial += xsimd::select(w > bound, w, zero);
                hits += xsimd::select(w > bound, one, zero);
            }
            sum += static_cast<double>(sum_of_lanes(partial + more_partial));
            found += static_cast<double>(sum_of_lanes(hits + more_hits));
        }
        *count = static_cast<std::size_t>(found);
        return sum;
    }

    // Lanes of the sums over exponentials.
    struct ExponentialLanes {
        Batch sum = Batch(T{0}), logs = Batch(T{0});

        template <bool Logs>
        Batch see(Batch x) {
            // Far below where exp() is zero, and zero times this is not NaN.
            const Batch lowest(T{-10000});
            const Batch value = exponential(x);
            sum += value;
            if constexpr (Logs) logs = xsimd::fma(value, xsimd::max(x, lowest), logs);
            return value;
        }
        template <bool Logs>
        void replace(T* cells, Batch offset) {
            see<Logs>(Batch::load_unaligned(cells) - offset).store_unaligned(cells);
        }
        template <bool Logs>
        void add_to(ExponentialSums& result) const {
            result.sum += static_cast<double>(sum_of_lanes(sum));
            if constexpr (Logs) result.logs += static_cast<double>(sum_of_lanes(logs));
        }
    };

    template <bool Logs>
    static ExponentialSums exponentiate(T* row, std::size_t size, T high) {
        // Side by side, as many as the registers hold: an addition need not wait for the one
        // before.
        constexpr std::size_t kSums = kLanes == 16 ? 4 : 1;
        constexpr std::size_t kColumns = kSums * kLanes;
        const Batch offset(high);
        ExponentialSums result;
        ExponentialLanes rest;
        std::size_t i = 0;
        while (i + kColumns <= size) {
            if (i > 0) rest.template add_to<Logs>(result);
            const std::size_t left = size - i;
            const std::size_t stop =
                i + (left < kSums * kChunk ? left - left % kColumns : kSums * kChunk);
            ExponentialLanes lanes[kSums];
            for (; i < stop; i += kColumns) {
                for (std::size_t part = 0; part < kSums; ++part)
                    lanes[part].template replace<Logs>(row + i + part * kLanes, offset);
            }
            for (std::size_t part = 1; part < kSums; ++part) {
                lanes[0].sum += lanes[part].sum;
                lanes[0].logs += lanes[part].logs;
            }
            rest = lanes[0];
        }
        for (; i + kLanes <= size; i += kLanes) rest.template replace<Logs>(row + i, offset);
        if (i < size) {
            const std::size_t left = size - i;
            constexpr T infinity = std::numeric_limits<T>::infinity();
            store_tail(rest.template see<Logs>(load_tail(row + i, left, -infinity) - offset),
                       row + i, left);
        }
        rest.template add_to<Logs>(result);
        return result;
    }

    static void scale(T* row, std::size_t size, T factor) {
        const Batch factors(factor);
        std::size_t i = 0;
        for (; i + kLanes <= size; i += kLanes) {
            (Batch::load_unaligned(row + i) * factors).store_unaligned(row + i);
        }
        for (; i < size; ++i) row[i] *= factor;
    }

    static double weighted_sum(const T* weights, const T* gradients, std::size_t size, T shift) {
        const Batch shifts(shift);
        double result = 0;
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            Batch sum(T{0});
            for (; i < stop; i += kLanes) {
                const std::size_t left = size - i;
                const Batch w = load_up_to(weights + i, left, T{0});
                const Batch g = load_up_to(gradients + i, left, shift);
                sum = xsimd::fma(w, g - shifts, sum);
            }
            result += static_cast<double>(sum_of_lanes(sum));
        }
        return result;
    }

    static SoftmaxGradientSums softmax_backward(const T* weights, T* gradients, std::size_t size,
                                                T shift, T dot) {
        const Batch shifts(shift), dots(dot);
        SoftmaxGradientSums result;
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            Batch weight_squares(T{0}), weighted(T{0}), score_squares(T{0}), scores(T{0});
            for (; i < stop; i += kLanes) {
                const std::size_t left = size - i;
                const bool whole = left >= kLanes;
                const Batch w = load_up_to(weights + i, left, T{0});
                const Batch g = load_up_to(gradients + i, left, T{0});
                const Batch s = w * ((g - shifts) - dots);
                weight_squares = xsimd::fma(g, g, weight_squares);
                weighted = xsimd::fma(w, g, weighted);
                score_squares = xsimd::fma(s, s, score_squares);
                scores += s;
                if (whole) {
                    s.store_unaligned(gradients + i);
                } else {
                    store_tail(s, gradients + i, left);
                }
            }
            result.weight_squares += static_cast<double>(sum_of_lanes(weight_squares));
            result.weighted += static_cast<double>(sum_of_lanes(weighted));
            result.score_squares += static_cast<double>(sum_of_lanes(score_squares));
            result.scores += static_cast<double>(sum_of_lanes(scores));
        }
        return result;
    }

    static PowerSums power_sums(const T* row, std::size_t size) {
        PowerSums result;
        for (std::size_t i = 0; i < size;) {
            const std::size_t stop = size - i < kChunk ? size : i + kChunk;
            Batch first(T{0}), second(T{0}), third(T{0}), fourth(T{0});
            for (; i < stop; i += kLanes) {
                const std::size_t left = size - i;
                const Batch x = load_up_to(row + i, left, T{0});
                const Batch square = x * x;
                first += x;
                second += square;
                third = xsimd::fma(square, x, third);
                fourth = xsimd::fma(square, square, fourth);
            }
            result.first += static_cast<double>(sum_of_lanes(first));
            result.second += static_cast<double>(sum_of_lanes(second));
            result.third += static_cast<double>(sum_of_lanes(third));
            result.fourth += static_cast<double>(sum_of_lanes(fourth));
        }
        return result;
    }

    static void softcap(T* row, std::size_t size, T cap) {
        const Batch caps(cap);
        std::size_t i = 0;
        for (; i + kLanes <= size; i += kLanes) {
            (caps * xsimd::tanh(Batch::load_unaligned(row + i) / caps)).store_unaligned(row + i);
        }
        if (i < size) {
            store_tail(caps * xsimd::tanh(load_tail(row + i, size - i, T{0}) / caps), row + i,
                       size - i);
        }
    }
};

}  // namespace attn
