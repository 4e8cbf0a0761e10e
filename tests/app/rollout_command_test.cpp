// rollout, against reference values of scripts/golden_rollout.py and by what it prints and writes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <tuple>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/folder_contents.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Catch::Contains;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

namespace {

void flatten(const Json& json, std::vector<double>& values) {
    if (json.is_array()) {
        for (const Json& item : json) flatten(item, values);
    } else {
        values.push_back(json.get<double>());
    }
}

void check_array(const std::string& file, const Json& expected, double tolerance) {
    const attn::Array<double> found = load(file);
    std::vector<double> values;
    flatten(expected, values);
    REQUIRE(found.size() == values.size());
    double gap = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        gap = std::max(gap, std::abs(found.data()[i] - values[i]));
    INFO(file);
    CHECK(gap < tolerance);
}

Words in_golden(const Json& flags) {
    Words words{"rollout"};
    for (const std::string flag : flags) {
        const bool file = flag.size() > 4 && flag.substr(flag.size() - 4) == ".npy";
        words.push_back(file ? golden("rollout/" + flag) : flag);
    }
    return words;
}

// Two layers of two heads over three tokens, in a batch of two, as its name says.
std::string batch_file(const TempFolder& folder) {
    std::vector<float> values;
    for (std::size_t matrix = 0; matrix < 8; ++matrix) {
        const auto part = static_cast<float>(matrix + 1) / 16;
        for (const float value :
             {1.0F, 0.0F, 0.0F, part, 1 - part, 0.0F, part / 2, part / 2, 1 - part})
            values.push_back(value);
    }
    return write_array<float>(folder, "batch.npy", {2, 2, 2, 3, 3}, values);
}

const std::string kCausal = golden("rollout/causal.npy");

}  // namespace

TEST_CASE("rollout gives the reference values of every pair of its options") {
    const Json cases = Json::parse(read_file(golden("rollout/expected.json")));
    REQUIRE(cases.size() > 60);
    for (const Json& one : cases) {
        const TempFolder folder;
        Words words = in_golden(one["flags"]);
        const Words rest{"-o", folder / "out", "--json", "--precision", "f64"};
        words.insert(words.end(), rest.begin(), rest.end());
        const ProgramResult result = run_program(words);
        INFO(one["flags"].dump() << result.err);
        REQUIRE(result.exit_code == 0);
        for (const auto& [name, values] : one["arrays"].items())
            check_array(folder / ("out/" + name + ".npy"), values, 1e-12);
        const Json json = Json::parse(result.out);
        for (const auto& [name, value] : one["json"].items())
            CHECK(json[name].get<double>() == Approx(value.get<double>()).epsilon(1e-10));
    }
}

TEST_CASE("rollout in float32 is as good as its rounding") {
    const Json cases = Json::parse(read_file(golden("rollout/expected.json")));
    const TempFolder folder;
    REQUIRE(run_program({"rollout", kCausal, "-o", folder / "out"}).exit_code == 0);
    for (const Json& one : cases) {
        if (one["flags"] != Json{"causal.npy", "--save", "layers,rollout"}) continue;
        check_array(folder / "out/rollout.npy", one["arrays"]["rollout"], 1e-6);
    }
}

TEST_CASE("targets and sources are rows and columns of the rollout, in the order asked for") {
    const TempFolder folder;
    REQUIRE(run_program({"rollout", kCausal, "-o", folder / "all"}).exit_code == 0);
    REQUIRE(
        run_program({"rollout", kCausal, "-o", folder / "rows", "--targets", "4,0"}).exit_code ==
        0);
    REQUIRE(
        run_program({"rollout", kCausal, "-o", folder / "columns", "--sources", "2,1"}).exit_code ==
        0);
    REQUIRE(
        run_program({"rollout", kCausal, "-o", folder / "last", "--targets", "last"}).exit_code ==
        0);
    const auto all = load(folder / "all/rollout.npy"), rows = load(folder / "rows/rollout.npy"),
               columns = load(folder / "columns/rollout.npy"),
               last = load(folder / "last/rollout.npy");
    CHECK(rows.shape() == attn::Shape{2, 6});
    CHECK(columns.shape() == attn::Shape{6, 2});
    CHECK(last.shape() == attn::Shape{1, 6});
    for (std::size_t token = 0; token < 6; ++token) {
        CHECK(rows.data()[token] == Approx(all.data()[4 * 6 + token]).margin(1e-7));
        CHECK(rows.data()[6 + token] == Approx(all.data()[token]).margin(1e-7));
        CHECK(columns.data()[token * 2] == Approx(all.data()[token * 6 + 2]).margin(1e-7));
        CHECK(columns.data()[token * 2 + 1] == Approx(all.data()[token * 6 + 1]).margin(1e-7));
        CHECK(last.data()[token] == Approx(all.data()[5 * 6 + token]).margin(1e-7));
    }
}

