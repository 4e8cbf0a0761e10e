#include "results/rollout_json.hpp"

#include <nlohmann/json.hpp>

#include "io/json_text.hpp"

namespace attn::results {

std::string rollout_json(const RolloutSummary& summary) {
    using RolloutJson = nlohmann::ordered_json;
    const auto or_null = [](const std::optional<double>& value) {
        return value ? RolloutJson(*value) : RolloutJson();
    };
    RolloutJson json;
    json["method"] = summary.method;
    json["layers"] = summary.layers;
    json["specificity"] = or_null(summary.specificity);
    json["flow_saturation"] = or_null(summary.flow_saturation);
    json["targets"] = RolloutJson::array();
    for (const RolloutTarget& target : summary.targets) {
        RolloutJson entry;
        entry["seq"] = target.sequence;
        if (target.head) entry["head"] = *target.head;
        entry["query"] = target.query;
        const auto list = [&](const char* name, const RolloutTop& top) {
            entry[name] = RolloutJson::array();
            for (const auto& [key, value] : top)
                entry[name].push_back(RolloutJson::array({key, value}));
        };
        list("top", target.top);
        if (!target.cross_top.empty()) list("cross_top", target.cross_top);
        json["targets"].push_back(std::move(entry));
    }
    json["warnings"] = summary.warnings;
    return io::json_document(json);
}

}  // namespace attn::results
