// approx as a user runs it: on weights, on q, k and v, on saved attention.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

namespace {

using Words = std::vector<std::string>;

ProgramResult approx_of(Words words, const Words& more = {}) {
    words.insert(words.begin(), "approx");
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
}

Json json_of(Words words, const Words& more = {}) {
    words.emplace_back("--json");
    const ProgramResult result = approx_of(std::move(words), more);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.out);
}

void check_approx_refused(const Words& words, const std::string& text) {
    const ProgramResult result = approx_of(words);
    INFO(text);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::Contains(text));
}

Words model(const Words& more) {
    Words words = kSampleModel;
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

// Random numbers of one head, [1, 6, 4], in a file.
std::string a_head(const TempFolder& folder, const char* name, unsigned seed) {
    const Array<float> values = random_array<float>({1, 6, 4}, seed);
    return write_array<float>(folder, name, values.shape(),
                              {values.values().begin(), values.values().end()});
}

}  // namespace

TEST_CASE("approx: exact attention comes first and is exact; the usual methods follow") {
    const Json json = json_of(kSampleModel);
    CHECK(json["methods"][0]["method"] == "exact");
    CHECK(json["exact"]["flops"].get<double>() > 0);
    CHECK(json["exact"]["bytes_tiled"] < json["exact"]["bytes_standard"]);
    for (const Json& layer : json["methods"][0]["layers"]) {
        CHECK(layer["context_error"] == 0);
        CHECK(layer["output_error"] == 0);
        CHECK(layer["flops_ratio"] == 1);
    }
    std::set<std::string> names;
    for (const Json& method : json["methods"]) names.insert(method["method"].get<std::string>());
    for (const char* name : {"local", "block", "strided", "fixed", "global", "span", "topk", "topp",
                             "threshold", "h2o"})
        CHECK(names.count(name) == 1);
}

TEST_CASE("approx: saved weights alone say what a window would keep") {
    const TempFolder folder;
    REQUIRE(run_program({"run", "-x", sample("embeddings.npy"), "-w", sample("weights"), "--save",
                         "weights,v", "-o", folder / "out"})
                .exit_code == 0);
    const Words specs{"--method", "local:window=12,topk:k=4", "--precision", "f64", "--per-head"};
    const Json computed = json_of(kSampleModel, specs);
    const Json stored = json_of({folder / "out"}, specs);
    for (std::size_t method = 0; method < 3; ++method) {
        for (std::size_t layer = 0; layer < stored["methods"][method]["layers"].size(); ++layer) {
            const Json& a = computed["methods"][method]["layers"][layer]["heads"];
            const Json& b = stored["methods"][method]["layers"][layer]["heads"];
            for (std::size_t head = 0; head < a.size(); ++head) {
                CHECK(b[head]["kept_mass"].get<double>() ==
                      Approx(a[head]["kept_mass"].get<double>()).margin(1e-6));
                CHECK(b[head]["cells"] == a[head]["cells"]);
                CHECK(b[head]["context_error"].is_null());
                CHECK(b[head]["flops"].is_null());
            }
        }
    }
    const Json valued =
        json_of({folder / "out", "--layer", "1", "--value", folder / "out/layer01/v.npy"}, specs);
    CHECK(valued["methods"][1]["layers"][0]["context_error"].get<double>() ==
          Approx(computed["methods"][1]["layers"][1]["context_error"].get<double>()).margin(1e-5));
}

TEST_CASE("approx: the error behind W_O is told of layers and of heads") {
    const Json json = json_of(kSampleModel, {"--method", "local:window=4:sinks=1", "--precision",
                                             "f64", "--per-head", "--layer", "1"});
    const Json& layer = json["methods"][1]["layers"][0];
    const std::vector<double> expected{0.00890113916345, 0.475865352136, 0.368016933544,
                                       0.607246228896};
    for (std::size_t head = 0; head < 4; ++head)
        CHECK(layer["heads"][head]["output_error"].get<double>() ==
              Approx(expected[head]).margin(1e-8));
    CHECK(layer["output_error"].get<double>() > 0.3);
}

