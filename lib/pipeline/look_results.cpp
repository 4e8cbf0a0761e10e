#include "pipeline/look_results.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/shell_word.hpp"
#include "core/word_list.hpp"
#include "io/json_text.hpp"
#include "pipeline/info.hpp"

namespace attn::pipeline {
namespace {

// The text of an option; empty where it has none.
std::string text_option(const results::RunManifest& manifest, const std::string& name) {
    const auto value = io::parse_json(manifest.option(name));
    return value.is_string() ? value.get<std::string>() : "";
}

std::string sizes_of(const results::RunManifest& manifest) {
    return counted(manifest.layers.size(), "layer") + " x " +
           counted(manifest.heads.size(), "head");
}

bool has_file(const results::RunManifest& manifest, const std::string& name) {
    return std::find(manifest.files.begin(), manifest.files.end(), name) != manifest.files.end();
}

// Arrays of the folder that hold what is no number.
void add_problems(const std::string& folder, const results::RunManifest& manifest,
                  LookResult& result) {
    for (const std::string& file : manifest.files) {
        if (file.size() < 4 || file.substr(file.size() - 4) != ".npy") continue;
        const FileInfo info = inspect({folder + "/" + file, "", std::nullopt});
        for (const ArrayInfo& array : info.arrays) {
            if (array.values.nans + array.values.infinities > 0)
                result.problems.push_back(file + ": " + std::to_string(array.values.nans) +
                                          " NaN, " + std::to_string(array.values.infinities) +
                                          " infinite");
        }
    }
}

void look_at_rollout(const std::string& folder, const results::RunManifest& manifest,
                     LookResult& result) {
    const std::string method = text_option(manifest, "method");
    result.what = "results of rollout, method " + method + ", of " + sizes_of(manifest) +
                  ": which inputs tokens are made of";
    result.more = "it tells how attention routes inputs, not how much they matter";
    for (const char* name : {"rollout.npy", "flow.npy", "relevance.npy"}) {
        if (!has_file(manifest, name)) continue;
        const std::string array = folder + "/" + name;
        const FileInfo info = inspect({array, "", false});
        if (info.arrays.front().shape.size() == 2)
            result.next.push_back("attn-inspect heatmap " + shell_word(array) +
                                  " --axes q,k -o picture.png");
    }
}

void look_at_gradients(const std::string& folder, const results::RunManifest& manifest,
                       LookResult& result) {
    result.what = "results of grad, upstream " + text_option(manifest, "upstream") + ", of " +
                  sizes_of(manifest) + ": how gradients pass";
    const bool of_weights = std::any_of(
        manifest.files.begin(), manifest.files.end(),
        [](const std::string& file) { return file.find("grad_weights") != std::string::npos; });
    if (of_weights)
        result.next.push_back("attn-inspect rollout RUN --method gradient-rollout --gradients " +
                              shell_word(folder));
}

void look_at_training(const std::string& folder, LookResult& result) {
    const std::string file = folder + "/monitor.json";
    const nlohmann::json json = io::read_json_document(file);
    if (!json.is_object() || !json.contains("steps") || !json.contains("alarms"))
        fail(file, ": is damaged, expected steps and alarms");
    const auto& steps = json["steps"];
    result.what = "results of monitor, " + counted(steps.size(), "step");
    if (!steps.empty())
        result.what +=
            " from " + io::json_value(steps.front()) + " to " + io::json_value(steps.back());
    std::size_t others = 0;
    for (const auto& alarm : json["alarms"]) {
        if (alarm.value("verdict", "") != "alarm") {
            ++others;
            continue;
        }
        std::string line = alarm.value("name", "") + " at step " + io::json_value(alarm["step"]);
        for (const char* place : {"layer", "head"})
            if (alarm[place].is_number())
                line += std::string(", ") + place + " " + io::json_value(alarm[place]);
        result.problems.push_back(line + ": " + alarm.value("message", ""));
    }
    result.what += ", " + counted(result.problems.size(), "alarm") + ", " + std::to_string(others) +
                   " warnings and events";
}

// A run that saved no weights: its own verdicts, where it saved those.
void look_at_run(const std::string& folder, const results::RunManifest& manifest,
                 LookResult& result) {
    result.what = "results of run, of " + sizes_of(manifest) + ", without weights";
    if (!has_file(manifest, "check.json")) return;
    const std::string file = folder + "/check.json";
    const nlohmann::json json = io::read_json_document(file);
    if (!json.is_object() || !json.contains("checks") || !json["checks"].is_array())
        fail(file, ": is damaged, expected checks");
    for (const auto& check : json["checks"]) {
        if (check.value("verdict", "") == "FAIL")
            result.problems.push_back("check " + check.value("name", "") + ": " +
                                      check.value("message", ""));
    }
    if (result.problems.empty()) result.what += "; its checks passed";
}

}  // namespace

bool holds_weights(const results::RunManifest& manifest) {
    const auto may_hold = [](const std::string& file) {
        return file.find("/weights.") != std::string::npos ||
               file.find("/arrays.") != std::string::npos;
    };
    return std::any_of(manifest.files.begin(), manifest.files.end(), may_hold);
}

LookResult look_at_results(const std::string& folder, const results::RunManifest& manifest) {
    LookResult result;
    result.what = "results of " + manifest.command + ", " + counted(manifest.files.size(), "file");
    if (manifest.command == "rollout") look_at_rollout(folder, manifest, result);
    if (manifest.command == "grad") look_at_gradients(folder, manifest, result);
    if (manifest.command == "monitor") look_at_training(folder, result);
    if (manifest.command == "run") look_at_run(folder, manifest, result);
    add_problems(folder, manifest, result);
    result.next.push_back("attn-inspect info " + shell_word(folder));
    return result;
}

}  // namespace attn::pipeline
