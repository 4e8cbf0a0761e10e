// info: what is in a file.
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "commands.hpp"
#include "pipeline/info.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

struct InfoFlags {
    std::string source;
    bool json = false;
};

nlohmann::ordered_json to_json(const pipeline::FileInfo& info) {
    nlohmann::ordered_json json;
    json["path"] = info.path;
    json["format"] = info.format;
    json["layout"] =
        info.layout.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(info.layout);
    json["arrays"] = nlohmann::ordered_json::array();
    for (const pipeline::ArrayInfo& array : info.arrays) {
        const analysis::ArraySummary& values = array.values;
        const bool any = values.finite() > 0;
        const auto or_null = [any](double value) {
            return any ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
        };
        json["arrays"].push_back({{"key", array.key},
                                  {"dtype", to_string(array.dtype)},
                                  {"shape", array.shape},
                                  {"fortran_order", array.column_major},
                                  {"min", or_null(values.min)},
                                  {"mean", or_null(values.mean)},
                                  {"max", or_null(values.max)},
                                  {"nan", values.nans},
                                  {"inf", values.infinities}});
    }
    json["texts"] = nlohmann::ordered_json::object();
    for (const auto& [key, count] : info.texts) json["texts"][key] = count;
    json["settings"] = nlohmann::ordered_json::object();
    for (const auto& [key, value] : info.settings)
        json["settings"][key] = nlohmann::ordered_json::parse(value);
    return json;
}

void print(const pipeline::FileInfo& info) {
    std::cout << info.path << ": " << info.format;
    if (!info.layout.empty()) std::cout << ", " << info.layout;
    std::cout << '\n';
    for (const auto& [key, value] : info.settings) std::cout << key << " = " << value << '\n';
    for (const auto& [key, count] : info.texts) std::cout << key << ": " << count << " texts\n";
    if (info.arrays.empty()) return;
    std::vector<std::vector<std::string>> rows{
        {"array", "dtype", "shape", "min", "mean", "max", "nan", "inf"}};
    for (const pipeline::ArrayInfo& array : info.arrays) {
        const analysis::ArraySummary& values = array.values;
        const bool any = values.finite() > 0;
        rows.push_back({array.key.empty() ? "-" : array.key, to_string(array.dtype),
                        to_string(array.shape) + (array.column_major ? " (fortran order)" : ""),
                        any ? number_text(values.min) : "-", any ? number_text(values.mean) : "-",
                        any ? number_text(values.max) : "-", std::to_string(values.nans),
                        std::to_string(values.infinities)});
    }
    print_table(rows, 3);
}

}  // namespace

void add_info_command(CLI::App& app, CommandLine& line) {
    CLI::App& command =
        *app.add_subcommand("info", "What is in a file: arrays, types, shapes, ranges, NaN");
    const auto flags = std::make_shared<InfoFlags>();
    command
        .add_option("source", flags->source,
                    "FILE[:KEY]: an NPY or JSON file, a folder of .npy files, or -")
        ->type_name("FILE[:KEY]")
        ->required();
    command.add_flag("--json", flags->json, "Print JSON");
    command.callback([flags, &line] {
        line.action = [flags] {
            const pipeline::FileInfo info = pipeline::inspect(flags->source);
            if (flags->json) {
                std::cout << to_json(info).dump(2) << '\n';
            } else {
                print(info);
            }
            return 0;
        };
    });
}

}  // namespace attn::app