TEST_CASE("approx: heads that put out least are dropped first") {
    const Json json = json_of(kSampleModel, {"--method", "prune-heads:keep=4+3+2+1", "--precision",
                                             "f64", "--layer", "1", "--per-head"});
    const std::vector<double> expected{0, 0.00639272067517, 0.299966566044, 0.622236826944};
    for (std::size_t i = 0; i < 4; ++i) {
        const Json& layer = json["methods"][i + 1]["layers"][0];
        CHECK(layer["output_error"].get<double>() == Approx(expected[i]).margin(1e-8));
        CHECK(layer["heads"][0]["context_error"] == (i == 0 ? 0 : 1));
        CHECK(layer["heads"][1]["context_error"] == (i == 3 ? 1 : 0));
        CHECK(layer["heads"][0]["flops"].get<double>() * (i == 0 ? 0 : 1) == 0);
    }
}

TEST_CASE("approx: budgets, several values and joined masks are a row each") {
    const Json json =
        json_of(kSampleModel, {"--method", "topk,local:window=2+3,local:window=4/strided:stride=7",
                               "--budget", "0.1,0.5"});
    Words specs;
    for (const Json& method : json["methods"]) specs.push_back(method["spec"]);
    CHECK(specs == Words{"exact", "topk:k=5", "topk:k=25", "local:window=2", "local:window=3",
                         "local:window=4/strided:stride=7"});
}

TEST_CASE("approx: --max-error answers scripts with its exit code") {
    CHECK(approx_of(model({"--method", "local:window=400", "--max-error", "0.01"})).exit_code == 0);
    const ProgramResult bad =
        approx_of(model({"--method", "local:window=2", "--max-error", "0.01"}));
    CHECK(bad.exit_code == 1);
    CHECK_THAT(bad.err, Catch::Contains("local:window=2, layer 0: error of context is"));
    CHECK(
        approx_of(model({"--method", "local:window=2", "--max-error", "0.99", "--target", "mass"}))
            .exit_code == 0);
    const TempFolder folder;
    const std::string saved = folder.write("w.json", "[[1, 0], [0.5, 0.5]]");
    check_approx_refused({saved, "--method", "topk", "--max-error", "0.1", "--target", "context"},
                         "has no error of --target context");
}

TEST_CASE("approx: the table has a line a method, columns of one's choice, and the largest first") {
    const ProgramResult table = approx_of(model({"--method", "local:window=2,topk:k=2"}));
    CHECK_THAT(table.out, Catch::Contains("context_error") && Catch::Contains("flops x") &&
                              Catch::Contains("oracle"));
    CHECK(std::count(table.out.begin(), table.out.end(), '\n') == 4);
    const ProgramResult sorted = approx_of(model(
        {"--method", "local:window=2,topk:k=2", "--columns", "tv", "--sort", "tv", "--top", "1"}));
    CHECK_THAT(sorted.out, Catch::Contains("local:window=2") && !Catch::Contains("topk"));
    const ProgramResult csv = approx_of(model({"--method", "topk:k=2", "--csv"}));
    CHECK(csv.out.substr(0, 18) == "spec,oracle,layer,");
    const ProgramResult list = approx_of({"--list"});
    CHECK(list.exit_code == 0);
    CHECK_THAT(list.out, Catch::Contains("local") && Catch::Contains("window=64") &&
                             Catch::Contains("Beltagy 2020"));
}

TEST_CASE("approx: a folder gets JSON and CSV, whole or not at all") {
    const TempFolder folder;
    const ProgramResult result = approx_of(model({"--method", "topk:k=2", "-o", folder / "lab"}));
    REQUIRE(result.exit_code == 0);
    CHECK(Json::parse(read_file(folder / "lab/approx.json"))["methods"][1]["spec"] == "topk:k=2");
    CHECK(read_file(folder / "lab/approx.csv").find("topk:k=2,1,0,") != std::string::npos);
    CHECK(Json::parse(read_file(folder / "lab/manifest.json"))["command"] == "approx");
}

