#include "source/saved_heads.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "io/array_name.hpp"
#include "io/json_text.hpp"
#include "results/manifest.hpp"

namespace attn::source {
namespace {

std::string side_of_window(const std::optional<std::size_t>& side) {
    return side ? std::to_string(*side) : "-1";
}

// A name of the manifest; empty where the run had none.
std::string named(const nlohmann::json& option) {
    return option.is_string() ? option.get<std::string>() : "";
}

// What the run read and its folder does not hold must be what it was.
void require_unchanged(const SavedHeads& saved, const std::string& array) {
    const auto known = saved.run.digests.find(array);
    if (array.empty() || known == saved.run.digests.end() || known->second.empty()) return;
    io::Inputs now;
    now.load<double>(array, io::NonFinite::allow);
    if (now.records().front().xxh3 == known->second) return;
    fail(array, ": has changed since the run of ", saved.folder, ", which read it");
}

}  // namespace

std::vector<std::size_t> SavedHeads::saved_layers() const {
    std::vector<std::size_t> numbers;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
        if (!layers[layer].q.empty()) numbers.push_back(layer);
    }
    return numbers;
}

bool holds_array(io::Inputs& inputs, const std::string& array) {
    const io::ArrayName name = io::parse_array_name(array);
    return std::filesystem::exists(name.path) &&
           (name.key.empty() || inputs.open(name.path).arrays.count(name.key) != 0);
}

std::optional<SavedHeads> find_saved_heads(io::Inputs& inputs, const std::string& folder) {
    std::optional<results::RunManifest> run = results::find_manifest(folder);
    if (!run || run->command != "run" || run->layers.empty()) return std::nullopt;
    SavedHeads saved;
    saved.folder = folder;
    saved.run = std::move(*run);
    const results::RunManifest& manifest = saved.run;
    saved.layers.resize(1 + *std::max_element(manifest.layers.begin(), manifest.layers.end()));
    for (const std::size_t layer : manifest.layers) {
        SavedLayer& one = saved.layers[layer];
        for (const auto& [name, file] :
             {std::pair("q", &one.q), std::pair("k", &one.k), std::pair("v", &one.v)}) {
            *file = folder + "/" + results::array_name(layer, name, manifest.format);
            if (!holds_array(inputs, *file)) return std::nullopt;
            if (inputs.find(*file).dtype == DType::float64) saved.dtype = DType::float64;
        }
    }
    std::vector<std::size_t> all(manifest.heads.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const bool whole =
        manifest.heads == all && manifest.option("heads") == std::to_string(manifest.heads.size());
    if (!whole)
        fail(folder, ": its run saved ", counted(manifest.heads.size(), "head"), " of ",
             manifest.option("heads"),
             "; q, k and v are read with all heads: run it again without "
             "--head");
    return saved;
}

AttentionRequest attention_of_run(const SavedHeads& saved, const AttentionRequest& flags) {
    const auto option = [&](const char* name) { return io::parse_json(saved.run.option(name)); };
    AttentionRequest request = flags;
    const MaskStructure& structure = saved.run.structure;
    if (!request.causal) request.causal = structure.causal;
    if (request.window.empty() && (structure.window_left || structure.window_right))
        request.window =
            side_of_window(structure.window_left) + "," + side_of_window(structure.window_right);
    if (option("kv_order") == "tile") request.kv_order = KvOrder::tile;
    if (!request.scale && option("scale").is_number()) {
        request.scale = option("scale").get<double>();
        request.scale_by_layer = option("scale_by_layer") == true;
    }
    if (!request.softcap && option("softcap").is_number())
        request.softcap = option("softcap").get<double>();
    if (request.mask.empty()) {
        request.mask = named(option("mask"));
        request.mask_true_ignores = option("mask_true") == "ignore";
    }
    if (request.bias.empty()) request.bias = named(option("bias"));
    if (request.sink.empty()) request.sink = named(option("sink"));
    request.alibi = request.alibi || option("alibi") == true;
    const nlohmann::json relative = option("relative_bias");
    if (request.relative_bias.empty() && relative.is_object()) {
        request.relative_bias = named(relative["table"]);
        request.relative_max_distance = relative.value("max_distance", std::size_t{128});
        request.bidirectional = relative.value("bidirectional", false);
    }
    for (const auto& [now, flag] :
         {std::pair(&request.mask, &flags.mask), std::pair(&request.bias, &flags.bias),
          std::pair(&request.sink, &flags.sink),
          std::pair(&request.relative_bias, &flags.relative_bias)})
        if (flag->empty()) require_unchanged(saved, *now);
    // The manifest names what the first layer had.
    for (const auto& [name, flag, what] :
         {std::tuple(&request.sink, &flags.sink, "sinks"),
          std::tuple(&request.relative_bias, &flags.relative_bias, "relative biases")}) {
        if (!name->empty() && flag->empty() && saved.layers.size() > 1)
            fail(saved.folder, ": its run had ", what,
                 " that may be each layer's own, and its folder does not hold them; give -x and -w "
                 "instead");
    }
    return request;
}

}  // namespace attn::source
