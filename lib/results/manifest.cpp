#include "results/manifest.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.hpp"
#include "core/numbers.hpp"
#include "core/version.hpp"
#include "io/json_text.hpp"
#include "io/result_reading.hpp"

namespace attn::results {
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

nlohmann::ordered_json to_json(const analysis::Verification& verification) {
    nlohmann::ordered_json json{{"layers", verification.layers},
                                {"heads", verification.heads},
                                {"rows", verification.rows},
                                {"all_rows", verification.all_rows},
                                {"not_finite", verification.not_finite},
                                {"largest", verification.largest},
                                {"passed", !verification.first}};
    json["first"] = verification.first ? nlohmann::ordered_json(describe(*verification.first))
                                       : nlohmann::ordered_json();
    return json;
}

nlohmann::ordered_json to_json(const RunTiming& timing) {
    nlohmann::ordered_json phases;
    for (std::size_t phase = 0; phase < kPhases; ++phase)
        phases[name_of(static_cast<Phase>(phase))] = timing.times.phases[phase];
    return {{"seconds", timing.times.seconds},
            {"phases", phases},
            {"waiting", timing.times.waiting},
            {"received", timing.received}};
}

// nlohmann::json would cut 1.7 to 1 and take -1 for a very large number.
std::int64_t whole_from(const nlohmann::json& json, const WholeRange& range,
                        const std::string& where) {
    if (!json.is_number()) fail(where, ": expected ", range.words());
    return require_whole(json.get<double>(), range, where);
}

std::size_t count_from(const nlohmann::json& json, const std::string& where) {
    return static_cast<std::size_t>(whole_from(json, {0, kMostCount}, where));
}

std::vector<std::size_t> counts_from(const nlohmann::json& json, const std::string& where) {
    if (!json.is_array()) fail(where, ": expected a list of whole numbers");
    std::vector<std::size_t> counts;
    for (const nlohmann::json& item : json) counts.push_back(count_from(item, where));
    return counts;
}

std::optional<std::size_t> side_from(const nlohmann::json& json, const std::string& where) {
    if (json.is_null()) return std::nullopt;
    return count_from(json, where);
}

MaskStructure structure_from(const nlohmann::json& json, const std::string& where) {
    MaskStructure structure;
    json.at("causal").get_to(structure.causal);
    const nlohmann::json& offsets = json.at("query_offset");
    if (!offsets.is_array() || offsets.empty())
        fail(where, "query_offset: expected a list of one whole number or more");
    structure.offsets.clear();
    for (const nlohmann::json& offset : offsets)
        structure.offsets.push_back(
            whole_from(offset, {-kMostCount, kMostCount}, where + "query_offset"));
    structure.key_lengths = counts_from(json.at("key_lengths"), where + "key_lengths");
    structure.window_left = side_from(json.at("window_left"), where + "window_left");
    structure.window_right = side_from(json.at("window_right"), where + "window_right");
    return structure;
}

// {"3": 127}: the left side of layer 3's window.
std::map<std::size_t, std::size_t> windows_from(const nlohmann::json& json,
                                                const std::string& where) {
    if (!json.is_object()) fail(where, ": expected an object, layer by layer");
    std::map<std::size_t, std::size_t> windows;
    for (const auto& [layer, left] : json.items()) {
        const std::int64_t number = parse_whole(layer, {0, kMostCount}, where);
        windows[static_cast<std::size_t>(number)] = count_from(left, where + " of layer " + layer);
    }
    return windows;
}

// Folders of earlier versions do not say.
ArrayFormat format_from(const std::string& name) {
    for (const ArrayFormat format : {ArrayFormat::npz, ArrayFormat::safetensors}) {
        if (name == name_of(format)) return format;
    }
    return ArrayFormat::npy;
}

// manifest.json of a folder that one of our commands wrote.
std::optional<nlohmann::json> find_own_json(const std::string& path) {
    io::settle_results(path);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(std::filesystem::path(path) / "manifest.json", ignored))
        return std::nullopt;
    nlohmann::json json = parse_manifest(path);
    if (!json.is_object() || json.value("tool", nlohmann::json()) != kTool) return std::nullopt;
    return json;
}

RunManifest manifest_from(const nlohmann::json& json, const std::string& folder) {
    const std::string file = folder + "/manifest.json: ";
    RunManifest manifest;
    try {
        manifest.command = json.at("command").get<std::string>();
        for (const auto& [name, value] : json.at("options").items())
            manifest.options.emplace_back(name, io::json_value(value));
        for (const auto& input : json.value("inputs", nlohmann::json::array()))
            manifest.digests[input.at("path").get<std::string>()] = input.value("xxh3", "");
        manifest.layers = counts_from(json.at("layers"), file + "layers");
        manifest.heads = counts_from(json.at("heads"), file + "heads");
        manifest.structure = structure_from(json.at("structure"), file + "structure.");
        if (const auto windows = json.find("window_left"); windows != json.end())
            manifest.window_left = windows_from(*windows, file + "window_left");
        json.at("tokens").get_to(manifest.tokens);
        json.at("key_tokens").get_to(manifest.key_tokens);
        json.at("files").get_to(manifest.files);
        manifest.format = format_from(json.value("format", "npy"));
    } catch (const nlohmann::json::exception&) {
        fail(file, "is damaged");
    }
    return manifest;
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
        const char* of = input.digest_of_array ? "array" : "file";
        nlohmann::ordered_json entry{{"path", input.name},
                                     {"dtype", to_string(input.dtype)},
                                     {"shape", input.shape},
                                     {"xxh3", input.xxh3},
                                     {"xxh3_of", of}};
        if (!input.sha256.empty()) {
            entry["sha256"] = input.sha256;
            entry["sha256_of"] = of;
        }
        json["inputs"].push_back(std::move(entry));
    }
    json["options"] = nlohmann::ordered_json::object();
    for (const auto& [name, value] : manifest.options) {
        json["options"][name] = io::parse_ordered_json(value);
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
    if (manifest.verification) json["verification"] = to_json(*manifest.verification);
    if (manifest.timing) json["timing"] = to_json(*manifest.timing);
    return io::json_document(json);
}

bool is_run_folder(const std::string& path) {
    return find_own_json(path).has_value();
}

RunManifest read_manifest(const std::string& folder) {
    return manifest_from(parse_manifest(folder), folder);
}

std::optional<RunManifest> find_manifest(const std::string& path) {
    const std::optional<nlohmann::json> json = find_own_json(path);
    if (!json) return std::nullopt;
    return manifest_from(*json, path);
}

}  // namespace attn::results
