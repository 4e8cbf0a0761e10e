// The keys that manual pages promise to scripts are those that --json prints.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "support/help.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Json = nlohmann::json;
using Names = std::set<std::string>;

namespace {

const std::string kModelToPrint = ATTN_SOURCE_DIR "/data/induction/model.json";

// What is bold under the heading JSON of the page of a command.
Names promised_keys(const std::string& command) {
    const std::string page = manual_page(command), heading = ".SH JSON\n", bold = "\\fB";
    Names names;
    const std::size_t begin = page.find(heading);
    if (begin == std::string::npos) return names;
    const std::size_t end = page.find(".SH ", begin + heading.size());
    for (std::size_t at = begin; (at = page.find(bold, at)) < end; ++at) {
        const std::size_t name = at + bold.size();
        names.insert(page.substr(name, page.find("\\fR", name) - name));
    }
    return names;
}

// Adds the keys of objects, but for those of objects that hold names of something else.
void add_keys(const Json& json, Names& names) {
    static const Names of_others{"options", "phases",     "notes",    "axes", "run",
                                 "std",     "unreadable", "settings", "texts"};
    if (!json.is_structured()) return;
    for (const auto& entry : json.items()) {
        if (json.is_object()) names.insert(entry.key());
        if (!json.is_object() || of_others.count(entry.key()) == 0) add_keys(entry.value(), names);
    }
}

// What the commands print for samples of all that they can tell.
Names printed_keys(const std::string& command, const std::string& results) {
    using Flags = std::vector<std::string>;
    const std::string layer0 = results + "/layer00/weights.npy";
    const std::map<std::string, std::vector<Flags>> samples{
        {"look", {{results, kModelToPrint}}},
        {"run", {{"-w", kModelToPrint, "-o", results + "-again", "--verify", "--timing"}}},
        {"stats", {{results, "--similarity"}}},
        {"check", {{results}}},
        {"compare", {{results, results}}},
        {"diagnose", {{"-w", kModelToPrint, "--observed", layer0}}},
        {"grad", {{"-w", kModelToPrint, "--clip", "1", "--scale", "300", "--verify", "1"}}},
        {"monitor", {{ATTN_SOURCE_DIR "/data/training"}}},
        {"approx",
         {{"-w", kModelToPrint, "--per-head", "--needs", "--growth", "49,512", "--method", "must",
           "--seeds", "2"}}},
        {"info", {{kModelToPrint}, {results}}},
        {"rollout", {{"-w", kModelToPrint}}}};
    Names names;
    for (Flags line : samples.at(command)) {
        line.insert(line.begin(), command);
        line.insert(line.end(), {"--json", "--quiet"});
        const auto result = run_program(line);
        INFO(result.err);
        REQUIRE(result.exit_code < 2);
        add_keys(Json::parse(result.out), names);
    }
    return names;
}

}  // namespace

TEST_CASE("every command with --json says in its manual and its long help what it prints") {
    const TempFolder folder;
    const std::string results = folder / "out";
    REQUIRE(run_program({"run", "-w", kModelToPrint, "-o", results, "--quiet"}).exit_code == 0);
    for (const std::string& command : command_names()) {
        const std::string help = run_program({command, "--help-all"}).out;
        if (help.find("--json ") == std::string::npos) continue;
        INFO(command);
        CHECK_THAT(help, Catch::Contains("What --json prints"));
        CHECK(help.find('`') == std::string::npos);
        const Names promised = promised_keys(command), printed = printed_keys(command, results);
        for (const std::string& key : promised) {
            INFO("promised: " << key);
            CHECK((key == "seq" || printed.count(key) == 1));  // seq: in batches
        }
        const std::string page = manual_page(command);
        for (std::string key : printed) {
            // One matrix stands for all of a layer.
            for (const std::string kind : {"_W_", "_b_"}) {
                const std::size_t at = key.find(kind);
                if (at != std::string::npos) key.replace(at, std::string::npos, "_W_Q");
            }
            INFO("printed: " << key);
            CHECK(page.find(key) != std::string::npos);
        }
    }
}
