#include "pipeline/manifest.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/version.hpp"

namespace attn::pipeline {
namespace {

constexpr const char* kTool = "attn-inspect";

nlohmann::json parse_manifest(const std::string& folder) {
    std::ifstream file(std::filesystem::path(folder) / "manifest.json", std::ios::binary);
    return nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

std::string write_manifest(const RunManifest& manifest) {
    nlohmann::ordered_json json;
    json["tool"] = kTool;
    json["version"] = version();
    json["command"] = manifest.command;
    json["inputs"] = nlohmann::ordered_json::array();
    for (const io::InputRecord& input : manifest.inputs) {
        json["inputs"].push_back({{"path", input.name},
                                  {"dtype", to_string(input.dtype)},
                                  {"shape", input.shape},
                                  {"sha256", input.sha256}});
    }
    json["options"] = nlohmann::ordered_json::object();
    for (const auto& [name, value] : manifest.options) {
        json["options"][name] = nlohmann::ordered_json::parse(value);
    }
    json["layers"] = manifest.layers;
    json["heads"] = manifest.heads;
    json["causal"] = manifest.causal;
    json["tokens"] = manifest.tokens;
    json["files"] = manifest.files;
    return json.dump(2) + "\n";
}

bool is_run_folder(const std::string& path) {
    if (!std::filesystem::exists(std::filesystem::path(path) / "manifest.json")) return false;
    const nlohmann::json json = parse_manifest(path);
    return json.is_object() && json.value("tool", nlohmann::json()) == kTool;
}

RunManifest read_manifest(const std::string& folder) {
    const nlohmann::json json = parse_manifest(folder);
    RunManifest manifest;
    try {
        manifest.command = json.at("command").get<std::string>();
        json.at("layers").get_to(manifest.layers);
        json.at("heads").get_to(manifest.heads);
        json.at("causal").get_to(manifest.causal);
        json.at("tokens").get_to(manifest.tokens);
        json.at("files").get_to(manifest.files);
    } catch (const nlohmann::json::exception&) {
        fail(folder, "/manifest.json: is damaged");
    }
    return manifest;
}

}  // namespace attn::pipeline
