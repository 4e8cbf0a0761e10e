#include "attention/block_backward.hpp"

#include "attention/divided_rows.hpp"
#include "attention/feed_forward_backward.hpp"
#include "attention/normalisation_backward.hpp"

namespace attn {
namespace {

template <class T>
BlockGradients<T> backward_of_rows(const BlockWeights<T>& block, const Array<T>& x,
                                   const Array<T>& attended, const Array<T>& d_output) {
    const Array<T> sum = add(x, normalise(attended, block.after_attention));
    const Array<T> y = block.parallel ? sum : normalise(sum, block.after_attention_sum);
    Array<T> d_y = d_output, around;
    if (block.feed_forward) {
        const Array<T>& reads = block.parallel ? x : y;
        const Array<T> read = normalise(reads, block.before_feed_forward);
        const Array<T> given = feed_forward(read, *block.feed_forward);
        const Array<T> total = add(y, normalise(given, block.after_feed_forward));
        d_y = normalise_backward(total, block.after_feed_forward_sum, d_output).x;
        const Array<T> d_given = normalise_backward(given, block.after_feed_forward, d_y).x;
        const Array<T> d_read = feed_forward_backward(read, *block.feed_forward, d_given);
        around = normalise_backward(reads, block.before_feed_forward, d_read).x;
        if (!block.parallel) d_y = add(d_y, around);
    }
    // A parallel block without a feed-forward part is one like the others.
    const bool has_norm = !block.parallel || !block.feed_forward;
    const Array<T> d_sum =
        has_norm ? normalise_backward(sum, block.after_attention_sum, d_y).x : d_y;
    BlockGradients<T> gradients;
    gradients.attended = normalise_backward(attended, block.after_attention, d_sum).x;
    gradients.x = block.parallel && block.feed_forward ? add(d_sum, around) : d_sum;
    return gradients;
}

// [1, rows, columns of both] of two arrays [1, rows, columns].
template <class T>
Array<T> side_by_side(const Array<T>& a, const Array<T>& b) {
    std::vector<T> values;
    values.reserve(a.size() + b.size());
    const std::size_t width_a = a.extent(2), width_b = b.extent(2);
    for (std::size_t row = 0; row < a.extent(1); ++row) {
        values.insert(values.end(), a.data() + row * width_a, a.data() + (row + 1) * width_a);
        values.insert(values.end(), b.data() + row * width_b, b.data() + (row + 1) * width_b);
    }
    return Array<T>({1, a.extent(1), width_a + width_b}, std::move(values));
}

// Columns first … first + shape.back() - 1 of all rows, under this shape.
template <class T>
Array<T> columns_of(const Array<T>& rows, std::size_t first, const Shape& shape) {
    std::vector<T> values;
    values.reserve(rows.extent(0) * shape.back());
    for (std::size_t row = 0; row < rows.extent(0); ++row) {
        const T* from = rows.data() + row * rows.extent(1) + first;
        values.insert(values.end(), from, from + shape.back());
    }
    return Array<T>(shape, std::move(values));
}

}  // namespace

template <class T>
BlockGradients<T> block_backward(const BlockWeights<T>& block, const Array<T>& x,
                                 const Array<T>& attended, const Array<T>& d_output,
                                 const Communicator& ranks) {
    if (ranks.is_alone()) return backward_of_rows(block, x, attended, d_output);
    const Array<T> both =
        divide_rows<T>(ranks, x.extent(0) * x.extent(1), [&](std::size_t first, std::size_t count) {
            const BlockGradients<T> some = backward_of_rows(block, some_rows_of(x, first, count),
                                                            some_rows_of(attended, first, count),
                                                            some_rows_of(d_output, first, count));
            return side_by_side(some.x, some.attended);
        });
    return {columns_of(both, 0, x.shape()), columns_of(both, x.extent(2), attended.shape())};
}

template <class T>
Array<T> attention_input_backward(const BlockWeights<T>& block, const Array<T>& x,
                                  const Array<T>& d_input) {
    return normalise_backward(x, block.before_attention, d_input).x;
}

template BlockGradients<float> block_backward(const BlockWeights<float>&, const Array<float>&,
                                              const Array<float>&, const Array<float>&,
                                              const Communicator&);
template BlockGradients<double> block_backward(const BlockWeights<double>&, const Array<double>&,
                                               const Array<double>&, const Array<double>&,
                                               const Communicator&);
template Array<float> attention_input_backward(const BlockWeights<float>&, const Array<float>&,
                                               const Array<float>&);
template Array<double> attention_input_backward(const BlockWeights<double>&, const Array<double>&,
                                                const Array<double>&);

}  // namespace attn
