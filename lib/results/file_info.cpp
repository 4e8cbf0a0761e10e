#include "results/file_info.hpp"

#include <nlohmann/json.hpp>

#include "io/json_text.hpp"

namespace attn::results {
namespace {

using InfoJson = nlohmann::ordered_json;

InfoJson array_json(const ArrayInfo& array) {
    const analysis::ArraySummary& values = array.values;
    const auto or_null = [&](double value) {
        return values.finite() > 0 ? InfoJson(value) : InfoJson();
    };
    return {{"key", array.key},           {"dtype", to_string(array.dtype)},
            {"shape", array.shape},       {"fortran_order", array.column_major},
            {"min", or_null(values.min)}, {"mean", or_null(values.mean)},
            {"max", or_null(values.max)}, {"nan", values.nans},
            {"inf", values.infinities}};
}

InfoJson model_json(const model::ModelSummary& model) {
    InfoJson json{{"layout", model.layout},
                  {"title", model.title},
                  {"layers", model.layers},
                  {"d_model", model.d_model}};
    const auto size = [&](std::size_t value) { return model.sizes ? InfoJson(value) : InfoJson(); };
    const model::LayerSizes sizes = model.sizes.value_or(model::LayerSizes{});
    json["heads"] = size(sizes.heads);
    json["kv_heads"] = size(sizes.kv_heads);
    json["d_head"] = size(sizes.d_head);
    json["notes"] = InfoJson::object();
    for (const auto& [name, note] : model.notes) json["notes"][name] = note;
    json["missing"] = model.missing;
    json["left_over"] = model.left_over;
    json["unused"] = model.unused;
    return json;
}

InfoJson document_of(const FileInfo& info, const std::string&) {
    InfoJson json{{"path", info.path}, {"format", info.format}};
    json["layout"] = info.model ? InfoJson(info.model->layout) : InfoJson();
    json["model"] = info.model ? model_json(*info.model) : InfoJson();
    json["unrecognised"] = info.unrecognised.empty() ? InfoJson() : InfoJson(info.unrecognised);
    json["values_read"] = info.values;
    json["arrays"] = InfoJson::array();
    for (const ArrayInfo& array : info.arrays) json["arrays"].push_back(array_json(array));
    json["unreadable"] = InfoJson::object();
    for (const auto& [key, why] : info.unreadable) json["unreadable"][key] = why;
    json["texts"] = InfoJson::object();
    for (const auto& [key, count] : info.texts) json["texts"][key] = count;
    json["settings"] = InfoJson::object();
    for (const auto& [key, value] : info.settings)
        json["settings"][key] = io::parse_ordered_json(value);
    return json;
}

InfoJson document_of(const RunSummary& run, const std::string& folder) {
    const RunManifest& manifest = run.manifest;
    InfoJson json{{"path", folder}, {"format", "results"}};
    InfoJson& out = json["run"];
    out = {{"command", manifest.command}, {"version", run.version}, {"inputs", InfoJson::array()}};
    for (const auto& [file, arrays] : run.inputs)
        out["inputs"].push_back({{"path", file}, {"arrays", arrays}});
    out["options"] = InfoJson::object();
    for (const auto& [name, value] : run.options)
        out["options"][name] = io::parse_ordered_json(value);
    out["layers"] = manifest.layers;
    out["heads"] = manifest.heads;
    out["tokens"] = manifest.tokens;
    out["files"] = manifest.files;
    return json;
}

}  // namespace

std::string info_json(const std::vector<DescribedSource>& all, bool several) {
    InfoJson documents = InfoJson::array();
    for (const DescribedSource& described : all) {
        InfoJson entry = InfoJson::object();
        if (several) entry["source"] = described.source;
        entry.update(std::visit(
            [&](const auto& what) { return document_of(what, described.source); }, described.what));
        documents.push_back(entry);
    }
    return io::json_document(several ? InfoJson{{"files", documents}} : documents.front());
}

}  // namespace attn::results
