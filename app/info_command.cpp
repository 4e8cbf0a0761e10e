// info: what is in a file.
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "pipeline/info.hpp"
#include "run_summary_text.hpp"
#include "several_sources.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

struct InfoFlags {
    pipeline::InfoRequest request;
    std::vector<std::string> sources;
    bool json = false;
    bool keys = false;
};

constexpr std::size_t kFew = 4;

void print(const model::ModelSummary& model, Console& console) {
    std::string title = model.title + ", " + counted(model.layers, "layer");
    if (model.sizes) {
        title += ", " + counted(model.sizes->heads, "head") + " of " +
                 counted(model.sizes->d_head, "column");
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
    for (const auto& [key, why] : info.unreadable)
        console.line((key.empty() ? info.path : key) + ": " + why);
    if (!info.values) console.line("the numbers were not read; --values reads them all");
}

// Names of arrays, which other commands take as they stand.
void print_keys(const pipeline::FileInfo& info, bool several, Console& console) {
    for (const pipeline::ArrayInfo& array : info.arrays) {
        if (!array.key.empty()) console.line((several ? info.path + ":" : "") + array.key);
    }
}

results::DescribedSource describe(const InfoFlags& flags, const std::string& source) {
    if (results::is_run_folder(source)) {
        if (!flags.request.layout.empty())
            fail("--layout ", flags.request.layout, ": ", source,
                 " is a folder of results, no checkpoint");
        return {source, results::summarise_run(source)};
    }
    pipeline::InfoRequest request = flags.request;
    request.source = source;
    if (flags.keys) request.values = false;
    return {source, pipeline::inspect(request)};
}

void print(const results::DescribedSource& described, const InfoFlags& flags, Console& console) {
    if (const auto* run = std::get_if<results::RunSummary>(&described.what)) {
        if (flags.keys)
            print_array_names(described.source, *run, console);
        else
            print_run(described.source, *run, console);
        return;
    }
    const auto& info = std::get<results::FileInfo>(described.what);
    if (flags.keys)
        print_keys(info, flags.sources.size() > 1, console);
    else
        print(info, console);
}

int execute(const InfoFlags& flags, Console& console) {
    std::vector<results::DescribedSource> all;
    const int code = for_each_source(flags.sources, console, [&](const std::string& source) {
        all.push_back(describe(flags, source));
        if (!flags.json || flags.keys) print(all.back(), flags, console);
        return 0;
    });
    if (flags.json && !all.empty())
        console.document(results::info_json(all, flags.sources.size() > 1));
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
