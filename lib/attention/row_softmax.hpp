// Softmax of one row whose scores come in pieces (online softmax, Milakov and Gimelshein 2018):
// each piece is exponentiated while it is hot, whatever comes after.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/kernels.hpp"

namespace attn {

template <class T>
class RowSoftmax {
  public:
    // `sink` is the logit of one more key that is not there (-inf: none): the weights then sum to
    // less than one. `with_entropy`: entropy() will be asked for.
    explicit RowSoftmax(T sink, bool with_entropy = false)
        : with_entropy_(with_entropy), high_(sink), sum_(sink == kNothing ? 0 : 1) {}

    // Replaces scores by exp(score - high()), which this piece may have raised. Returns what all
    // earlier pieces must be multiplied with to stand beside it. NaN and +inf make the row NaN.
    // `largest` is that of the scores: -inf for none, NaN if any is.
    T add(const Kernels<T>& kernels, T* scores, std::size_t size, T largest) {
        if (largest == kNothing) {
            std::fill(scores, scores + size, T{0});
            return T{1};
        }
        has_keys_ = true;
        if (std::isnan(largest)) {
            std::fill(scores, scores + size, largest);
            sum_ = logs_ = static_cast<double>(largest);
            return T{1};
        }
        T factor{1};
        if (largest > high_) {
            factor = high_ == kNothing ? T{0} : std::exp(high_ - largest);
            rescale(static_cast<double>(largest) - static_cast<double>(high_),
                    static_cast<double>(factor));
            high_ = largest;
        }
        const ExponentialSums sums = with_entropy_ ? kernels.exponentiate(scores, size, high_)
                                                   : kernels.exponentiate_only(scores, size, high_);
        keys_ += sums.sum;
        sum_ += sums.sum;
        logs_ += sums.logs;
        return factor;
    }

    // The largest score so far.
    T high() const { return high_; }

    // Whether any key may be attended. Without one all weights are zero.
    bool has_keys() const { return has_keys_; }

    // Turns what add() left, when high() was `high`, into weights.
    T factor(T high) const {
        if (!has_keys_) return T{0};
        if (high == high_) return static_cast<T>(1 / sum_);
        return static_cast<T>(std::exp(static_cast<double>(high) - static_cast<double>(high_)) /
                              sum_);
    }

    // log(sum of exp(score)) with the sink; -inf for a row without keys.
    double log_sum_exp() const { return static_cast<double>(high_) + std::log(sum_); }

    // -Σ w ln w of the weights; needs `with_entropy`.
    double entropy() const { return has_keys_ ? (std::log(sum_) * keys_ - logs_) / sum_ : 0; }

  private:
    // The exponentials so far are relative to a maximum that is `rise` higher now.
    void rescale(double rise, double factor) {
        if (keys_ > 0) logs_ = (logs_ - rise * keys_) * factor;
        keys_ *= factor;
        sum_ *= factor;
    }

    static constexpr T kNothing = -std::numeric_limits<T>::infinity();

    bool with_entropy_;
    T high_;
    double sum_;       // of the exponentials, the sink's too
    double keys_ = 0;  // of the keys' exponentials
    double logs_ = 0;  // of exp(x) * x of the keys, x = score - high_
    bool has_keys_ = false;
};

}  // namespace attn
