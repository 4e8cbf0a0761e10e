#include "results/report_meta.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base64.hpp"
#include "core/divide_up.hpp"
#include "core/place_among.hpp"
#include "core/version.hpp"
#include "io/json_text.hpp"
#include "render/color_map_tables.hpp"
#include "results/number_or_null.hpp"

namespace attn::results {
namespace {

using MetaJson = nlohmann::ordered_json;

template <class Value>
MetaJson optional_of_meta(const std::optional<Value>& value) {
    return value ? MetaJson(*value) : MetaJson();
}

MetaJson sources_json(const std::vector<ReportOrigin>& sources) {
    MetaJson list = MetaJson::array();
    for (std::size_t i = 0; i < sources.size(); ++i) {
        MetaJson entry{{"label", i == 0 ? "A" : "B"}, {"name", sources[i].name}};
        entry["digest"] = sources[i].digest.empty() ? MetaJson() : MetaJson(sources[i].digest);
        list.push_back(std::move(entry));
    }
    return list;
}

MetaJson measures_json() {
    MetaJson list = MetaJson::array();
    for (const analysis::Measure& measure : analysis::measures())
        list.push_back({{"name", measure.name}, {"meaning", measure.meaning}});
    return list;
}

MetaJson stats_json_of(const std::vector<analysis::HeadStats>& heads) {
    MetaJson list = MetaJson::array();
    for (const analysis::HeadStats& head : heads) {
        MetaJson row = MetaJson::array();
        for (const analysis::Measure& measure : analysis::measures())
            row.push_back(number_or_null(head.*measure.value));
        list.push_back(std::move(row));
    }
    return list;
}

MetaJson check_json(const ReportVerdict& verdict, const ReportFacts& facts) {
    const CheckLine& line = verdict.line;
    MetaJson entry{
        {"source", verdict.source}, {"name", line.name}, {"verdict", word(line.verdict)}};
    entry["worst"] = line.worst ? number_or_null(*line.worst) : MetaJson();
    entry["threshold"] = line.threshold ? number_or_null(*line.threshold) : MetaJson();
    entry["limit"] = line.limit;
    entry["message"] = line.message;
    entry["meaning"] = line.meaning;
    entry["place"] = nullptr;
    entry["slots"] = MetaJson::array();
    if (!line.place) return entry;
    const std::size_t sequence = place_among(facts.sequences, line.place->sequence);
    const std::size_t layer = place_among(facts.layers, line.place->layer);
    const std::size_t head = place_among(facts.heads, line.place->head);
    entry["place"] = {{"seq", sequence},
                      {"layer", layer},
                      {"head", head},
                      {"query", optional_of_meta(line.place->query)},
                      {"key", optional_of_meta(line.place->key)}};
    std::vector<std::size_t> slots;
    for (const CheckPlace& guilty : line.guilty)
        slots.push_back(facts.slot(place_among(facts.sequences, guilty.sequence),
                                   place_among(facts.layers, guilty.layer),
                                   place_among(facts.heads, guilty.head)));
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
    entry["slots"] = slots;
    return entry;
}

MetaJson maps_json() {
    MetaJson list = MetaJson::array();
    for (const render::ColorMapTable& table : render::kColorMapTables) {
        std::string colors;
        for (const std::uint32_t color : table.colors) {
            for (const int shift : {16, 8, 0}) colors += static_cast<char>(color >> shift & 0xff);
        }
        list.push_back({{"name", table.name},
                        {"colors", base64(colors)},
                        {"diverging", std::string(table.name) == "coolwarm"}});
    }
    return list;
}

MetaJson difference_json(const ReportFacts& facts) {
    if (!facts.difference) return nullptr;
    MetaJson values = MetaJson::array();
    for (std::size_t slot = 0; slot < facts.difference->max_abs.size(); ++slot) {
        const double entropy = facts.stats[0][slot].entropy - facts.stats[1][slot].entropy;
        values.push_back({number_or_null(facts.difference->max_abs[slot]),
                          number_or_null(facts.difference->mean_js[slot]),
                          number_or_null(entropy)});
    }
    return {{"measures", {"max_abs", "mean_js", "entropy_change"}},
            {"values", std::move(values)},
            {"scale", facts.difference->scale}};
}

MetaJson embedding_json(const std::optional<ReportEmbedding>& embedding) {
    if (!embedding) return nullptr;
    MetaJson heads = MetaJson::array();
    for (const auto& head : embedding->heads) {
        heads.push_back(head ? MetaJson{{"variance", number_or_null(head->variance)},
                                        {"correlation", number_or_null(head->correlation)}}
                             : MetaJson());
    }
    return {{"step", embedding->step},
            {"queries", embedding->queries},
            {"keys", embedding->keys},
            {"caption", embedding->caption},
            {"heads", std::move(heads)}};
}

void add_sizes(const ReportFacts& facts, MetaJson& json) {
    const ReportPacking& packing = facts.packing;
    json["layers"] = facts.layers;
    json["heads"] = facts.heads;
    json["sequences"] = facts.sequences;
    json["batch"] = facts.batch;
    json["queries"] = facts.queries;
    json["keys"] = facts.keys;
    json["offset"] = facts.offsets;
    json["tokens"] = facts.tokens;
    json["key_tokens"] = facts.key_tokens;
    json["values"] = packing.exact ? "exact" : "compact";
    json["pool"] = packing.pool;
    json["rows"] = divide_up(facts.queries, packing.pool);
    json["columns"] = divide_up(facts.keys, packing.pool);
    json["top"] = packing.exact ? 0 : packing.top;
    json["narrowed"] = facts.narrowed;
    json["thumb"] = {{"rows", std::min(facts.queries, kThumbSide)},
                     {"columns", std::min(facts.keys, kThumbSide)}};
}

}  // namespace

std::string report_meta(const ReportFacts& facts,
                        const std::vector<std::pair<std::string, std::size_t>>& elements) {
    MetaJson json{{"format", 1},
                  {"program", std::string("attn-inspect ") + version()},
                  {"title", facts.title},
                  {"command", facts.command}};
    json["sources"] = sources_json(facts.sources);
    add_sizes(facts, json);
    json["measures"] = measures_json();
    json["stats"] = MetaJson::object();
    for (std::size_t i = 0; i < facts.stats.size(); ++i)
        json["stats"][i == 0 ? "a" : "b"] = stats_json_of(facts.stats[i]);
    json["checks"] = MetaJson::array();
    for (const ReportVerdict& line : facts.checks)
        json["checks"].push_back(check_json(line, facts));
    json["maps"] = maps_json();
    json["start"] = {{"map", facts.start.map},
                     {"scale", facts.start.scale},
                     {"dropFirst", facts.start.drop_first},
                     {"seq", 0},
                     {"layer", 0},
                     {"head", 0}};
    json["rollout"] =
        facts.rollout_layers.empty() ? MetaJson() : MetaJson{{"layers", facts.rollout_layers}};
    json["difference"] = difference_json(facts);
    json["embedding"] = embedding_json(facts.embedding);
    json["grid"] = facts.grid ? MetaJson{{"rows", facts.grid->rows},
                                         {"columns", facts.grid->columns},
                                         {"prefix", facts.grid->prefix}}
                              : MetaJson();
    json["image"] = facts.image ? MetaJson{{"type", facts.image->type},
                                           {"width", facts.image->width},
                                           {"height", facts.image->height}}
                                : MetaJson();
    json["chunks"] = MetaJson::object();
    for (const auto& [name, element] : elements) json["chunks"][name] = element;
    return io::compact_json(json);
}

}  // namespace attn::results
