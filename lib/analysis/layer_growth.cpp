#include "analysis/layer_growth.hpp"

#include <algorithm>

namespace attn::analysis {
namespace {

using approx::LayerCost;
using approx::LayerSize;

template <class CostOfLength>
GrowthRow grown_row(std::string name, const LayerSize& model,
                    const std::vector<std::size_t>& lengths, const CostOfLength& cost) {
    GrowthRow row;
    row.layer = std::move(name);
    std::vector<double> x, y;
    for (const std::size_t n : lengths) {
        LayerSize size = model;
        size.n = n;
        row.costs.push_back(cost(size));
        x.push_back(static_cast<double>(n));
        y.push_back(static_cast<double>(row.costs.back().flops));
    }
    row.exponent = approx::growth_exponent(x, y);
    return row;
}

LayerCost cost_of_method(const GrowthMethod& method, const LayerSize& size) {
    if (method.method->name == "local")
        return approx::local_layer(size, std::min(size.n, method.options.whole("window")));
    if (method.method->name == "linear") return approx::linear_layer(size);
    return approx::performer_layer(size, method.options.whole("features"));
}

}  // namespace

bool grows_by_formula(const approx::MethodRow& method) {
    return method.name == "local" || method.name == "linear" || method.name == "performer";
}

LayerGrowth grow_layers(const LayerSize& size, std::vector<std::size_t> lengths,
                        const std::vector<GrowthMethod>& methods) {
    std::sort(lengths.begin(), lengths.end());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    LayerGrowth growth;
    growth.input = size.n;
    growth.rows.push_back(grown_row("attention", size, lengths, approx::attention_layer));
    growth.rows.back().error = 0;
    for (const GrowthMethod& method : methods) {
        if (!grows_by_formula(*method.method)) continue;
        growth.rows.push_back(grown_row(method.spec, size, lengths, [&](const LayerSize& one) {
            return cost_of_method(method, one);
        }));
        growth.rows.back().error = method.error;
    }
    for (const auto kind :
         {approx::Recurrent::rnn, approx::Recurrent::gru, approx::Recurrent::lstm}) {
        growth.rows.push_back(
            grown_row(approx::name_of(kind), size, lengths,
                      [&](const LayerSize& one) { return approx::recurrent_layer(kind, one); }));
        growth.rows.back().is_recurrent = true;
    }
    growth.crossings = approx::lstm_crossings(size);
    growth.lengths = std::move(lengths);
    return growth;
}

}  // namespace attn::analysis
