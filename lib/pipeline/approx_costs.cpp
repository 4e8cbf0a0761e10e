#include "pipeline/approx_costs.hpp"

#include <map>
#include <utility>

#include "attention/approx/mask_cells.hpp"

namespace attn::pipeline {

void tell_pays_from(const ChosenMethods& chosen, bool causal,
                    const std::function<approx::Sizes(std::size_t)>& widths_of_layer,
                    std::vector<results::ApproxRow>& rows) {
    std::size_t next = 0;
    for (results::ApproxRow& row : rows) {
        if (!row.skipped.empty()) continue;
        const analysis::ApproxMethod& method = chosen.methods()[chosen.runs()[next++].first];
        if (method.budgets) continue;  // heads differ
        std::vector<approx::MethodUse> parts;
        for (const auto& part : method.parts) parts.push_back({part.row, &part.options});
        std::map<std::pair<std::size_t, std::size_t>, double> found;
        const auto of_layer = [&](std::size_t layer) {
            const approx::Sizes widths = widths_of_layer(layer);
            const auto key = std::make_pair(widths.d_head, widths.d_value);
            if (found.count(key) == 0) {
                const auto length = approx::pays_from(parts, widths, causal);
                found[key] = length ? static_cast<double>(*length) : analysis::kNoMeasure;
            }
            return found[key];
        };
        for (auto& layer : row.layers) layer.measures.pays_from = of_layer(layer.layer);
        for (auto& head : row.heads) head.measures.pays_from = of_layer(head.layer);
        if (found.size() == 1) row.run.pays_from = found.begin()->second;
    }
}

void tell_times(const std::vector<analysis::LayerTimes>& layers, const ChosenMethods& chosen,
                results::ApproxReport& report) {
    double exact = 0;
    for (const analysis::LayerTimes& layer : layers) exact += layer.exact;
    report.exact_time = exact;
    std::size_t next = 0;
    for (results::ApproxRow& row : report.methods) {
        if (!row.skipped.empty()) continue;
        const std::size_t method = chosen.runs()[next++].first;
        double sum = 0;
        for (const analysis::LayerTimes& times : layers) {
            const double time = times.methods[method].value_or(analysis::kNoMeasure);
            sum += time;
            for (auto& layer : row.layers) {
                if (layer.layer != times.layer) continue;
                layer.measures.time = time;
                layer.measures.time_ratio = time / times.exact;
            }
        }
        row.run.time = sum;
        row.run.time_ratio = sum / exact;
    }
}

}  // namespace attn::pipeline
