#include "attention/block.hpp"

namespace attn {

template <class T>
Array<T> attention_input(const BlockWeights<T>& block, const Array<T>& x) {
    return normalise(x, block.before_attention);
}

template <class T>
Array<T> block_output(const BlockWeights<T>& block, const Array<T>& x, const Array<T>& attended) {
    const Array<T> sum = add(x, normalise(attended, block.after_attention));
    if (!block.feed_forward) return normalise(sum, block.after_attention_sum);
    const Array<T> y = block.parallel ? sum : normalise(sum, block.after_attention_sum);
    const Array<T> read = normalise(block.parallel ? x : y, block.before_feed_forward);
    const Array<T> fed =
        normalise(feed_forward(read, *block.feed_forward), block.after_feed_forward);
    return normalise(add(y, fed), block.after_feed_forward_sum);
}

template <class T>
Array<T> add(const Array<T>& x, const Array<T>& y) {
    assert(x.shape() == y.shape());
    std::vector<T> sum(x.size());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = x.data()[i] + y.data()[i];
    return Array<T>(x.shape(), std::move(sum));
}

template Array<float> attention_input(const BlockWeights<float>&, const Array<float>&);
template Array<double> attention_input(const BlockWeights<double>&, const Array<double>&);
template Array<float> block_output(const BlockWeights<float>&, const Array<float>&,
                                   const Array<float>&);
template Array<double> block_output(const BlockWeights<double>&, const Array<double>&,
                                    const Array<double>&);
template Array<float> add(const Array<float>&, const Array<float>&);
template Array<double> add(const Array<double>&, const Array<double>&);

}  // namespace attn