TEST_CASE("approx: what cannot be is one line that says why") {
    check_approx_refused(model({"--method", "locl"}), "did you mean local?");
    check_approx_refused(model({"--method", ",local"}), "method has no name");
    check_approx_refused(model({"--method", "topk:k=0"}),
                         "topk: k=0: needs a whole number, 1 or more");
    check_approx_refused(model({"--method", "topk:k=2,topk:k=2"}),
                         "named twice with the same options");
    check_approx_refused(model({"--budget", "1.5"}), "--budget 1.5: expected a number from 0 to 1");
    check_approx_refused(model({"--sort", "kept"}), "--sort kept: no such measure");
    check_approx_refused(model({"--method", "h2o", "--no-causal"}), "needs causal attention");
    check_approx_refused({}, "nothing to compute from");
    const TempFolder folder;
    const std::string saved = folder.write("w.json", "[[1, 0], [0.5, 0.5]]");
    const std::string values = folder.write("v.json", "[[1, 0, 2]]");
    check_approx_refused({saved, "--value", values}, "expected [(batch,) heads, 2, d_value]");
    const std::string broken =
        write_array<float>(folder, "nan.npy", {1, 2, 2}, {1, 0, std::nanf(""), 0.5f});
    check_approx_refused({broken, "--causal"}, "layer 0, head 0, query 1, key 0: is nan");
    check_approx_refused({broken, "--causal", "--needs"},
                         "expected attention weights of 0 or more");
    check_approx_refused({folder.write("scores.json", "[[1, -2], [3, 4]]")},
                         "query 0, key 1: is -2");
}

TEST_CASE("approx: saved rows that do not add up to one are told of, the first by its place") {
    const TempFolder folder;
    const std::string saved = folder.write("w.json", "[[1, 0], [1, 2]]");
    const ProgramResult far = run_program({"approx", saved, "--method", "local:window=2"});
    CHECK(far.exit_code == 0);
    CHECK_THAT(far.err, Catch::Contains(saved + ": the weights of layer 0, head 0, query 1 add up "
                                                "to 3, not to 1"));
    const std::string good = folder.write("good.json", "[[1, 0], [0.5, 0.5]]");
    CHECK_THAT(run_program({"approx", good, "--method", "local:window=2"}).err,
               !Catch::Contains("add up"));
}

TEST_CASE("approx: saved rows of zeros have no key and lose nothing") {
    const TempFolder folder;
    const std::string saved = folder.write("w.json", "[[1, 0, 0], [0, 0, 0], [0.5, 0, 0.5]]");
    const Json json =
        json_of({saved, "--causal", "--method", "local:window=3", "--max-error", "0"});
    for (const Json& method : json["methods"]) {
        CHECK(method["layers"][0]["kept_mass"] == 1.0);
        CHECK(method["layers"][0]["cells"] == 4);
    }
}

TEST_CASE("approx: rows without keys, one key and one query are measured as far as they go") {
    const TempFolder folder;
    const std::string q = write_array<float>(folder, "q.npy", {1, 3, 1}, {1, 2, 3});
    const std::string k = write_array<float>(folder, "k.npy", {1, 3, 1}, {1, 2, 3});
    const Json json = json_of({"-q", q, "-k", k, "-v", k, "--causal", "--query-offset", "-2",
                               "--method", "must", "--per-head"});
    for (const Json& method : json["methods"]) {
        if (!method["skipped"].is_null()) continue;
        INFO(method["spec"]);
        CHECK(method["layers"][0]["heads"][0]["exact_flops"] == 4);
    }
}