TEST_CASE("the number of threads changes no byte of a rollout's folder") {
    const TempFolder folder;
    for (const char* threads : {"1", "3"}) {
        REQUIRE(
            run_program({"rollout", kCausal, "-o", folder / threads, "--threads", threads, "--save",
                         "rollout,layers", "--discard", "0.3", "--baseline", "uniform"})
                .exit_code == 0);
    }
    for (const char* file : {"rollout.npy", "layers.npy", "lift.npy"})
        CHECK(read_file(folder / ("1/" + std::string(file))) ==
              read_file(folder / ("3/" + std::string(file))));
}

TEST_CASE("sequences of a batch stay apart and keep their axis, with one chosen too") {
    const TempFolder folder;
    const std::string source = batch_file(folder);
    const Words axes{"--axes", "layers,batch,heads,q,k"};
    const auto roll = [&](const std::string& out, const Words& more) {
        Words words{"rollout", source, "-o", folder / out, "--json"};
        words.insert(words.end(), axes.begin(), axes.end());
        words.insert(words.end(), more.begin(), more.end());
        const ProgramResult result = run_program(words);
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
        return Json::parse(result.out);
    };
    const Json both = roll("both", {"--save", "rollout,layers,heatmaps", "--grid", "1x2+1"});
    CHECK(load(folder / "both/rollout.npy").shape() == attn::Shape{2, 3, 3});
    CHECK(load(folder / "both/layers.npy").shape() == attn::Shape{2, 2, 3, 3});
    CHECK(load(folder / "both/map.npy").shape() == attn::Shape{2, 3, 1, 2});
    CHECK(both["targets"].size() == 6);
    CHECK(both["targets"][5]["seq"] == 1);
    CHECK(std::filesystem::exists(folder / "both/seq01-rollout.png"));
    roll("second", {"--seq", "1"});
    const auto second = load(folder / "second/rollout.npy");
    REQUIRE(second.shape() == attn::Shape{1, 3, 3});
    for (std::size_t i = 0; i < 9; ++i)
        CHECK(second.data()[i] == load(folder / "both/rollout.npy").data()[9 + i]);
    roll("heads", {"--fuse", "per-head", "--targets", "2"});
    CHECK(load(folder / "heads/rollout.npy").shape() == attn::Shape{2, 2, 1, 3});
    CHECK(std::filesystem::exists(folder / "heads/seq00-rollout.png"));
}

TEST_CASE("chosen layers and heads are the ones that take part") {
    const TempFolder folder;
    const ProgramResult result = run_program({"rollout", kCausal, "--layers", "2,1", "--head", "1",
                                              "--no-residual", "--json", "-o", folder / "out"});
    REQUIRE(result.exit_code == 0);
    CHECK(Json::parse(result.out)["layers"] == Json{1, 2});
    const auto found = load(folder / "out/rollout.npy"), weights = load(kCausal);
    const double* one = weights.data() + 3 * 36;  // layer 1, head 1
    const double* two = weights.data() + 5 * 36;
    for (std::size_t key = 0; key < 6; ++key) {
        double sum = 0;
        for (std::size_t middle = 0; middle < 6; ++middle)
            sum += two[5 * 6 + middle] * one[middle * 6 + key];
        CHECK(found.data()[5 * 6 + key] == Approx(sum).epsilon(1e-5));
    }
}

