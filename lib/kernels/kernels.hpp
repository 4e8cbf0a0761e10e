// The inner loops of attention in SIMD. They are compiled once for each instruction set; which set
// of them is used is chosen when the program runs.
#pragma once

#include <cmath>
#include <cstddef>

namespace attn {

// c = factor * (a * panel), or c += a * panel. a [rows, depth] and c [rows, width] in row-major
// order with strides; the panel is [depth, width], dense, at a multiple of 64 bytes.
template <class T>
struct PanelProduct {
    const T* a;
    std::size_t a_stride;
    std::size_t rows;
    const T* panel;
    std::size_t width;  // a multiple of lanes, at most panel_width
    std::size_t depth;
    T* c;
    std::size_t c_stride;
    T factor;
};

// Sums over the weights of one row.
struct WeightSums {
    double sum = 0;
    double squares = 0;
    double distance = 0;  // of w * distance
    double largest = 0;   // weight; -inf for none, NaN if any is
};

// Sums over the exponentials of one row, of x = score - high.
struct ExponentialSums {
    double sum = 0;
    double logs = 0;  // of exp(x) * x, with 0 for x = -inf
};

// Sums over the scores of one row that are not -inf. A NaN makes all but the count NaN.
struct ScoreSums {
    double count = 0;
    double smallest = 0;  // where count > 0
    double largest = 0;
    double sum = 0;
    double squares = 0;  // of the distances from their mean

    // Distances from the common mean (Chan, Golub and LeVeque 1983).
    void add(const ScoreSums& more) {
        if (more.count == 0) return;
        if (count == 0 || more.smallest < smallest || std::isnan(more.smallest))
            smallest = more.smallest;
        if (count == 0 || more.largest > largest || std::isnan(more.largest))
            largest = more.largest;
        const double apart = count == 0 ? 0 : more.sum / more.count - sum / count;
        squares += more.squares + apart * apart * count * more.count / (count + more.count);
        count += more.count;
        sum += more.sum;
    }
};

// Sums over the gradients of one row of softmax.
struct SoftmaxGradientSums {
    double weight_squares = 0;  // of (dL/dw)²
    double weighted = 0;        // of w * dL/dw
    double score_squares = 0;   // of (dL/ds)²
    double scores = 0;          // of dL/ds
};

// Sums of the powers of some values.
struct PowerSums {
    double first = 0;
    double second = 0;
    double third = 0;
    double fourth = 0;
};

// One set of kernels. All of them stand the same tests; their results differ in the last bits.
template <class T>
struct Kernels {
    const char* instruction_set;  // "avx512", "avx2", "sse2", "neon"
    std::size_t lanes;            // numbers in a register
    std::size_t panel_width;      // columns of a panel: as many as the registers hold sums for

    void (*multiply)(const PanelProduct<T>& product);
    void (*add_product)(const PanelProduct<T>& product);  // ignores the factor

    // The largest of `size` values; -inf for none, NaN if any is.
    T (*largest)(const T* row, std::size_t size);

    // Each value of `row` becomes the larger of it and its partner in `other`; NaN if either is.
    void (*take_larger)(T* row, const T* other, std::size_t size);

    // row += other.
    void (*add)(T* row, const T* other, std::size_t size);

    // The sums of a row; its first key stands at `first`, counted from the query, the next one key
    // after it.
    WeightSums (*sum_weights)(const T* row, std::size_t size, T first);

    // The sum of w ln w, with 0 for what is not above 0; NaN if any is.
    double (*sum_logs)(const T* row, std::size_t size);

    // Copies the values above `low` and up to `high` to `found`, which has room for `lanes` more,
    // and returns how many there are.
    std::size_t (*collect)(const T* row, std::size_t size, T low, T high, T* found);

    ScoreSums (*sum_scores)(const T* row, std::size_t size);

    // The sum of the values above `threshold`, and how many there are.
    double (*sum_above)(const T* row, std::size_t size, T threshold, std::size_t* count);

    // Replaces each score by exp(score - high), where high is as large as any. Good to 2 ulp;
    // results below the smallest normal number become 0. NaN stays.
    ExponentialSums (*exponentiate)(T* row, std::size_t size, T high);

    // The same; `logs` of the result is 0.
    ExponentialSums (*exponentiate_only)(T* row, std::size_t size, T high);

    void (*scale)(T* row, std::size_t size, T factor);

    // The sum of w * (g - shift).
    double (*weighted_sum)(const T* weights, const T* gradients, std::size_t size, T shift);

    // From gradients of weights to those of scores, in place: g becomes w * ((g - shift) - dot).
    SoftmaxGradientSums (*softmax_backward)(const T* weights, T* gradients, std::size_t size,
                                            T shift, T dot);

    PowerSums (*power_sums)(const T* row, std::size_t size);

    // cap * tanh(score / cap), in place.
    void (*softcap)(T* row, std::size_t size, T cap);
};

// The kernels to use: those of the best instruction set that the machine has, or of the one that
// the environment variable ATTN_KERNELS names. Throws Error where there are none of that name.
template <class T>
const Kernels<T>& kernels();

constexpr const char* kKernelsVariable = "ATTN_KERNELS";

}  // namespace attn
