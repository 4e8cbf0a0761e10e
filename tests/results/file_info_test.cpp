#include "results/file_info.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace attn;
using namespace attn::results;
using Json = nlohmann::json;

namespace {

FileInfo file_of(const std::string& key) {
    FileInfo info;
    info.path = "w.npz";
    info.format = "NPZ";
    info.values = false;
    info.arrays.resize(1);
    info.arrays[0].key = key;
    info.arrays[0].shape = {2, 3};
    return info;
}

}  // namespace

TEST_CASE("an array whose numbers were not read has no range in the JSON") {
    const Json document = Json::parse(info_json({{"w.npz", file_of("W_Q")}}, false));
    CHECK(document["format"] == "NPZ");
    CHECK(document["layout"].is_null());
    CHECK(document["values_read"] == false);
    const Json& array = document["arrays"][0];
    CHECK(array["shape"] == Json::parse("[2, 3]"));
    CHECK(array["min"].is_null());
}

TEST_CASE("of several sources each document names its own, files and folders of results alike") {
    RunSummary run;
    run.manifest.command = "run";
    run.options = {{"scale", "0.125"}};
    const Json document = Json::parse(info_json({{"w.npz", file_of("a")}, {"out", run}}, true));
    REQUIRE(document["files"].size() == 2);
    CHECK(document["files"][0]["source"] == "w.npz");
    CHECK(document["files"][1]["path"] == "out");
    CHECK(document["files"][1]["run"]["command"] == "run");
    CHECK(document["files"][1]["run"]["options"]["scale"] == 0.125);
}
