#include "run_summary_text.hpp"

#include <filesystem>
#include <vector>

#include "core/word_list.hpp"
#include "table.hpp"
#include "written_files.hpp"

namespace attn::app {
namespace {

// "0-3,7": the numbers as --layer and --head take them.
std::string index_list(const std::vector<std::size_t>& numbers) {
    std::string text;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t end = i + 1;
        while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
        text += (text.empty() ? "" : ",") + std::to_string(numbers[i]);
        if (end - i > 1) text += "-" + std::to_string(numbers[end - 1]);
        i = end;
    }
    return text;
}

std::string first_tokens(const std::vector<std::string>& tokens) {
    constexpr std::size_t kMost = 8;
    std::string text;
    for (std::size_t i = 0; i < std::min(kMost, tokens.size()); ++i)
        text += (i > 0 ? " " : "") + tokens[i];
    return text + (tokens.size() > kMost ? " …" : "");
}

std::string tokens_text(const results::RunSummary& run) {
    if (run.sequences == 0) return "none";
    const auto& tokens = run.manifest.tokens.front();
    std::string text = std::to_string(tokens.size()) + ": " + first_tokens(tokens);
    if (run.sequences > 1) text = counted(run.sequences, "sequence") + ", the first of " + text;
    return text;
}

}  // namespace

void print_run(const std::string& folder, const results::RunSummary& run, Console& console) {
    const results::RunManifest& manifest = run.manifest;
    console.line(folder + ": results of attn-inspect " + manifest.command + ", version " +
                 run.version);
    std::vector<std::vector<std::string>> rows{
        {"  layers", counted(manifest.layers.size(), "layer") + " x " +
                         counted(manifest.heads.size(), "head") + ": layers " +
                         index_list(manifest.layers) + ", heads " + index_list(manifest.heads)},
        {"  tokens", tokens_text(run)}};
    for (const auto& [file, arrays] : run.inputs)
        rows.push_back({"  input", file + " (" + counted(arrays, "array") + ")"});
    for (const auto& [name, value] : run.options)
        rows.push_back({"  option", name + " = " + value});
    print_table(console, rows, 2);
    std::vector<std::string> paths;
    for (const std::string& file : manifest.files)
        paths.push_back((std::filesystem::path(folder) / file).string());
    print_written(paths, false, console);
}

void print_array_names(const std::string& folder, const results::RunSummary& run,
                       Console& console) {
    for (const std::string& name : results::array_names_of(folder, run)) console.line(name);
}

}  // namespace attn::app
