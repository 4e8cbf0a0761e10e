#include "results/look_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/entropy_map.hpp"
#include "analysis/head_roles.hpp"
#include "io/json_text.hpp"
#include "results/number_or_null.hpp"

namespace attn::results {
namespace {

using LookJson = nlohmann::ordered_json;

std::size_t count_of(const CheckResult& check, Verdict verdict) {
    return static_cast<std::size_t>(
        std::count_if(check.lines.begin(), check.lines.end(),
                      [&](const CheckLine& line) { return line.verdict == verdict; }));
}

// Failures first, as on the screen.
LookJson problems_of(const LookResult& result) {
    LookJson problems = LookJson::array();
    for (const Verdict verdict : {Verdict::fail, Verdict::warning}) {
        for (const CheckLine& line : result.check.lines) {
            if (line.verdict != verdict) continue;
            LookJson entry{{"verdict", word(verdict)},
                           {"name", line.name},
                           {"message", line.message.empty() ? line.meaning : line.message}};
            if (line.place) {
                entry["layer"] = line.place->layer;
                if (result.batch) entry["seq"] = line.place->sequence;
                entry["head"] = line.place->head;
                if (line.place->query) entry["query"] = *line.place->query;
                if (line.place->key) entry["key"] = *line.place->key;
            }
            problems.push_back(std::move(entry));
        }
    }
    for (const std::string& problem : result.problems)
        problems.push_back({{"verdict", word(Verdict::fail)}, {"message", problem}});
    return problems;
}

LookJson roles_of(const LookResult& result) {
    LookJson roles = LookJson::array();
    for (const analysis::HeadRole& role : analysis::find_roles(result.heads)) {
        LookJson entry{{"role", role.name}, {"measure", role.measure}, {"layer", role.layer}};
        if (result.batch) entry["seq"] = role.sequence;
        entry["head"] = role.head;
        entry["share"] = number_or_null(role.value);
        entry["heads_over_half"] = role.strong;
        roles.push_back(std::move(entry));
    }
    return roles;
}

// A line for each layer, a number for each head; on the screen neighbours may share one.
LookJson entropy_of(const LookResult& result) {
    LookJson layers = LookJson::array();
    const std::size_t most = std::max<std::size_t>(1, result.heads.size());
    for (const analysis::EntropyRow& row : analysis::map_entropy(result.heads, most, most).rows) {
        LookJson heads = LookJson::array();
        for (const double head : row.heads) heads.push_back(number_or_null(head));
        layers.push_back({{"layer", row.first_layer},
                          {"mean", number_or_null(row.mean)},
                          {"heads", std::move(heads)}});
    }
    return layers;
}

LookJson to_json(const LookedAt& file) {
    LookJson json{{"source", file.source}};
    if (!file.error.empty()) {
        json["error"] = file.error;
        return json;
    }
    const LookResult& result = file.result;
    using Kind = LookResult::Kind;
    json["kind"] = result.kind == Kind::attention    ? "attention"
                   : result.kind == Kind::checkpoint ? "checkpoint"
                                                     : "arrays";
    json["what"] = result.what;
    json["more"] = result.more;
    json["passed"] = !result.failed();
    json["checks"] = {{"ok", count_of(result.check, Verdict::ok)},
                      {"failed", count_of(result.check, Verdict::fail)},
                      {"warnings", count_of(result.check, Verdict::warning)}};
    json["problems"] = problems_of(result);
    json["roles"] = roles_of(result);
    json["entropy"] = entropy_of(result);
    json["next"] = result.next;
    return json;
}

}  // namespace

std::string look_json(const std::vector<LookedAt>& files) {
    LookJson json;
    json["passed"] = std::all_of(files.begin(), files.end(), [](const LookedAt& file) {
        return file.error.empty() && !file.result.failed();
    });
    json["files"] = LookJson::array();
    for (const LookedAt& file : files) json["files"].push_back(to_json(file));
    return io::json_document(json);
}

}  // namespace attn::results
