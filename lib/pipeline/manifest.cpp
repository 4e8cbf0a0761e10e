#include "pipeline/manifest.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/version.hpp"
#include "io/json_text.hpp"
#include "io/result_reading.hpp"

namespace attn::pipeline {
namespace {

constexpr const char* kTool = "attn-inspect";

nlohmann::json parse_manifest(const std::string& folder) {
    return io::read_json_document((std::filesystem::path(folder) / "manifest.json").string());
}

nlohmann::ordered_json to_json(const MaskStructure& structure) {
    const auto side = [](const std::optional<std::size_t>& value) {
        return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
    };
    return {{"causal", structure.causal},
            {"query_offset", structure.offsets},
            {"window_left", side(structure.window_left)},
            {"window_right", side(structure.window_right)},
            {"key_lengths", structure.key_lengths}};
}

MaskStructure structure_from(const nlohmann::json& json) {
    MaskStructure structure;
    json.at("causal").get_to(structure.causal);
    json.at("query_offset").get_to(structure.offsets);
    json.at("key_lengths").get_to(structure.key_lengths);
    if (!json.at("window_left").is_null())
        structure.window_left = json.at("window_left").get<std::size_t>();
    if (!json.at("window_right").is_null())
        structure.window_right = json.at("window_right").get<std::size_t>();
    return structure;
}

// Folders of earlier versions do not say.
ArrayFormat format_from(const std::string& name) {
    for (const ArrayFormat format : {ArrayFormat::npz, ArrayFormat::safetensors}) {
        if (name == name_of(format)) return format;
    }
    return ArrayFormat::npy;
}

}  // namespace

std::string RunManifest::option(const std::string& name) const {
    for (const auto& [known, value] : options) {
        if (known == name) return value;
    }
    return "null";
}

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
                                  {"sha256", input.sha256},
                                  {"sha256_of", input.digest_of_array ? "array" : "file"}});
    }
    json["options"] = nlohmann::ordered_json::object();
    for (const auto& [name, value] : manifest.options) {
        json["options"][name] = nlohmann::ordered_json::parse(value);
    }
    json["layers"] = manifest.layers;
    json["heads"] = manifest.heads;
    json["structure"] = to_json(manifest.structure);
    for (const auto& [layer, left] : manifest.window_left)
        json["window_left"][std::to_string(layer)] = left;
    json["tokens"] = manifest.tokens;
    json["key_tokens"] = manifest.key_tokens;
    json["format"] = name_of(manifest.format);
    json["files"] = manifest.files;
    return io::json_document(json);
}

bool is_run_folder(const std::string& path) {
    io::settle_results(path);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(std::filesystem::path(path) / "manifest.json", ignored))
        return false;
    const nlohmann::json json = parse_manifest(path);
    return json.is_object() && json.value("tool", nlohmann::json()) == kTool;
}

RunManifest read_manifest(const std::string& folder) {
    const nlohmann::json json = parse_manifest(folder);
    RunManifest manifest;
    try {
        manifest.command = json.at("command").get<std::string>();
        for (const auto& [name, value] : json.at("options").items())
            manifest.options.emplace_back(name, io::json_value(value));
        json.at("layers").get_to(manifest.layers);
        json.at("heads").get_to(manifest.heads);
        manifest.structure = structure_from(json.at("structure"));
        if (const auto windows = json.find("window_left"); windows != json.end()) {
            for (const auto& [layer, left] : windows->items())
                manifest.window_left[std::stoul(layer)] = left.get<std::size_t>();
        }
        json.at("tokens").get_to(manifest.tokens);
        json.at("key_tokens").get_to(manifest.key_tokens);
        json.at("files").get_to(manifest.files);
        manifest.format = format_from(json.value("format", "npy"));
    } catch (const nlohmann::json::exception&) {
        fail(folder, "/manifest.json: is damaged");
    } catch (const std::logic_error&) {  // what std::stoul throws
        fail(folder, "/manifest.json: is damaged");
    }
    return manifest;
}

}  // namespace attn::pipeline
