#include "attention/block_backward.hpp"

#include "attention/feed_forward_backward.hpp"
#include "attention/normalisation_backward.hpp"

namespace attn {

template <class T>
BlockGradients<T> block_backward(const BlockWeights<T>& block, const Array<T>& x,
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

template <class T>
Array<T> attention_input_backward(const BlockWeights<T>& block, const Array<T>& x,
                                  const Array<T>& d_input) {
    return normalise_backward(x, block.before_attention, d_input).x;
}

template BlockGradients<float> block_backward(const BlockWeights<float>&, const Array<float>&,
                                              const Array<float>&, const Array<float>&);
template BlockGradients<double> block_backward(const BlockWeights<double>&, const Array<double>&,
                                               const Array<double>&, const Array<double>&);
template Array<float> attention_input_backward(const BlockWeights<float>&, const Array<float>&,
                                               const Array<float>&);
template Array<double> attention_input_backward(const BlockWeights<double>&, const Array<double>&,
                                                const Array<double>&);

}  // namespace attn
