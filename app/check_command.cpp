// check: is this attention sane? Exit code 1 when not.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "flags.hpp"
#include "io/json_text.hpp"
#include "pipeline/check.hpp"
#include "progress_bar.hpp"
#include "source_flags.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using pipeline::CheckLine;
using pipeline::CheckPlace;
using pipeline::CheckResult;
using pipeline::Verdict;
using Json = nlohmann::ordered_json;

struct CheckFlags {
    pipeline::CheckRequest request;
    bool strict = false;
    bool json = false;
};

const char* word(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::fail:
            return "FAIL";
        case Verdict::warning:
            return "warning";
        case Verdict::skipped:
            break;
    }
    return "skipped";
}

std::string place_text(const CheckPlace& place, bool batch) {
    std::string text = "layer " + std::to_string(place.layer);
    if (batch) text += ", seq " + std::to_string(place.sequence);
    text += ", head " + std::to_string(place.head);
    if (place.query) text += ", query " + std::to_string(*place.query);
    if (place.key) text += ", key " + std::to_string(*place.key);
    return text;
}

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}

std::string to_json(const CheckResult& result, bool passed) {
    Json json{{"passed", passed}, {"checks", Json::array()}};
    for (const CheckLine& line : result.lines) {
        Json entry{{"name", line.name}, {"verdict", word(line.verdict)}};
        entry["worst"] = or_null(line.worst);
        Json place;
        if (line.place) {
            place["layer"] = line.place->layer;
            if (result.batch) place["seq"] = line.place->sequence;
            place["head"] = line.place->head;
            place["query"] = or_null(line.place->query);
            place["key"] = or_null(line.place->key);
        }
        entry["place"] = place;
        entry["message"] = line.message;
        entry["threshold"] = or_null(line.threshold);
        entry["meaning"] = line.meaning;
        json["checks"].push_back(entry);
    }
    return io::json_document(json);
}

void print(const CheckResult& result, bool passed, bool strict, Console& console) {
    std::vector<std::vector<std::string>> rows{
        {"check", "verdict", "worst", "limit", "where", "meaning"}};
    std::string skipped, failed;
    const auto append = [](std::string& list, const std::string& name) {
        list += (list.empty() ? "" : ", ") + name;
    };
    for (const CheckLine& line : result.lines) {
        if (line.verdict == Verdict::skipped) {
            append(skipped, line.name);
            continue;
        }
        if (pipeline::fails(line, strict)) append(failed, line.name);
        rows.push_back({line.name, word(line.verdict), line.worst ? number_text(*line.worst) : "",
                        line.limit, line.place ? place_text(*line.place, result.batch) : "",
                        line.message.empty() ? line.meaning : line.message});
    }
    if (rows.size() > 1) print_table(console, rows, 6);
    if (!skipped.empty()) console.line("not checked: " + skipped);
    console.line(passed ? "passed" : "failed: " + failed);
}

int execute(const CheckFlags& flags, const CommandLine& line) {
    CheckResult result;
    {
        ProgressBar bar(line.console, line.global.quiet);
        result = pipeline::check(flags.request, bar.progress(), line.console.warnings());
    }
    const bool passed = !result.failed(flags.strict);
    if (flags.json) {
        line.console.document(to_json(result, passed));
    } else if (!line.global.quiet) {
        print(result, passed, flags.strict, line.console);
    }
    return passed ? 0 : 1;
}

std::string list_names() {
    return "Checks: " + join(pipeline::check_names(), ", ");
}

}  // namespace

void add_check_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "check", "Is this attention sane? Exit code 1 when it is not");
    const auto flags = std::make_shared<CheckFlags>();
    add_source_flags(command, flags->request.from);
    add_mask_flags(command, flags->request.attention);
    command.heading("Options");
    command.real("--atol", flags->request.atol, RealRange::between(0, 1),
                 "How far a row sum may be from 1, a weight outside of 0 to 1 (default 1e-3)");
    command.words("--only", flags->request.only, "Only these checks")
        .completes_list(pipeline::check_names());
    command.words("--skip", flags->request.skip, "Without these checks")
        .completes_list(pipeline::check_names());
    command.on("--strict", flags->strict, "Warnings fail too");
    command.on("--json", flags->json, "Print JSON: {\"passed\": …, \"checks\": […]}");
    command.footer(list_names());
    command.usual(
        {"--causal", "--mask", "--key-lengths", "--atol", "--only", "--skip", "--strict", "--json"},
        "attn-inspect check weights.npy --causal && echo sane");
    command.action([flags, &line] { return execute(*flags, line); });
}

}  // namespace attn::app
