#include "analysis/layer_growth.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {
namespace {

using approx::LayerCost;
using approx::LayerSize;

// The slope of the logarithms, where all values are there.
double exponent_of(const std::vector<std::size_t>& lengths, const std::vector<double>& values) {
    std::vector<double> x;
    for (const std::size_t n : lengths) x.push_back(static_cast<double>(n));
    for (const double value : values) {
        if (!(value > 0)) return std::numeric_limits<double>::quiet_NaN();
    }
    return approx::growth_exponent(x, values);
}

// `most` lengths at the most, in equal steps of their logarithms.
std::vector<std::size_t> many_lengths(std::size_t first, std::size_t last, std::size_t most) {
    std::vector<std::size_t> lengths;
    for (std::size_t i = 0; i < most; ++i) {
        const double at = static_cast<double>(i) / static_cast<double>(most - 1);
        const double n = static_cast<double>(first) *
                         std::pow(static_cast<double>(last) / static_cast<double>(first), at);
        lengths.push_back(static_cast<std::size_t>(std::llround(n)));
    }
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    return lengths;
}

// What all rows are made for.
struct Lengths {
    const LayerSize& model;
    const std::vector<std::size_t>& asked;
    const std::vector<std::size_t>& curve;
    const GrowthTimes& times;
};

template <class CostOfLength>
GrowthRow grown_row(std::string name, const Lengths& lengths, const CostOfLength& cost) {
    GrowthRow row;
    row.layer = std::move(name);
    const auto at = [&](std::size_t n) {
        LayerSize size = lengths.model;
        size.n = n;
        return cost(size);
    };
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    const auto own = lengths.times.find(row.layer);
    std::vector<double> flops;
    for (const std::size_t n : lengths.asked) {
        row.costs.push_back(at(n));
        flops.push_back(static_cast<double>(row.costs.back().flops));
        row.errors.push_back(kNone);
        const bool timed = own != lengths.times.end() && own->second.count(n) > 0;
        row.times.push_back(timed ? own->second.at(n) : kNone);
    }
    for (const std::size_t n : lengths.curve) row.curve.push_back(static_cast<double>(at(n).flops));
    row.exponent = exponent_of(lengths.asked, flops);
    row.time_exponent = exponent_of(lengths.asked, row.times);
    return row;
}

LayerCost cost_of_method(const GrowthMethod& method, const LayerSize& size) {
    if (method.method->name == "local") return approx::local_layer(size, method.options);
    if (method.method->name == "linear") return approx::linear_layer(size);
    return approx::performer_layer(size, method.options.whole("features"));
}

}  // namespace

bool grows_by_formula(const approx::MethodRow& method) {
    return method.name == "local" || method.name == "linear" || method.name == "performer";
}

LayerGrowth grow_layers(const LayerSize& size, std::vector<std::size_t> lengths,
                        const std::vector<GrowthMethod>& methods, const GrowthTimes& times) {
    std::sort(lengths.begin(), lengths.end());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    LayerGrowth growth;
    growth.input = size.n;
    constexpr std::size_t kCurve = 64;
    growth.curve_lengths = many_lengths(lengths.front(), lengths.back(), kCurve);
    const Lengths all{size, lengths, growth.curve_lengths, times};
    growth.rows.push_back(grown_row("attention", all, approx::attention_layer));
    for (std::size_t i = 0; i < lengths.size() && lengths[i] <= size.n; ++i)
        growth.rows.back().errors[i] = 0;
    for (const GrowthMethod& method : methods) {
        if (!grows_by_formula(*method.method)) continue;
        growth.rows.push_back(grown_row(
            method.spec, all, [&](const LayerSize& one) { return cost_of_method(method, one); }));
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            const auto found = method.errors.find(lengths[i]);
            if (found != method.errors.end()) growth.rows.back().errors[i] = found->second;
        }
    }
    for (const auto kind :
         {approx::Recurrent::rnn, approx::Recurrent::gru, approx::Recurrent::lstm}) {
        growth.rows.push_back(grown_row(approx::name_of(kind), all, [&](const LayerSize& one) {
            return approx::recurrent_layer(kind, one);
        }));
        growth.rows.back().is_recurrent = true;
    }
    growth.crossings = approx::lstm_crossings(size);
    growth.lengths = std::move(lengths);
    return growth;
}

}  // namespace attn::analysis
