#include "results/run_summary.hpp"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/array_name.hpp"
#include "io/container.hpp"
#include "io/json_text.hpp"

namespace attn::results {
namespace {

// What describe_options() writes where nothing was asked for. Others are null then.
bool is_usual(const ManifestOption& option, const RunManifest& manifest) {
    static const std::map<std::string, std::string> usual{
        {"layout", "\"native\""},     {"kv_order", "\"repeat\""}, {"causal", "false"},
        {"query_offset", "[0]"},      {"window", "[-1,-1]"},      {"mask_true", "\"attend\""},
        {"scores_at", "\"biased\""},  {"alibi", "false"},         {"precision", "\"f32\""},
        {"allow_nonfinite", "false"}, {"engine", "\"tiled\""},    {"verify", "false"},
        {"scale_by_layer", "false"},
    };
    const auto& [name, value] = option;
    if (value == "null" || name == "heads") return true;
    if (name == "kv_heads") return value == manifest.option("heads");
    const auto known = usual.find(name);
    return known != usual.end() && known->second == value;
}

void count_inputs(const nlohmann::json& json, RunSummary& summary) {
    for (const nlohmann::json& input : json.at("inputs")) {
        const std::string file = io::parse_array_name(input.at("path").get<std::string>()).path;
        auto place = summary.inputs.begin();
        while (place != summary.inputs.end() && place->first != file) ++place;
        if (place == summary.inputs.end()) place = summary.inputs.insert(place, {file, 0});
        ++place->second;
    }
}

}  // namespace

RunSummary summarise_run(const std::string& folder) {
    RunSummary summary;
    summary.manifest = read_manifest(folder);
    const std::string path = (std::filesystem::path(folder) / "manifest.json").string();
    try {
        const nlohmann::json json = io::read_json_document(path);
        summary.version = json.at("version").get<std::string>();
        count_inputs(json, summary);
    } catch (const nlohmann::json::exception&) {
        fail(path, ": is damaged, expected version and inputs; run it again");
    }
    for (const ManifestOption& option : summary.manifest.options) {
        if (!is_usual(option, summary.manifest)) summary.options.push_back(option);
    }
    summary.sequences = summary.manifest.tokens.size();
    return summary;
}

std::vector<std::string> array_names_of(const std::string& folder, const RunSummary& run) {
    std::vector<std::string> names;
    for (const std::string& file : run.manifest.files) {
        const std::filesystem::path path = std::filesystem::path(folder) / file;
        if (path.extension() == ".npy") names.push_back(path.string());
        if (path.extension() != ".npz" && path.extension() != ".safetensors") continue;
        for (const auto& [key, array] : io::open_container(path.string()).arrays)
            names.push_back(path.string() + ":" + key);
    }
    return names;
}

}  // namespace attn::results
