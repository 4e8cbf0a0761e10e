#include "attention/position_bias.hpp"

#include <algorithm>
#include <cmath>

namespace attn {

std::vector<double> alibi_slopes(std::size_t heads) {
    const auto slopes_of_power = [](std::size_t power) {
        std::vector<double> slopes;
        for (std::size_t h = 1; h <= power; ++h) {
            slopes.push_back(std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(power)));
        }
        return slopes;
    };
    std::size_t power = 1;
    while (power * 2 <= heads) power *= 2;
    std::vector<double> slopes = slopes_of_power(power);
    const std::vector<double> finer = slopes_of_power(2 * power);
    for (std::size_t place = 0; slopes.size() < heads; place += 2) slopes.push_back(finer[place]);
    return slopes;
}

std::size_t relative_bucket(std::ptrdiff_t distance, const RelativeBuckets& options) {
    std::size_t buckets = options.buckets;
    std::size_t first = 0;
    std::ptrdiff_t back = -distance;  // how far the key lies before the query
    if (options.bidirectional) {
        buckets /= 2;
        if (back < 0) first = buckets;
        back = std::abs(back);
    }
    const auto steps = static_cast<std::size_t>(std::max<std::ptrdiff_t>(back, 0));
    const std::size_t exact = buckets / 2;
    if (steps < exact) return first + steps;
    // float32, as in the models that were trained with it: at the edges of buckets it decides.
    const float position =
        std::log(static_cast<float>(steps) / static_cast<float>(exact)) /
        std::log(static_cast<float>(options.max_distance) / static_cast<float>(exact)) *
        static_cast<float>(buckets - exact);
    return first + std::min(buckets - 1, exact + static_cast<std::size_t>(position));
}

}  // namespace attn