TEST_CASE("approx: costs of layers grow with their lengths, recurrent ones beside them") {
    const Json json = json_of(model({"--growth", "49,4096", "--method", "local:window=8,topk"}));
    std::set<std::string> layers;
    for (const Json& row : json["growth"]) {
        layers.insert(row["layer"].get<std::string>());
        const bool has_error = !row["error"].is_null();
        const bool recurrent = row["sequential_steps"] != 1;
        CHECK(has_error == (row["n"] == 49 && !recurrent));
    }
    CHECK(layers == std::set<std::string>{"attention", "local:window=8", "rnn", "gru", "lstm"});
    const auto flops = [](const std::string& window) {
        const Json grown =
            json_of(model({"--growth", "49,4096", "--method", "local:window=" + window}));
        std::vector<double> found;
        for (const Json& row : grown["growth"])
            if (row["layer"] == "local:window=" + window) found.push_back(row["core_flops"]);
        return found;
    };
    // A window wider than the input is whole where there are more tokens.
    CHECK(flops("512")[0] == flops("49")[0]);
    CHECK(flops("512")[1] ==
          Approx(flops("64")[1] * (512 * 513 / 2 + 3584 * 512) / (64 * 65 / 2 + 4032 * 64)));
    const ProgramResult table = approx_of(model({"--growth", "49,4096"}));
    CHECK_THAT(table.out, Catch::Contains("attention costs as much as an LSTM at n=256"));
    CHECK(table.out.find("context_error") == std::string::npos);
    const ProgramResult csv = approx_of(model({"--growth", "49", "--csv"}));
    CHECK(csv.out.find("layer,n,flops") == 0);
    check_approx_refused(model({"--growth", "0"}), "--growth");
    check_approx_refused(model({"--growth", "1e9"}), "--growth");
    const TempFolder folder;
    const std::string saved = folder.write("w.json", "[[1, 0], [0.5, 0.5]]");
    check_approx_refused({saved, "--growth", "8"}, "--growth: saved attention");
}

TEST_CASE("approx: errors of the first tokens stand beside costs of their lengths") {
    const Words lab{"--growth", "20,30,49,60", "--method", "local:window=4,linear,topk"};
    const Json json = json_of(kSampleModel, lab);
    for (const Json& row : json["growth"]) {
        const bool inside = row["n"] != 60 && row["sequential_steps"] == 1;
        INFO(row["layer"] << " " << row["n"]);
        CHECK(row["error"].is_null() == !inside);
        CHECK(row["time"].is_null());
    }
    // As if there were no others.
    const TempFolder folder;
    REQUIRE(run_program({"run", "-x", sample("embeddings.npy"), "-w", sample("weights"), "--save",
                         "q,k,v", "-o", folder / "out"})
                .exit_code == 0);
    const auto heads = [&](const char* name, std::size_t n) {
        const Array<double> all = load(folder / (std::string("out/layer00/") + name + ".npy"));
        std::vector<double> some;
        for (std::size_t head = 0; head < all.extent(0); ++head) {
            const Array<double> one = all.slice(head);
            some.insert(some.end(), one.data(), one.data() + n * one.extent(1));
        }
        return write_array<double>(folder, std::string(name) + ".npy",
                                   {all.extent(0), n, all.extent(2)}, some);
    };
    const Json first = json_of({"-q", heads("q", 20), "-k", heads("k", 20), "-v", heads("v", 20),
                                "--causal", "--method", "local:window=4"});
    const Json whole =
        json_of(kSampleModel, {"--layer", "0", "--growth", "20", "--method", "local:window=4"});
    for (const Json& row : whole["growth"]) {
        if (row["layer"] == "local:window=4")
            CHECK(row["error"].get<double>() ==
                  Approx(first["methods"][1]["layers"][0]["context_error"].get<double>())
                      .epsilon(1e-4));
    }
}

TEST_CASE("approx: --growth with --time runs layers of other lengths, recurrent ones too") {
    const TempFolder folder;
    const Json json = json_of(kSampleModel, {"--growth", "8,100", "--method", "local:window=4,topk",
                                             "--time", "--repeat", "1", "-o", folder / "lab"});
    CHECK(json["growth"].size() == 2 * 5);
    for (const Json& row : json["growth"]) {
        INFO(row["layer"]);
        CHECK(row["time"].get<double>() > 0);
        CHECK(row["time_exponent"].is_number());
    }
    CHECK(read_file(folder / "lab/growth-time.png").substr(1, 3) == "PNG");
    const ProgramResult table = approx_of(model({"--growth", "8,16", "--time", "--repeat", "1"}));
    CHECK_THAT(table.out, Catch::Contains("of time") && Catch::Contains("seconds"));
}

