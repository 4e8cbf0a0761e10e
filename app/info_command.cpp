// info: what is in a file.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "commands.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "io/json_text.hpp"
#include "pipeline/info.hpp"
#include "run_summary_text.hpp"
#include "several_sources.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using Json = nlohmann::ordered_json;

struct InfoFlags {
    pipeline::InfoRequest request;
    std::vector<std::string> sources;
    bool json = false;
    bool keys = false;
};

Json to_json(const pipeline::ArrayInfo& array) {
    const analysis::ArraySummary& values = array.values;
    const auto or_null = [&](double value) { return values.finite() > 0 ? Json(value) : Json(); };
    return {{"key", array.key},           {"dtype", to_string(array.dtype)},
            {"shape", array.shape},       {"fortran_order", array.column_major},
            {"min", or_null(values.min)}, {"mean", or_null(values.mean)},
            {"max", or_null(values.max)}, {"nan", values.nans},
            {"inf", values.infinities}};
}

Json to_json(const model::ModelSummary& model) {
    Json json{{"layout", model.layout},
              {"title", model.title},
              {"layers", model.layers},
              {"d_model", model.d_model}};
    const auto size = [&](std::size_t value) { return model.sizes ? Json(value) : Json(); };
    const model::LayerSizes sizes = model.sizes.value_or(model::LayerSizes{});
    json["heads"] = size(sizes.heads);
    json["kv_heads"] = size(sizes.kv_heads);
    json["d_head"] = size(sizes.d_head);
    json["notes"] = Json::object();
    for (const auto& [name, note] : model.notes) json["notes"][name] = note;
    json["missing"] = model.missing;
    json["left_over"] = model.left_over;
    json["unused"] = model.unused;
    return json;
}

Json to_json(const pipeline::FileInfo& info) {
    Json json{{"path", info.path}, {"format", info.format}};
    json["layout"] = info.model ? Json(info.model->layout) : Json();
    json["model"] = info.model ? to_json(*info.model) : Json();
    json["unrecognised"] = info.unrecognised.empty() ? Json() : Json(info.unrecognised);
    json["values_read"] = info.values;
    json["arrays"] = Json::array();
    for (const pipeline::ArrayInfo& array : info.arrays) json["arrays"].push_back(to_json(array));
    json["unreadable"] = Json::object();
    for (const auto& [key, why] : info.unreadable) json["unreadable"][key] = why;
    json["texts"] = Json::object();
    for (const auto& [key, count] : info.texts) json["texts"][key] = count;
    json["settings"] = Json::object();
    for (const auto& [key, value] : info.settings)
        json["settings"][key] = io::parse_ordered_json(value);
    return json;
}

constexpr std::size_t kFew = 4;

void print(const model::ModelSummary& model, Console& console) {
    std::string title = model.title + ", " + counted(model.layers, "layer");
    if (model.sizes) {
        title += ", " + counted(model.sizes->heads, "head") + " of " +
                 std::to_string(model.sizes->d_head) + " columns";
    }
    console.line(title + ", d_model " + std::to_string(model.d_model) + "  (--layout " +
                 model.layout + ")");
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, note] : model.notes) rows.push_back({"  " + name, note});
    if (!model.missing.empty()) rows.push_back({"  missing", listed(model.missing, kFew)});
    if (!model.left_over.empty())
        rows.push_back({"  not understood", listed(model.left_over, kFew)});
    if (!model.unused.empty()) rows.push_back({"  not used", listed(model.unused, kFew)});
    if (!rows.empty()) print_table(console, rows, 2);
}

std::vector<std::string> cells_of(const pipeline::ArrayInfo& array, bool values) {
    std::vector<std::string> row{
        array.key.empty() ? "-" : array.key, to_string(array.dtype),
        to_string(array.shape) + (array.column_major ? " (fortran order)" : "")};
    if (!values) return row;
    const analysis::ArraySummary& found = array.values;
    const auto number = [&](double value) {
        return found.finite() > 0 ? number_text(value) : std::string("-");
    };
    row.insert(row.end(), {number(found.min), number(found.mean), number(found.max),
                           std::to_string(found.nans), std::to_string(found.infinities)});
    return row;
}

