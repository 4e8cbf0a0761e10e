#include "attention/block.hpp"

namespace attn {

template <class T>
Array<T> attention_input(const BlockWeights<T>& block, const Array<T>& x) {
    return normalise(x, block.before_attention);
}

template <class T>
Array<T> block_output(const BlockWeights<T>& block, const Array<T>& x, const Array<T>& attended,
                      const OverflowGuard& guard) {
    const Array<T> sum = add(x, normalise(attended, block.after_attention));
    const Array<T> y = block.parallel ? sum : normalise(sum, block.after_attention_sum);
    Array<T> fed, output = y;
    if (block.parallel && !block.feed_forward) output = normalise(sum, block.after_attention_sum);
    if (block.feed_forward) {
        const Array<T> read = normalise(block.parallel ? x : y, block.before_feed_forward);
        fed = normalise(feed_forward(read, *block.feed_forward), block.after_feed_forward);
        output = normalise(add(y, fed), block.after_feed_forward_sum);
    }
    // What is not finite anywhere is not finite at the end: where it began is looked for only then.
    if (guard.finds_fault(output)) {
        guard.check(attended, "the output of the attention");
        guard.check(sum, "the hidden state behind the attention");
        if (!fed.empty()) guard.check(fed, "the output of the feed-forward part");
        guard.check(output, "the hidden state behind the block");
    }
    return output;
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
                                   const Array<float>&, const OverflowGuard&);
template Array<double> block_output(const BlockWeights<double>&, const Array<double>&,
                                    const Array<double>&, const OverflowGuard&);
template Array<float> add(const Array<float>&, const Array<float>&);
template Array<double> add(const Array<double>&, const Array<double>&);

}  // namespace attn