TEST_CASE("approx: --seeds tells how far random methods spread") {
    const Words specs{"--method", "performer:features=16,local:window=4", "--per-head"};
    const auto with = [&](const Words& more) {
        Words words = specs;
        words.insert(words.end(), more.begin(), more.end());
        return json_of(kSampleModel, words);
    };
    const Json all = with({"--seeds", "3", "--seed", "5"});
    CHECK(all["methods"].size() == 3);
    CHECK(all["methods"][1]["seeds"] == 3);
    CHECK_FALSE(all["methods"][2].contains("seeds"));
    double mean = 0, squares = 0;
    for (const char* seed : {"5", "6", "7"}) {
        const double error =
            with({"--seed", seed})["methods"][1]["layers"][1]["heads"][2]["context_error"];
        mean += error / 3;
        squares += error * error / 3;
    }
    const Json& head = all["methods"][1]["layers"][1]["heads"][2];
    CHECK(head["context_error"].get<double>() == Approx(mean));
    CHECK(head["std"]["context_error"].get<double>() ==
          Approx(std::sqrt(squares - mean * mean)).epsilon(1e-4));
    CHECK(all["methods"][1]["layers"][0]["std"]["tv"].get<double>() > 0);
    const ProgramResult table = approx_of(model({"--method", "performer", "--seeds", "2"}));
    CHECK_THAT(table.out, Catch::Contains("±"));
    check_approx_refused(model({"--method", "local", "--seeds", "2"}),
                         "--seeds: has no effect on local");
    const ProgramResult twice =
        approx_of(model({"--method", "performer,performer:seed=1", "--seeds", "2"}));
    CHECK(twice.exit_code == 0);
}

TEST_CASE("approx: outliers that stay exact make few bits go further") {
    const Json json = json_of(kSampleModel, {"--method", "quant:bits=3,quant:bits=3:outliers=0.1"});
    const Json& plain = json["methods"][1]["layers"][1];
    const Json& kept = json["methods"][2]["layers"][1];
    CHECK(kept["context_error"] < plain["context_error"]);
    CHECK(kept["kept_bytes"] > plain["kept_bytes"]);
}