void print(const pipeline::FileInfo& info, Console& console) {
    console.line(info.path + ": " + info.format);
    if (info.model) print(*info.model, console);
    if (!info.unrecognised.empty())
        console.line("not recognised as a checkpoint: " + info.unrecognised);
    // What a checkpoint's config.json says is in the summary already, as far as it matters.
    if (!info.model || info.model->layout == "native") {
        for (const auto& [key, value] : info.settings) console.line(key + " = " + value);
        for (const auto& [key, count] : info.texts)
            console.line(key + ": " + std::to_string(count) + " texts");
    }
    std::vector<std::vector<std::string>> rows{{"array", "dtype", "shape"}};
    if (info.values) rows[0].insert(rows[0].end(), {"min", "mean", "max", "nan", "inf"});
    for (const pipeline::ArrayInfo& array : info.arrays)
        rows.push_back(cells_of(array, info.values));
    if (!info.arrays.empty()) print_table(console, rows, 3);
    for (const auto& [key, why] : info.unreadable) console.line(key + ": " + why);
    if (!info.values) console.line("the numbers were not read; --values reads them all");
}

// Names of arrays, which other commands take as they stand.
void print_keys(const pipeline::FileInfo& info, bool several, Console& console) {
    for (const pipeline::ArrayInfo& array : info.arrays) {
        if (!array.key.empty()) console.line((several ? info.path + ":" : "") + array.key);
    }
}

// About one source: prints it, or puts it into `documents`.
void tell(const InfoFlags& flags, const std::string& source, Json& documents, Console& console) {
    const bool several = flags.sources.size() > 1;
    Json document;
    if (results::is_run_folder(source)) {
        if (!flags.request.layout.empty())
            fail("--layout ", flags.request.layout, ": ", source,
                 " is a folder of results, no checkpoint");
        const results::RunSummary run = results::summarise_run(source);
        if (flags.json) document = run_json(source, run);
        if (flags.keys) print_array_names(source, run, console);
        if (!flags.json && !flags.keys) print_run(source, run, console);
    } else {
        pipeline::InfoRequest request = flags.request;
        request.source = source;
        if (flags.keys) request.values = false;
        const pipeline::FileInfo info = pipeline::inspect(request);
        if (flags.json) document = to_json(info);
        if (flags.keys) print_keys(info, several, console);
        if (!flags.json && !flags.keys) print(info, console);
    }
    if (!flags.json) return;
    Json entry = Json::object();
    if (several) entry["source"] = source;
    entry.update(document);
    documents.push_back(entry);
}

int execute(const InfoFlags& flags, Console& console) {
    Json documents = Json::array();
    const int code = for_each_source(flags.sources, console, [&](const std::string& source) {
        tell(flags, source, documents, console);
        return 0;
    });
    if (!flags.json || documents.empty()) return code;
    const bool several = flags.sources.size() > 1;
    console.document(io::json_document(several ? Json{{"files", documents}} : documents.front()));
    return code;
}

}  // namespace

void add_info_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "info",
                    "What is in a file: the checkpoint it is, arrays, types, shapes, ranges, NaN");
    const auto flags = std::make_shared<InfoFlags>();
    command
        .texts("source", "FILE[:KEY]…", flags->sources,
               "NPY, NPZ, safetensors (sharded or not), JSON, a folder of one of them or of "
               "results, or -; of several, JSON entries name theirs")
        .completes(Completion::array)
        .required();
    command.text("--layout", "NAME", flags->request.layout,
                 "Read the checkpoint as one of this family (see run --help)");
    command.on(
        "--values", [flags] { flags->request.values = true; },
        "Read all numbers for min, mean, max, NaN (default: where there are less than 64 MiB)");
    command.on(
        "--no-values", [flags] { flags->request.values = false; }, "Names and shapes only");
    command.on("--keys", flags->keys, "Print the names of the arrays only, one a line");
    command.on("--json", flags->json, "Print JSON");
    command.usual({"--layout", "--values", "--no-values", "--keys", "--json"},
                  "attn-inspect info model.safetensors");
    command.action([flags, &line] { return execute(*flags, line.console); });
}

}  // namespace attn::app