TEST_CASE("what each target is made of is printed with its tokens, largest first") {
    const TempFolder folder;
    const std::string tokens = folder.write("tokens.json", R"(["a","b","c","d","e","f"])");
    const ProgramResult result =
        run_program({"rollout", kCausal, "--tokens", tokens, "--targets", "0,1", "--top", "1"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Contains("target") && Contains("0 a     0 a: 1") && Contains("1 b"));
    CHECK_THAT(result.out, Contains("specificity"));
}

TEST_CASE("targets that read nearly the same are warned of, in words and in the JSON") {
    const TempFolder folder;
    const std::string source =
        write_array<float>(folder, "same.npy", {2, 2}, {0.5, 0.5, 0.499F, 0.501F});
    const ProgramResult result = run_program({"rollout", source, "--no-residual", "--json"});
    REQUIRE(result.exit_code == 0);
    CHECK_THAT(result.err, Contains("specificity") && Contains("--first-key residual") &&
                               Contains("--baseline uniform") &&
                               Contains("--method contributions"));
    CHECK(Json::parse(result.out)["warnings"].size() == 1);
}

TEST_CASE("stored rows that are far from a sum of one are warned of once, with their place") {
    const TempFolder folder;
    const std::string fine = write_array<float>(folder, "fine.npy", {1, 1, 2, 2}, {1, 0, 0.5, 0.5});
    // Two layers of two heads; layer 1, head 1 and below it layer 0, head 1 hold other numbers.
    const std::string odd =
        write_array<float>(folder, "odd.npy", {2, 2, 2, 2},
                           {1, 0, 0.5, 0.5, 1, 0, 0.5, 2.5, 1, 0, 0.5, 0.5, 3, 0, 0.5, 0.5});
    const std::string slopes =
        write_array<float>(folder, "slopes.npy", {2, 2, 2, 2}, std::vector<float>(16, 0.5F));
    for (const Words& more :
         {Words{}, Words{"--targets", "1"}, Words{"--sources", "0"}, Words{"--method", "flow"},
          Words{"--fuse", "max"}, Words{"--fuse", "per-head"}, Words{"--discard", "0.2"},
          Words{"--renormalise", "none"}, Words{"--threads", "3"},
          Words{"--method", "relevance", "--gradients", slopes},
          Words{"--method", "gradient-rollout", "--gradients", slopes}}) {
        Words words{"rollout", odd, "--json"};
        words.insert(words.end(), more.begin(), more.end());
        const ProgramResult result = run_program(words);
        CAPTURE(more, result.err);
        REQUIRE(result.exit_code == 0);
        const std::string text = odd +
                                 ": the weights of layer 0, head 1, query 1 add up to 3, not to 1; "
                                 "attn-inspect check says more";
        CHECK_THAT(result.err, Contains(text));
        CHECK(result.err.find("add up") == result.err.rfind("add up"));
        const Json warnings = Json::parse(result.out)["warnings"];
        CHECK(std::count(warnings.begin(), warnings.end(), Json(text)) == 1);
    }
    const ProgramResult sane = run_program({"rollout", fine, "--json"});
    CHECK_THAT(sane.err, !Contains("add up"));
    const ProgramResult one = run_program({"rollout", odd, "--head", "0", "--json"});
    CHECK_THAT(one.err, !Contains("add up"));
    // Of attention to an encoder, and of the encoder, as well.
    const std::string cross =
        write_array<float>(folder, "cross.npy", {1, 1, 2, 2}, {0.5, 0.5, 4, 1});
    CHECK_THAT(run_program({"rollout", fine, "--cross", cross}).err,
               Contains(cross + ": the weights of layer 0, head 0, query 1 add up to 5"));
    CHECK_THAT(run_program({"rollout", fine, "--cross", fine, "--encoder", cross}).err,
               Contains(cross + ": the weights of layer 0, head 0, query 1 add up to 5"));
}

TEST_CASE("a run's folder says by itself who may attend, and what its tokens are") {
    const TempFolder folder;
    REQUIRE(
        run_program({"run", "-w", sample("model.json"), "--save", "weights", "-o", folder / "run"})
            .exit_code == 0);
    const ProgramResult result =
        run_program({"rollout", folder / "run", "-o", folder / "out", "--targets", "last"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const Json manifest = Json::parse(read_file(folder / "out/manifest.json"));
    CHECK(manifest["command"] == "rollout");
    CHECK(manifest["options"]["residual"] == 0.5);
    CHECK(manifest["structure"]["causal"] == true);
    CHECK(manifest["files"] == Json{"rollout.npy", "rollout.png"});
}

TEST_CASE("every name of --save is written, or refused by name, and an earlier result stays") {
    const TempFolder folder;
    const std::string slopes = golden("rollout/causal_gradients.npy");
    const std::vector<Words> modes{
        {},
        {"--targets", "1"},
        {"--sources", "1"},
        {"--fuse", "per-head"},
        {"--baseline", "uniform", "--sources", "1"},
        {"--method", "flow"},
        {"--method", "flow", "--sources", "1"},
        {"--method", "relevance", "--gradients", slopes},
        {"--method", "relevance", "--gradients", slopes, "--sources", "1"},
        {"--method", "gradient-rollout", "--gradients", slopes, "--sources", "1"},
        {"--cross", golden("rollout/cross.npy")},
    };
    for (const Words& mode : modes) {
        for (const std::string list : {"rollout", "layers", "heatmaps", "rollout,layers"}) {
            const std::string out = folder / "out";
            REQUIRE(run_program({"rollout", kCausal, "-o", out}).exit_code == 0);
            const auto before = contents(out);
            Words words{"rollout", kCausal, "-o", out, "--save", list};
            words.insert(words.end(), mode.begin(), mode.end());
            const ProgramResult result = run_program(words);
            CAPTURE(words, result.err);
            if (result.exit_code != 0) {
                CHECK(result.exit_code == 2);
                CHECK_THAT(result.err, Contains("--save layers"));
                CHECK(contents(out) == before);
                continue;
            }
            const bool layers = list.find("layers") != std::string::npos;
            CHECK(std::filesystem::exists(out + "/layers.npy") == layers);
            CHECK(std::filesystem::exists(out + "/manifest.json"));
            CHECK(contents(out).size() >= 2);
        }
    }
}

TEST_CASE("a rollout that leaves the range of its numbers is refused") {
    const TempFolder folder;
    const auto layers = [](const std::string& number) {
        const std::string head = "[[[" + number + ",0],[" + number + "," + number + "]]]";
        return "[" + head + "," + head + "," + head + "]";
    };
    const std::string weights = folder.write("weights.json", layers("0.5"));
    const std::string slopes = folder.write("slopes.json", layers("1e30"));
    for (const std::string method : {"relevance", "gradient-rollout"}) {
        const ProgramResult result =
            run_program({"rollout", weights, "--method", method, "--precision", "f32",
                         "--gradients", slopes, "--targets", "last"});
        INFO(method << "\n" << result.err);
        // A rollout of rows that are divided by their sums stays in range.
        CHECK(result.exit_code == (method == "relevance" ? 2 : 0));
        if (result.exit_code == 2)
            CHECK_THAT(result.err, Contains("divide --gradients by a constant"));
        CHECK_THAT(result.out, !Contains("nan"));
    }
}

TEST_CASE("gradients of a folder are those of the layers and heads of the weights") {
    const TempFolder folder;
    const auto make = [&](const std::string& command, const std::string& name, const Words& more) {
        Words words{command, "-w", sample("model.json"), "-o", folder / name};
        words.insert(words.end(), more.begin(), more.end());
        REQUIRE(run_program(words).exit_code == 0);
    };
    make("run", "all", {"--save", "weights"});
    make("run", "one", {"--save", "weights", "--layers", "0"});
    make("run", "head", {"--save", "weights", "--head", "0"});
    make("grad", "felt", {"--save", "weights"});
    make("grad", "other", {"--save", "weights", "--head", "1"});
    make("grad", "few", {"--save", "x"});
    const auto roll = [&](const std::string& source, const std::string& gradients) {
        return run_program({"rollout", folder / source, "--method", "relevance", "--gradients",
                            folder / gradients, "-o", folder / "out"});
    };
    for (const auto& [source, gradients, text] :
         {std::tuple("one", "felt", "has gradients of the layers 0-"),
          std::tuple("head", "other", "has gradients of the heads 1,"),
          std::tuple("all", "few", "has no layer00/grad_weights.npy; run grad with --save weights"),
          std::tuple("all", "all", "run wrote this folder")}) {
        const ProgramResult result = roll(source, gradients);
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Contains(text));
        CHECK_FALSE(std::filesystem::exists(folder / "out"));
    }
    CHECK(roll("all", "felt").exit_code == 0);
    const ProgramResult axes = run_program({"rollout", folder / "all", "--axes", "layer,head,q,k"});
    CHECK(axes.exit_code == 2);
    CHECK_THAT(axes.err, Contains("--axes") && Contains("is a folder that run wrote"));
}

TEST_CASE("flow is raw, normalised where asked for, and of the sources asked for") {
    const TempFolder folder;
    const std::string file = batch_file(folder);
    const auto flow = [&](const Words& more) {
        Words words{"rollout", file,      "--method", "flow",        "--precision",
                    "f64",     "--force", "-o",       folder / "out"};
        words.insert(words.end(), more.begin(), more.end());
        REQUIRE(run_program(words).exit_code == 0);
        return load(folder / "out/flow.npy");
    };
    const attn::Array<double> raw = flow({});
    REQUIRE(raw.shape() == attn::Shape{2, 3, 3});
    const attn::Array<double> shares = flow({"--normalise"});
    for (std::size_t row = 0; row < 6; ++row) {
        const double* const flows = raw.data() + 3 * row;
        const double sum = flows[0] + flows[1] + flows[2];
        for (std::size_t key = 0; key < 3; ++key)
            CHECK(shares.data()[3 * row + key] == Approx(flows[key] / sum));
    }
    const attn::Array<double> one = flow({"--sources", "1"});
    REQUIRE(one.shape() == attn::Shape{2, 3, 1});
    for (std::size_t row = 0; row < 6; ++row) CHECK(one.data()[row] == raw.data()[3 * row + 1]);
    const ProgramResult json = run_program({"rollout", file, "--method", "flow", "--json"});
    CHECK(Json::parse(json.out)["flow_saturation"].is_number());
    CHECK_THAT(run_program({"rollout", file, "--normalise"}).err,
               Contains("--normalise: has no effect on --method attention, it is for flow"));
    CHECK_THAT(run_program({"rollout", file, "--method", "flow", "--cross", file}).err,
               Contains("--cross: has no effect on --method flow"));
}

TEST_CASE("bad input of rollout is one line, and nothing is written") {
    const TempFolder folder;
    const std::string wide = write_array<float>(folder, "wide.npy", {2, 3}, {1, 0, 0, 0.5, 0.5, 0});
    const std::string negative = write_array<float>(folder, "n.npy", {2, 2}, {1, 0, -0.5, 1.5});
    const std::string shares = write_array<float>(folder, "shares.npy", {3, 2}, {1, 1, 0, 0, 1, 1});
    const std::string few = write_array<float>(folder, "few.npy", {2, 2}, {1, 1, 1, 1});
    const std::string slopes = golden("rollout/causal_gradients.npy"),
                      cross = golden("rollout/cross.npy"), encoder = golden("rollout/encoder.npy");
    const auto with = [&](const Words& more) {
        Words words{kCausal, "--method", "relevance", "--gradients", slopes, "--cross", cross};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    };
    const std::vector<std::pair<Words, std::string>> lines{
        {{wide}, "rollout needs square attention, this is [2, 3]"},
        {{negative}, "layer 0, head 0, query 1, key 0: is -0.5"},
        {{kCausal, "--targets", "6"}, "--targets 6"},
        {{kCausal, "--sources", "9"}, "--sources 9"},
        {{kCausal, "--start-layer", "3"}, "--start-layer 3: no layer is left"},
        {{kCausal, "--layer", "7"}, "--layer 7"},
        {{kCausal, "--head", "2"}, "--head 2"},
        {{kCausal, "--head-weights", shares}, "all heads of layer 1 weigh 0"},
        {{kCausal, "--head-weights", few}, "expected [layers, heads]"},
        {{kCausal, "--head-weights", golden("rollout/causal_gradients.npy")}, "--head-weights"},
        {{kCausal, "--cross", golden("rollout/encoder.npy")}, "--cross"},
        {{kCausal, "--cross", golden("rollout/cross.npy"), "--encoder", kCausal}, "--encoder"},
        {{kCausal, "--method", "relevance", "--gradients", golden("rollout/cross.npy")},
         "--gradients"},
        {{kCausal, "--method", "relevance"}, "needs --gradients"},
        {with({}), "--cross: --method relevance needs --cross-gradients beside it"},
        {with({"--cross-gradients", slopes}), "--cross-gradients " + slopes + ": has"},
        {with({"--cross-gradients", cross, "--encoder", encoder}),
         "--encoder: --method relevance needs --encoder-gradients beside it"},
        {with({"--cross-gradients", cross, "--encoder", encoder, "--encoder-gradients", cross}),
         "--encoder-gradients " + cross + ": has"},
        {with({"--cross-gradients", cross, "--sources", "1"}), "--sources and --cross exclude"},
        {{kCausal, "--image", kCausal}, "--image needs --grid"},
        {{kCausal, "--grid", "2x2"}, "--grid 2x2"},
        {{kCausal, "--residual", "1.5"}, "--residual 1.5"},
        {{kCausal, "--residual", "nan"}, "--residual nan"},
        {{kCausal, "--method", "flows"}, "--method flows"},
        {{kCausal, "--save", "rollouts"}, "did you mean rollout?"},
    };
    for (const auto& [flags, words] : lines) {
        Words all{"rollout", "-o", folder / "out", "--quiet"};
        all.insert(all.end(), flags.begin(), flags.end());
        const ProgramResult result = run_program(all);
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Contains(words));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
        CHECK_FALSE(std::filesystem::exists(folder / "out"));
    }
}
