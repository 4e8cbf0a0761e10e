#include "attention/approx/weight_limit.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <limits>
#include <vector>

#include "core/aligned_buffer.hpp"
#include "kernels/kept_kernels.hpp"

namespace attn::approx {
namespace {

// So many are sorted.
constexpr std::size_t kFew = 16;
// The place of the limit in a sample of so many tells its place in the row, give or take some.
constexpr std::size_t kMargin = 2;

using Sample = std::array<double, kFew>;

Sample sorted(const Sample& weights) {
    Sample result;
    kept_kernels<double>().sort_few(weights.data(), weights.size(), result.data());
    return result;
}

// What stands above some weight.
struct Above {
    std::size_t count = 0;
    double mass = 0;
};

struct CountGoal {
    std::size_t count;

    bool is_reached(const Above& above) const { return above.count >= count; }
    // Where in the falling sample of weights that have so many above them the goal is about.
    std::size_t place(const Sample&, const Above& above, std::size_t size, double /*mass*/) const {
        return (count - above.count) * kFew / size;
    }
};

struct MassGoal {
    double mass;

    bool is_reached(const Above& above) const { return above.count > 0 && above.mass >= mass; }
    std::size_t place(const Sample& sample, const Above& above, std::size_t /*size*/,
                      double all) const {
        double sum = 0;
        for (const double weight : sample) sum += weight;
        const double wanted = all > 0 ? (mass - above.mass) / all * sum : 0;
        std::size_t place = 0;
        for (double seen = sample[0]; seen < wanted && place + 1 < kFew;) seen += sample[++place];
        return place;
    }
};

// Narrows the weights among which the limit is, between two weights of a sample at a time (Floyd
// and Rivest 1975).
template <class Goal>
class Narrowing {
  public:
    Narrowing(Span<const double> weights, double mass, Goal goal)
        : kernels_(kernels<double>()), goal_(goal), rest_(weights), mass_(mass) {}

    WeightLimit find() {
        while (rest_.size() > kFew && narrow()) {
        }
        return walk();
    }

  private:
    // Whether less is left than before.
    bool narrow() {
        const Sample sample = sample_of_rest();
        const std::size_t size = rest_.size();
        const std::size_t place = goal_.place(sample, above_, size, mass_);
        double low = -1, high = std::numeric_limits<double>::infinity();
        Above above_low{above_.count + size, above_.mass + mass_}, above_high = above_;
        const auto see = [&](double weight) {
            if (!(weight > low && weight < high)) return;
            Above above = above_;
            std::size_t count = 0;
            above.mass += kernels_.sum_above(rest_.data(), size, weight, &count);
            above.count += count;
            if (goal_.is_reached(above)) {
                low = weight;
                above_low = above;
            } else {
                high = weight;
                above_high = above;
            }
        };
        if (place + kMargin < kFew) see(sample[place + kMargin]);
        if (place >= kMargin) see(sample[place - kMargin]);
        if (above_low.count - above_high.count == size) return false;
        keep_between(low, high, above_low.count - above_high.count);
        mass_ = above_low.mass - above_high.mass;
        above_ = above_high;
        return true;
    }

    Sample sample_of_rest() const {
        Sample sample;
        for (std::size_t i = 0; i < kFew; ++i) sample[i] = rest_[i * rest_.size() / kFew];
        return sorted(sample);
    }

    void keep_between(double low, double high, std::size_t count) {
        // The first time; then they move up where they are: no more is written than was read.
        if (!place_) {
            if (count + kernels_.lanes > kSome)
                buffer_ = AlignedBuffer<double>(count + kernels_.lanes);
            place_ = buffer_.empty() ? some_ : buffer_.data();
        }
        rest_ = {place_, kernels_.collect(rest_.data(), rest_.size(), low, high, place_)};
    }

    WeightLimit walk() const {
        if (rest_.size() > kFew) {
            std::vector<double> weights(rest_.begin(), rest_.end());
            std::sort(weights.begin(), weights.end(), std::greater<>());
            return walk({weights.data(), weights.size()});
        }
        Sample weights;
        weights.fill(-1);
        std::copy(rest_.begin(), rest_.end(), weights.begin());
        weights = sorted(weights);
        return walk({weights.data(), rest_.size()});
    }

    // What is left, from the largest down.
    WeightLimit walk(Span<const double> weights) const {
        Above above = above_;
        WeightLimit result;
        for (const double weight : weights) {
            if (result.ties == 0 || weight != result.limit) result = {weight, above.count, 0};
            ++result.ties;
            ++above.count;
            above.mass += weight;
            if (goal_.is_reached(above)) break;
        }
        return result;
    }

    const Kernels<double>& kernels_;
    Goal goal_;
    Span<const double> rest_;
    double mass_;  // of what is left
    // Where what is left is after the first time; on the heap where there is more of it.
    static constexpr std::size_t kSome = 512;
    alignas(64) double some_[kSome];
    AlignedBuffer<double> buffer_;
    double* place_ = nullptr;
    Above above_;  // what is left
};

}  // namespace

WeightLimit limit_of_count(Span<const double> weights, std::size_t count) {
    assert(count > 0 && count <= weights.size());
    // Masses do not matter to it.
    return Narrowing<CountGoal>(weights, 0, {count}).find();
}

WeightLimit limit_of_mass(Span<const double> weights, double sum, double wanted) {
    assert(!weights.empty());
    return Narrowing<MassGoal>(weights, sum, {wanted}).find();
}

}  // namespace attn::approx