TEST_CASE("approx: every head has a picture of exact, implied and different weights") {
    const TempFolder folder;
    const Words lab{"--method", "local:window=8,performer,int4,prune-heads,local/strided",
                    "--layers", "1",
                    "--head",   "0,2",
                    "-o",       folder / "lab"};
    REQUIRE(approx_of(model(lab)).exit_code == 0);
    const auto pictures = [&](const std::string& path) {
        Words names;
        if (!std::filesystem::exists(path)) return names;
        for (const auto& entry : std::filesystem::directory_iterator(path))
            names.push_back(entry.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    };
    CHECK(pictures(folder / "lab/layer01") ==
          Words{"head00-int4.png", "head00-local+strided.png", "head00-local:window=8.png",
                "head00-performer.png", "head02-int4.png", "head02-local+strided.png",
                "head02-local:window=8.png", "head02-performer.png"});
    Words without = model(lab);
    without.back() = folder / "plain";
    without.emplace_back("--no-pictures");
    REQUIRE(approx_of(without).exit_code == 0);
    CHECK(pictures(folder / "plain") == Words{"approx.csv", "approx.json", "manifest.json"});
    const ProgramResult many =
        approx_of(model({"--method", "local,topk", "--budget", "0.1,0.2,0.3,0.4,0.5,0.6,0.7", "-o",
                         folder / "many"}));
    CHECK_THAT(many.err, Catch::Contains("pictures of single heads are left out: 112"));
}

TEST_CASE("approx: --time runs what has a fast path, and says of the others that it did not") {
    const Json json = json_of(kSampleModel, {"--method", "local:window=8,performer,lsh,int8",
                                             "--time", "--repeat", "1", "--per-head"});
    CHECK(json["exact"]["time"].get<double>() > 0);
    for (const Json& method : json["methods"]) {
        INFO(method["spec"]);
        const bool fast = method["method"] != "lsh" && method["method"] != "int8";
        CHECK(method["time"].is_null() == !fast);
        CHECK(method["layers"][0]["time"].is_null() == !fast);
        CHECK(method["layers"][0]["time_ratio"].is_null() == !fast);
        CHECK(method["layers"][0]["heads"][0]["time"].is_null());
    }
    CHECK(json_of(kSampleModel, {"--method", "local"})["exact"]["time"].is_null());
    const ProgramResult table = approx_of(model({"--method", "topk", "--time", "--repeat", "1"}));
    CHECK_THAT(table.out, Catch::Contains("seconds") && Catch::Contains("time x"));
    const ProgramResult windowed =
        approx_of(model({"--method", "local:window=2", "--window", "4,0", "--time"}));
    CHECK(windowed.exit_code == 0);
    CHECK_THAT(windowed.err, Catch::Contains("--time: only exact attention is timed"));
}

TEST_CASE("approx: methods that do not look at the data say from where on they pay") {
    const Json json =
        json_of(kSampleModel, {"--method", "local:window=8:sinks=2,topk,performer", "--per-head"});
    const auto pays = [&](std::size_t method) {
        CHECK(json["methods"][method]["layers"][0]["heads"][1]["pays_from"] ==
              json["methods"][method]["layers"][0]["pays_from"]);
        return json["methods"][method]["layers"][0]["pays_from"];
    };
    CHECK(pays(0).is_null());
    CHECK(pays(1) == 11);
    CHECK(pays(2).is_null());
    // 49 tokens are far from enough.
    CHECK(pays(3) > 49);
}

TEST_CASE("approx: a folder has pictures of errors, needs and growth") {
    const TempFolder folder;
    const ProgramResult result =
        approx_of(model({"--method", "local,topk", "--budget", "0.1,0.5", "--needs", "--growth",
                         "64,512", "-o", folder / "lab"}));
    REQUIRE(result.exit_code == 0);
    for (const char* name : {"pareto", "pareto-bytes", "needs", "spans", "spectrum", "growth"}) {
        CAPTURE(name);
        const std::string png = read_file(folder / (std::string("lab/") + name + ".png"));
        CHECK(png.substr(1, 3) == "PNG");
    }
}

TEST_CASE("what a run read and its folder does not hold must be what it was") {
    const TempFolder folder;
    const auto mask = [&](char far) {
        std::vector<char> cells(36, far);
        for (std::size_t i = 0; i < 6; ++i) cells[i * 6 + i] = 1;
        return write_array<char>(folder, "m.npy", {6, 6}, cells);
    };
    const std::string name = mask(0);
    REQUIRE(run_program({"run", "-q", a_head(folder, "q.npy", 1), "-k", a_head(folder, "k.npy", 2),
                         "-v", a_head(folder, "v.npy", 3), "--mask", name, "--save", "q,k,v", "-o",
                         folder / "o"})
                .exit_code == 0);
    CHECK(approx_of({folder / "o", "--method", "local:window=3"}).exit_code == 0);
    mask(1);
    check_approx_refused({folder / "o", "--method", "local:window=3"},
                         "m.npy: has changed since the run");
    CHECK(approx_of({folder / "o", "--method", "local:window=3", "--mask", name}).exit_code == 0);
}

TEST_CASE("with a sink exact attention loses nothing") {
    const TempFolder folder;
    const std::string sink = write_array<float>(folder, "s.npy", {1}, {1.5F});
    const Words input{"-q",       a_head(folder, "q.npy", 1),
                      "-k",       a_head(folder, "k.npy", 2),
                      "-v",       a_head(folder, "v.npy", 3),
                      "--sink",   sink,
                      "--method", "local:window=2"};
    const Json json = json_of(input);
    CHECK(json["methods"][0]["layers"][0]["kept_mass"].get<double>() < 0.99);
    CHECK(json["methods"][0]["layers"][0]["lost_mass"] == 0);
    CHECK(json["methods"][1]["layers"][0]["lost_mass"].get<double>() > 0.1);
    Words exact = input;
    exact[9] = "exact";
    CHECK(approx_of(exact, {"--target", "mass", "--max-error", "0.02"}).exit_code == 0);
}
