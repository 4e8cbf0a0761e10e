#include "attention/rotary_frequencies.hpp"

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

constexpr double kTurn = 6.283185307179586;  // radians

std::vector<double> plain(std::size_t dim, double theta) {
    std::vector<double> radians;
    for (std::size_t k = 0; k < dim / 2; ++k) {
        const double exponent = -2.0 * static_cast<double>(k) / static_cast<double>(dim);
        radians.push_back(std::pow(theta, exponent));
    }
    return radians;
}

double dynamic_theta(std::size_t dim, double theta, const RotaryScaling& scaling, double length) {
    if (length <= scaling.original_length) return theta;
    const double stretch = scaling.factor * length / scaling.original_length - (scaling.factor - 1);
    const auto d = static_cast<double>(dim);
    return theta * std::pow(stretch, d / (d - 2));
}

double stretch_llama3(double radians, const RotaryScaling& scaling) {
    const double turns = scaling.original_length * radians / kTurn;  // over the original length
    if (turns < scaling.low_freq_factor) return radians / scaling.factor;
    if (turns > scaling.high_freq_factor) return radians;
    const double share =
        (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
    return (1 - share) * radians / scaling.factor + share * radians;
}

// The (fractional) pair that turns so many times over the original length.
double pair_of_turns(double turns, std::size_t dim, double theta, const RotaryScaling& scaling) {
    return static_cast<double>(dim) * std::log(scaling.original_length / (turns * kTurn)) /
           (2 * std::log(theta));
}

void stretch_yarn(std::size_t dim, double theta, const RotaryScaling& scaling,
                  std::vector<double>& radians) {
    double low = pair_of_turns(scaling.beta_fast, dim, theta, scaling);
    double high = pair_of_turns(scaling.beta_slow, dim, theta, scaling);
    if (scaling.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, static_cast<double>(dim) - 1);
    if (high == low) high += 0.001;
    for (std::size_t k = 0; k < radians.size(); ++k) {
        const double slow = std::clamp((static_cast<double>(k) - low) / (high - low), 0.0, 1.0);
        radians[k] *= slow / scaling.factor + (1 - slow);
    }
}

double yarn_magnitude(const RotaryScaling& scaling) {
    const auto magnitude = [&](double weight) {
        return scaling.factor <= 1 ? 1.0 : 0.1 * weight * std::log(scaling.factor) + 1;
    };
    if (scaling.attention_factor) return *scaling.attention_factor;
    if (scaling.mscale && scaling.mscale_all_dim)
        return magnitude(*scaling.mscale) / magnitude(*scaling.mscale_all_dim);
    return magnitude(1);
}

}  // namespace

RotaryFrequencies rotary_frequencies(std::size_t dim, double theta, const RotaryScaling& scaling,
                                     double length) {
    if (scaling.kind == RotaryStretch::dynamic)
        return {plain(dim, dynamic_theta(dim, theta, scaling, length)), 1, theta};
    RotaryFrequencies result{plain(dim, theta), 1, theta};
    switch (scaling.kind) {
        case RotaryStretch::linear:
            for (double& radians : result.radians) radians /= scaling.factor;
            break;
        case RotaryStretch::llama3:
            for (double& radians : result.radians) radians = stretch_llama3(radians, scaling);
            break;
        case RotaryStretch::yarn:
            stretch_yarn(dim, theta, scaling, result.radians);
            result.magnitude = yarn_magnitude(scaling);
            break;
        case RotaryStretch::none:
        case RotaryStretch::dynamic:
            break;
    }
    return result;
}

}  // namespace attn
