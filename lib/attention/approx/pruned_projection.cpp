#include "attention/approx/pruned_projection.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "attention/approx/quantiser.hpp"

namespace attn::approx {

void prune_weights(const Options& options, Matrix<double>& weights) {
    std::vector<double>& values = weights.values;
    const double share = options.real("share");
    const auto count =
        std::min(values.size(),
                 static_cast<std::size_t>(std::floor(share * static_cast<double>(values.size()))));
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(order.begin(), end, order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(std::abs(values[a]), a) < std::pair(std::abs(values[b]), b);
    });
    std::for_each(order.begin(), end, [&](std::size_t index) { values[index] = 0; });
}

void quantise_weights(const Options& options, Matrix<double>& weights) {
    QuantRule rule;
    rule.bits = static_cast<unsigned>(options.whole("bits"));
    rule.axis = QuantAxis::channel;
    rule.group = options.whole("group");
    if (options.word("kind") == "nf4") rule.kind = QuantKind::nf4;
    quantise(rule, weights, weights.rows);
}

}  // namespace attn::approx
