#include "analysis/keys_for_90.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace attn::analysis {
namespace {

constexpr double kShare = 0.9;
// Weights that differ by a smaller part are as good as equal.
constexpr double kEqual = 1e-6;
// So many are sorted.
constexpr std::size_t kFew = 8;
// Numbers that need no memory of their own: those few, and what kernels write behind them.
constexpr std::size_t kRoom = 64;
// So many are copied, and the rest of the row is not looked at again.
constexpr std::size_t kSome = 256;

// Where the threshold can be: the weights above `low` reach the share, those above `high` do not.
template <class T>
class Bracket {
  public:
    Bracket(Span<const T> weights, const WeightSums& sums)
        : weights_(weights),
          low_(static_cast<T>((sums.sum - kShare) / static_cast<double>(weights.size()))),
          high_(static_cast<T>(sums.largest)),
          low_count_(weights.size()),
          low_sum_(sums.sum) {}

    double low() const { return static_cast<double>(low_); }
    double high() const { return static_cast<double>(high_); }
    bool is_equal() const { return high() <= low() * (1 + kEqual); }
    bool is_narrow() const { return !(low() > 0) || between() <= kFew || is_equal(); }
    bool contains(double threshold) const { return threshold > low() && threshold < high(); }

    // Moves one of the ends to the threshold, which is between them. Returns by how much the
    // weights above it exceed the share.
    double split(T threshold) {
        std::size_t count = 0;
        double sum = kernels<T>().sum_above(weights_.data(), weights_.size(), threshold, &count);
        count += left_out_count_;
        sum += left_out_sum_;
        if (sum >= kShare) {
            low_ = threshold;
            low_count_ = count;
            low_sum_ = sum;
        } else {
            high_ = threshold;
            high_count_ = count;
            high_sum_ = sum;
        }
        if (between() <= kSome && weights_.size() > 2 * kSome) leave_out_the_rest();
        return sum - kShare;
    }

    // How many of the largest weights reach the share.
    std::size_t count() const {
        const double missing = kShare - high_sum_;
        if (between() > kFew && is_equal()) {
            const double one = (low_sum_ - high_sum_) / static_cast<double>(between());
            return high_count_ + static_cast<std::size_t>(std::ceil(missing / one));
        }
        // Memory for a few would take longer than they do.
        std::array<T, kRoom> few;
        if (between() + kernels<T>().lanes <= few.size())
            return high_count_ + count_to(missing, few.data(), collect_between(few.data()));
        std::vector<T> rest = weights_between();
        return high_count_ + count_to(missing, rest.data(), rest.size());
    }

  private:
    std::size_t between() const { return low_count_ - high_count_; }

    std::size_t collect_between(T* found) const {
        return kernels<T>().collect(weights_.data(), weights_.size(), low_, high_, found);
    }

    std::vector<T> weights_between() const {
        std::vector<T> found(between() + kernels<T>().lanes);
        found.resize(collect_between(found.data()));
        return found;
    }

    // How many of the largest reach the sum.
    static std::size_t count_to(double missing, T* weights, std::size_t size) {
        std::make_heap(weights, weights + size);
        double sum = 0;
        std::size_t taken = 0;
        for (T* end = weights + size; sum < missing && end != weights; ++taken) {
            std::pop_heap(weights, end);
            sum += static_cast<double>(*--end);
        }
        return taken;
    }

    void leave_out_the_rest() {
        some_ = weights_between();
        weights_ = {some_.data(), some_.size()};
        left_out_count_ = high_count_;
        left_out_sum_ = high_sum_;
    }

    Span<const T> weights_;
    std::vector<T> some_;
    std::size_t left_out_count_ = 0;  // of the largest, which are not in weights_
    double left_out_sum_ = 0;
    T low_, high_;
    std::size_t low_count_, high_count_ = 0;  // of the weights above
    double low_sum_, high_sum_ = 0;
};

// Finds the threshold by the secant rule. It begins as if the logarithms of the weights were spread
// normally: of their mass, too, which then has the mean -entropy and the variance
// 2 (ln Σw² + entropy); a tenth of it lies below the mean - 1.28 deviations.
class Secant {
  public:
    Secant(const WeightSums& sums, double entropy) {
        const double mean = -entropy / sums.sum;
        const double variance = 2 * (std::log(sums.squares / sums.sum) - mean);
        const double deviation = std::sqrt(std::max(variance, 1e-6));
        next_ = std::exp(mean - 1.2816 * deviation);
        density_ = 0.1755 / (deviation * next_);
    }

    double next() const { return next_; }

    void learn(double threshold, double excess) {
        const double density = (excess_ - excess) / (threshold - threshold_);
        if (threshold_ > 0 && density > 0) density_ = density;
        threshold_ = threshold;
        excess_ = excess;
        // A little too far, so that the other end of the bracket comes near as well.
        constexpr double kBeyond = static_cast<double>(kFew) / 4;
        const double aim = excess >= 0 ? -kBeyond * threshold : kBeyond * threshold;
        next_ = std::clamp(threshold + (excess - aim) / density_, threshold / 4, threshold * 4);
    }

  private:
    double next_;
    double density_;        // of the mass over the threshold
    double threshold_ = 0;  // that was tried last; 0: none
    double excess_ = 0;
};

}  // namespace

template <class T>
std::size_t keys_for_90(Span<const T> weights, const WeightSums& sums, double entropy) {
    if (!(sums.sum >= kShare)) return weights.size();
    if (sums.largest >= kShare) return 1;
    const double mean = sums.sum / static_cast<double>(weights.size());
    if (sums.largest <= mean * (1 + kEqual))
        return static_cast<std::size_t>(std::ceil(kShare / mean));

    Bracket<T> bracket(weights, sums);
    Secant secant(sums, entropy);
    constexpr int kPatience = 12;  // then halving is sure to end
    for (int step = 0; !bracket.is_narrow(); ++step) {
        double threshold = secant.next();
        if (step > kPatience || !bracket.contains(threshold))
            threshold = std::sqrt(bracket.low() * bracket.high());
        const auto rounded = static_cast<T>(threshold);
        if (!bracket.contains(static_cast<double>(rounded))) break;
        secant.learn(static_cast<double>(rounded), bracket.split(rounded));
    }
    return bracket.count();
}

template std::size_t keys_for_90(Span<const float>, const WeightSums&, double);
template std::size_t keys_for_90(Span<const double>, const WeightSums&, double);

}  // namespace attn::analysis
