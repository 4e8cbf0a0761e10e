#include "results/approx_report.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/json_text.hpp"

namespace attn::results {
namespace {

using ApproxJson = nlohmann::ordered_json;

ApproxJson json_number(double value, bool whole = false) {
    if (!std::isfinite(value)) return ApproxJson();
    // Means of counts need not be whole.
    if (whole && value == std::floor(value)) return ApproxJson(static_cast<std::uint64_t>(value));
    return ApproxJson(value);
}

void add_approx_measures(ApproxJson& json, const analysis::ApproxMeasures& measures) {
    for (const analysis::ApproxMeasure& measure : analysis::approx_measures())
        json[measure.name] = json_number(measures.*measure.value, measure.whole);
}

ApproxJson json_of_spread(const analysis::ApproxMeasures& spread) {
    ApproxJson json = ApproxJson::object();
    for (const analysis::ApproxMeasure& measure : analysis::approx_measures())
        json[measure.name] = json_number(spread.*measure.value);
    return json;
}

ApproxJson json_of_row(const ApproxRow& row, const ApproxReport& report) {
    ApproxJson json{{"spec", row.spec}, {"method", row.method}, {"group", row.group}};
    json["options"] = ApproxJson::object();
    for (const auto& [name, value] : row.numbers) {
        const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
        json["options"][name] = json_number(value, whole && value >= 0);
    }
    for (const auto& [name, word] : row.words) json["options"][name] = word;
    json["oracle"] = row.oracle;
    json["time"] = json_number(row.run.time);
    if (row.seeds > 1) json["seeds"] = row.seeds;
    json["skipped"] = row.skipped.empty() ? ApproxJson() : ApproxJson(row.skipped);
    json["layers"] = ApproxJson::array();
    for (const analysis::LayerApproximation& layer : row.layers) {
        ApproxJson one{{"layer", layer.layer}, {"seq", layer.sequence}};
        add_approx_measures(one, layer.measures);
        one["worst_head"] = layer.worst_head;
        one["kept_mass_min_head"] = layer.min_head;
        const auto place = static_cast<std::size_t>(&layer - row.layers.data());
        if (row.seeds > 1) one["std"] = json_of_spread(row.layer_spread[place]);
        if (report.per_head) one["heads"] = ApproxJson::array();
        for (const analysis::HeadApproximation& head : row.heads) {
            if (!report.per_head) break;
            if (head.layer != layer.layer || head.sequence != layer.sequence) continue;
            ApproxJson entry{{"head", head.head}};
            add_approx_measures(entry, head.measures);
            const auto index = static_cast<std::size_t>(&head - row.heads.data());
            if (!row.singular_values.empty()) entry["singular_values"] = row.singular_values[index];
            if (row.seeds > 1) entry["std"] = json_of_spread(row.head_spread[index]);
            one["heads"].push_back(std::move(entry));
        }
        json["layers"].push_back(std::move(one));
    }
    return json;
}

ApproxJson json_of_needs(const ApproxReport& report) {
    ApproxJson list = ApproxJson::array();
    if (!report.needs) return list;
    for (const analysis::NeedsOfHead& head : *report.needs) {
        ApproxJson one{{"layer", head.layer}, {"seq", head.sequence}, {"head", head.head}};
        for (const NeedsFigure& figure : needs_figures()) {
            const auto& value = head.needs.*figure.value;
            one[figure.name] = value ? ApproxJson(*value) : ApproxJson();
        }
        one["prunable"] = head.needs.prunable ? ApproxJson(*head.needs.prunable) : ApproxJson();
        one["verdict"] = head.needs.verdict;
        list.push_back(std::move(one));
    }
    return list;
}

ApproxJson json_of_growth(const ApproxReport& report) {
    ApproxJson list = ApproxJson::array();
    if (!report.growth) return list;
    for (const analysis::GrowthRow& row : report.growth->rows) {
        for (std::size_t i = 0; i < row.costs.size(); ++i) {
            const approx::LayerCost& cost = row.costs[i];
            list.push_back({{"layer", row.layer},
                            {"n", report.growth->lengths[i]},
                            {"flops", cost.flops},
                            {"core_flops", cost.core_flops},
                            {"error", json_number(row.errors[i])},
                            {"time", json_number(row.times[i])},
                            {"exponent", json_number(row.exponent)},
                            {"time_exponent", json_number(row.time_exponent)},
                            {"sequential_steps", cost.sequential_steps},
                            {"path", cost.path},
                            {"state", cost.state}});
        }
    }
    return list;
}

std::string csv_value(double value, bool whole) {
    if (!std::isfinite(value)) return "";
    char text[32];
    std::snprintf(text, sizeof text, whole && value == std::floor(value) ? "%.0f" : "%.9g", value);
    return text;
}

std::string csv_measures(const analysis::ApproxMeasures& measures) {
    std::string text;
    for (const analysis::ApproxMeasure& measure : analysis::approx_measures())
        text += "," + csv_value(measures.*measure.value, measure.whole);
    return text + "\n";
}

// Texts of specs and reasons may hold commas.
std::string csv_text(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string escaped = "\"";
    for (const char c : text) {
        if (c == '"') escaped += '"';
        escaped += c;
    }
    return escaped + "\"";
}

// The mean of some measures and, in `spread`, how far they are from it.
analysis::ApproxMeasures mean_measures(const std::vector<const analysis::ApproxMeasures*>& runs,
                                       analysis::ApproxMeasures& spread) {
    using M = analysis::ApproxMeasures;
    const auto count = static_cast<double>(runs.size());
    M mean;
    for (const analysis::ApproxMeasure& measure : analysis::approx_measures()) {
        double sum = 0, squares = 0;
        for (const M* run : runs) sum += run->*measure.value;
        mean.*measure.value = sum / count;
        for (const M* run : runs) {
            const double away = run->*measure.value - mean.*measure.value;
            squares += away * away;
        }
        spread.*measure.value = std::sqrt(squares / count);
    }
    for (const M* run : runs) {
        if (run == runs.front() || run->worst_row_error > mean.worst_row_error) {
            mean.worst_row_error = run->worst_row_error;
            mean.worst_row = run->worst_row;
        }
        if (run == runs.front() || run->kept_mass_min < mean.kept_mass_min) {
            mean.kept_mass_min = run->kept_mass_min;
            mean.kept_mass_min_row = run->kept_mass_min_row;
        }
    }
    spread.worst_row = spread.kept_mass_min_row = analysis::kNoMeasure;
    return mean;
}

}  // namespace

ApproxRow mean_of_runs(const std::vector<ApproxRow>& runs) {
    ApproxRow row = runs.front();
    row.seeds = runs.size();
    if (runs.size() == 1) return row;
    const auto each = [&](const auto& measures_of, analysis::ApproxMeasures& spread) {
        std::vector<const analysis::ApproxMeasures*> all;
        for (const ApproxRow& run : runs) all.push_back(&measures_of(run));
        return mean_measures(all, spread);
    };
    row.run = each(
        [](const ApproxRow& run) -> const auto& { return run.run; }, row.run_spread);
    row.layer_spread.resize(row.layers.size());
    for (std::size_t i = 0; i < row.layers.size(); ++i)
        row.layers[i].measures = each(
            [i](const ApproxRow& run) -> const auto& { return run.layers[i].measures; },
            row.layer_spread[i]);
    row.head_spread.resize(row.heads.size());
    for (std::size_t i = 0; i < row.heads.size(); ++i)
        row.heads[i].measures = each(
            [i](const ApproxRow& run) -> const auto& { return run.heads[i].measures; },
            row.head_spread[i]);
    return row;
}

std::string approx_json(const ApproxReport& report) {
    ApproxJson json;
    const auto cost = [&](std::uint64_t value) {
        return report.costs ? ApproxJson(value) : ApproxJson();
    };
    json["exact"] = {{"flops", cost(report.exact.flops)},
                     {"bytes_standard", cost(report.exact.bytes_standard)},
                     {"bytes_tiled", cost(report.exact.bytes_tiled)},
                     {"time", report.exact_time ? ApproxJson(*report.exact_time) : ApproxJson()}};
    json["methods"] = ApproxJson::array();
    for (const ApproxRow& row : report.methods) json["methods"].push_back(json_of_row(row, report));
    json["needs"] = json_of_needs(report);
    json["growth"] = json_of_growth(report);
    return io::json_document(json);
}

const std::vector<NeedsFigure>& needs_figures() {
    using N = analysis::HeadNeeds;
    static const std::vector<NeedsFigure> all{
        {"span_90", &N::span_90},
        {"span_95", &N::span_95},
        {"span_99", &N::span_99},
        {"span_95_without_first", &N::span_95_without_first},
        {"local", &N::local},
        {"local_sinks4", &N::local_sinks4},
        {"topk", &N::topk},
        {"rank", &N::rank},
        {"rank_scores", &N::rank_scores},
        {"keys", &N::keys},
        {"bits", &N::bits},
    };
    return all;
}

std::string needs_json(const ApproxReport& report) {
    return io::json_document(json_of_needs(report));
}

std::string needs_csv(const ApproxReport& report) {
    std::string text = report.batch ? "layer,seq,head" : "layer,head";
    for (const NeedsFigure& figure : needs_figures()) text += std::string(",") + figure.name;
    text += ",prunable,verdict\n";
    for (const analysis::NeedsOfHead& head : *report.needs) {
        text += std::to_string(head.layer) + ",";
        if (report.batch) text += std::to_string(head.sequence) + ",";
        text += std::to_string(head.head);
        for (const NeedsFigure& figure : needs_figures()) {
            const auto& value = head.needs.*figure.value;
            text += "," + (value ? std::to_string(*value) : "");
        }
        text += ",";
        if (head.needs.prunable) text += *head.needs.prunable ? "1" : "0";
        text += "," + head.needs.verdict + "\n";
    }
    return text;
}

std::string growth_csv(const ApproxReport& report) {
    std::string text =
        "layer,n,flops,core_flops,error,exponent,sequential_steps,path,state,time,time_exponent\n";
    const auto count = [](std::uint64_t value) { return "," + std::to_string(value); };
    for (const analysis::GrowthRow& row : report.growth->rows) {
        for (std::size_t i = 0; i < row.costs.size(); ++i) {
            const approx::LayerCost& cost = row.costs[i];
            const std::size_t n = report.growth->lengths[i];
            text += csv_text(row.layer) + count(n) + count(cost.flops) + count(cost.core_flops) +
                    "," + csv_value(row.errors[i], false) + "," + csv_value(row.exponent, false) +
                    count(cost.sequential_steps) + count(cost.path) + count(cost.state) + "," +
                    csv_value(row.times[i], false) + "," + csv_value(row.time_exponent, false) +
                    "\n";
        }
    }
    return text;
}

std::string approx_csv(const ApproxReport& report) {
    std::string text = "spec,oracle,layer";
    if (report.batch) text += ",seq";
    if (report.per_head) text += ",head";
    for (const analysis::ApproxMeasure& measure : analysis::approx_measures())
        text += std::string(",") + measure.name;
    text += "\n";
    for (const ApproxRow& row : report.methods) {
        const std::string start = csv_text(row.spec) + "," + (row.oracle ? "1" : "0") + ",";
        const auto place = [&](std::size_t layer, std::size_t sequence) {
            return start + std::to_string(layer) +
                   (report.batch ? "," + std::to_string(sequence) : "");
        };
        if (report.per_head) {
            for (const analysis::HeadApproximation& head : row.heads)
                text += place(head.layer, head.sequence) + "," + std::to_string(head.head) +
                        csv_measures(head.measures);
            continue;
        }
        for (const analysis::LayerApproximation& layer : row.layers)
            text += place(layer.layer, layer.sequence) + csv_measures(layer.measures);
    }
    return text;
}

}  // namespace attn::results
