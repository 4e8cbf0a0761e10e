// Known mistakes, committed on purpose, as a program that makes them would save what comes out.
#pragma once

#include <random>
#include <vector>

#include "analysis/hypotheses.hpp"
#include "analysis/observation.hpp"
#include "analysis/other_relative.hpp"
#include "support/worlds.hpp"

namespace attn::test {

using analysis::DenseAttention;
using analysis::Fit;
using analysis::Hypothesis;
using analysis::Mistakes;
using analysis::Observed;
using analysis::Rounding;

inline Array<double> part(const DenseAttention& attention, Observed kind) {
    return kind == Observed::weights  ? attention.weights
           : kind == Observed::scores ? attention.scores
                                      : attention.output;
}

// What a program with the mistakes would save: computed, then stored with fewer bits.
inline Array<double> observe(const World& world, const std::vector<const Hypothesis*>& planted,
                             Observed kind, Rounding rounding) {
    Mistakes mistakes;
    bool drops = false, drops_last = false;
    for (const Hypothesis* hypothesis : planted) {
        hypothesis->commit(world.inputs(), mistakes);
        if (hypothesis->fit == Fit::scale) mistakes.scale = 0.77;
        if (hypothesis->fit == Fit::epsilon) mistakes.input_epsilon = 0.03;
        if (hypothesis->fit == Fit::epsilon_everywhere) mistakes.input_epsilon = 0.3;
        if (hypothesis->fit == Fit::head_order) {
            for (std::size_t head = world.q.array.empty() ? 4 : world.q.view.heads; head-- > 0;)
                mistakes.head_order.push_back(head);
        }
        if (hypothesis->fit == Fit::theta) mistakes.rotary_theta = 23;
        if (hypothesis->fit == Fit::temperature) mistakes.temperature = 1.6;
        if (hypothesis->fit == Fit::softcap) mistakes.softcap = 0.8;
        if (hypothesis->fit == Fit::bias_factor) mistakes.bias_factor = 1.7;
        if (hypothesis->fit == Fit::mask_value) mistakes.mask_value = -2.5;
        if (hypothesis->fit == Fit::input_factor) mistakes.input_factor = 1.07;
        if (hypothesis->fit == Fit::sink) mistakes.sinks = {0.4, -1, 1.3, 0};
        if (hypothesis->fit == Fit::rounding) mistakes.arithmetic = Rounding::float16;
        if (hypothesis->fit == Fit::value_order) {
            for (std::size_t head = world.q.array.empty() ? 2 : world.k.view.heads; head-- > 0;)
                mistakes.value_order.push_back(head);
        }
        if (hypothesis->fit == Fit::kv_order) {
            for (std::size_t head = world.q.array.empty() ? 2 : world.k.view.heads; head-- > 0;)
                mistakes.kv_order.push_back(head);
        }
        if (hypothesis->fit == Fit::averaged_heads) mistakes.averaged_kv_heads = 2;
        if (hypothesis->fit == Fit::masked_key) mistakes.masked_key = 1;
        if (hypothesis->fit == Fit::alibi_heads) mistakes.alibi = {0.5, 0.25};  // of 8 heads
        if (hypothesis->fit == Fit::top_keys) mistakes.top_keys = 3;
        if (hypothesis->fit == Fit::max_distance)
            mistakes.relative = analysis::with_max_distance(world.options.mask.relative, 2, 8);
        if (hypothesis->fit == Fit::relative_layer)
            mistakes.relative = world.other_relative[0].second;
        if (hypothesis->fit == Fit::pair_split)
            mistakes.other_pairs_until = world.options.rotary->frequencies.radians.size();
        drops = drops || hypothesis->fit == Fit::dropout;
        drops_last = drops_last || hypothesis->fit == Fit::dropout_in_rows;
    }
    const DenseAttention attention = analysis::compute_dense(world.inputs(), mistakes);
    const Array<double> exact = part(attention, kind);
    std::vector<double> values(exact.data(), exact.data() + exact.size());
    std::mt19937 random(99);
    for (double& value : values) {
        const auto number = static_cast<std::size_t>(&value - values.data());
        const std::size_t row =
            number / exact.shape().back() % exact.extent(exact.shape().size() - 2);
        if (drops || (drops_last && row >= 3)) value = random() % 4 == 0 ? 0 : value / 0.75;
        value = rounding == Rounding::none ? static_cast<double>(static_cast<float>(value))
                                           : analysis::round_to(rounding, value);
    }
    return {exact.shape(), values};
}

}  // namespace attn::test
