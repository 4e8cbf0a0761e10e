// grad: gradients through attention, as a user sees them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/commands.hpp"
#include "support/folder_contents.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

namespace {

ProgramResult grad(const Arguments& more) {
    return run_program(join({"grad"}, more));
}

Json grad_json(const Arguments& more) {
    const ProgramResult result = grad(join(more, {"--json"}));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.out);
}

std::string flag_file(const std::string& name) {
    return golden("flags/" + name);
}

// One layer of random matrices that reads what the golden flags are made for: [2, 5, 6].
Arguments small_layer(const TempFolder& folder) {
    const auto matrix = [&](const std::string& name, const Shape& shape, unsigned seed) {
        const Array<double> values = random_array<double>(shape, seed);
        write_array<double>(folder, name, shape, {values.values().begin(), values.values().end()});
    };
    matrix("w/W_Q.npy", {6, 16}, 1), matrix("w/W_K.npy", {6, 8}, 2);
    matrix("w/W_V.npy", {6, 6}, 3), matrix("w/W_O.npy", {12, 6}, 4);
    matrix("x.npy", {2, 5, 6}, 5), matrix("up.npy", {2, 5, 6}, 6);
    matrix("other.npy", {2, 7, 6}, 7), matrix("sink.npy", {4}, 8);
    matrix("bias.npy", {4, 5, 5}, 9), matrix("table.npy", {8, 4}, 10);
    matrix("past_k.npy", {2, 2, 3, 4}, 11), matrix("past_v.npy", {2, 2, 3, 3}, 12);
    write_array<char>(folder, "mask.npy", {5, 5},
                      {1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0});
    return {"-x", folder / "x.npy", "-w", folder / "w", "--heads", "4", "--kv-heads", "2"};
}

// Nothing is written, one line says why.
void check_grad_refused(const Arguments& arguments, const std::string& text) {
    const TempFolder folder;
    const auto before = contents(folder.path());
    const ProgramResult result = grad(join(arguments, {"-o", folder / "out"}));
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: ") && Catch::Contains(text));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK(result.out.empty());
    CHECK(contents(folder.path()) == before);
}

}  // namespace

TEST_CASE("grad prints a table of heads, one of layers and a verdict") {
    const ProgramResult result = grad(kSampleModel);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains("grad_scores") && Catch::Contains("softmax_gain") &&
                               Catch::Contains("branch_gain") && Catch::Contains("\ndepth gain "));
    CHECK_THAT(result.out, Catch::EndsWith(": ok\n"));
}

TEST_CASE("grad agrees with central differences whatever changes attention") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    const std::vector<Arguments> flags{
        {"--causal"},
        {"--window", "1,1"},
        {"--query-offset", "1", "--causal"},
        {"--mask", folder / "mask.npy"},
        {"--mask", folder / "mask.npy", "--mask-true", "ignore"},
        {"--key-lengths", "5,3"},
        {"--bias", folder / "bias.npy"},
        {"--scale", "0.3", "--softcap", "2"},
        {"--sink", folder / "sink.npy"},
        {"--rope", "--rope-theta", "100"},
        {"--rope", "--rope-dim", "2", "--rope-interleaved"},
        {"--alibi"},
        {"--relative-bias", folder / "table.npy", "--bidirectional"},
        {"--kv-order", "tile"},
        {"--context", folder / "other.npy"},
        {"--past-key", folder / "past_k.npy", "--past-value", folder / "past_v.npy", "--rope"},
    };
    for (const std::string& upstream :
         {std::string("sum"), std::string("energy"), std::string("token:2"), folder / "up.npy"}) {
        for (const Arguments& flag : flags) {
            const Json json = grad_json(
                join(join(layer, flag), {"--upstream", upstream, "--verify", "8", "--quiet"}));
            CAPTURE(flag, upstream, json["verification"]);
            CHECK(json["verification"]["largest"] < 1e-6);
            CHECK(json["verification"]["passed"] == true);
        }
    }
}

TEST_CASE("grad agrees with central differences through the blocks of every family") {
    for (const auto& entry : std::filesystem::directory_iterator(golden("models"))) {
        const std::string model = entry.path().string();
        Arguments input{"-w", model};
        for (const auto& [file, flag] :
             {std::pair("/token_ids.npy", "--token-ids"), std::pair("/embeddings.npy", "-x"),
              std::pair("/hidden_states.npy", "--hidden-states")}) {
            if (input.size() == 2 && std::filesystem::exists(model + file))
                input.insert(input.end(), {flag, model + file});
        }
        const bool whole = input[2] != "--hidden-states";
        for (const char* upstream : {"energy", "logit:6,2"}) {
            if (!whole && upstream != std::string("energy")) continue;
            const ProgramResult result =
                grad(join(input, {"--upstream", upstream, "--verify", "4", "--quiet", "--json"}));
            CAPTURE(model, upstream, result.err);
            if (result.exit_code == 2 && upstream == std::string("logit:6,2")) {
                CHECK_THAT(result.err, Catch::Contains("no matrix that makes logits (--upstream"));
                continue;
            }
            REQUIRE(result.exit_code == 0);
            CHECK(Json::parse(result.out)["verification"]["largest"] < 1e-6);
        }
    }
}

TEST_CASE("grad has the same numbers for any number of threads") {
    const TempFolder folder;
    std::map<std::string, std::string> first;
    for (const char* threads : {"1", "2", "5"}) {
        const std::string out = folder / (std::string("out") + threads);
        const ProgramResult result =
            grad(join(kSampleModel, {"--save", "all", "-o", out, "--threads", threads}));
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
        if (first.empty()) first = contents(out);
        CHECK(contents(out) == first);
    }
}

TEST_CASE("grad saves gradients under the shapes of what they belong to") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    const std::string out = folder / "out";
    const ProgramResult result =
        grad(join(layer, {"--sink", folder / "sink.npy", "--bias", folder / "bias.npy",
                          "--relative-bias", folder / "table.npy", "--save", "all", "-o", out}));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const std::vector<std::pair<std::string, Shape>> shapes{{"x", {2, 5, 6}},
                                                            {"q", {2, 4, 5, 4}},
                                                            {"k", {2, 2, 5, 4}},
                                                            {"v", {2, 2, 5, 3}},
                                                            {"context", {2, 4, 5, 3}},
                                                            {"scores", {2, 4, 5, 5}},
                                                            {"weights", {2, 4, 5, 5}},
                                                            {"W_Q", {6, 16}},
                                                            {"W_K", {6, 8}},
                                                            {"W_V", {6, 6}},
                                                            {"W_O", {12, 6}},
                                                            {"bias", {4, 5, 5}},
                                                            {"sink", {4}},
                                                            {"relative_bias", {8, 4}}};
    for (const auto& [name, shape] : shapes) {
        INFO(name);
        CHECK(load(out + "/layer00/grad_" + name + ".npy").shape() == shape);
    }
    const auto files = contents(out);
    CHECK(files.count("layer00/grad_b_Q.npy") == 0);
    CHECK(files.count("gradients.png") == 1);
    CHECK(decode_png(files.at("gradients.png")).width() > 300);
    CHECK(Json::parse(files.at("manifest.json"))["command"] == "grad");
}

TEST_CASE("grad --layers and --head choose what is told and saved, not what is computed") {
    const TempFolder folder;
    const Json all = grad_json(kSampleModel);
    const Json some = grad_json(join(
        kSampleModel, {"--layers", "1", "--head", "0,2", "--save", "q,x", "-o", folder / "o"}));
    CHECK(some["heads"].size() == 2);
    CHECK(some["layers"].size() == 1);
    CHECK(some["model"] == all["model"]);
    CHECK(std::find(all["heads"].begin(), all["heads"].end(), some["heads"][1]) !=
          all["heads"].end());
    CHECK(load(folder / "o/layer01/grad_q.npy").extent(0) == 2);
    CHECK(!std::filesystem::exists(folder / "o/layer00"));
}

TEST_CASE("grad of given heads saves the gradients of queries, keys and values") {
    const TempFolder folder;
    const Arguments heads{"-q", flag_file("q.npy"), "-k", flag_file("k.npy"),
                          "-v", flag_file("v.npy")};
    const Json json = grad_json(join(heads, {"--causal", "-o", folder / "o"}));
    CHECK(json["layers"][0].count("grad_W_Q") == 0);
    CHECK(json["layers"][0]["grad_in"].is_null());
    CHECK(json["tokens"].empty());
    CHECK(load(folder / "o/layer00/grad_k.npy").shape() == load(flag_file("k.npy")).shape());
    check_grad_refused(join(heads, {"--save", "x"}),
                       "--save x: --query, --key and --value were given");
    check_grad_refused(join(heads, {"--verify", "3"}), "--verify: moves the embeddings");
    check_grad_refused(join(heads, {"--upstream", "logit:0,0"}), "needs the whole model");
}

TEST_CASE("grad --verify tries no entry twice where all are tried") {
    const TempFolder folder;
    const Json json = grad_json(join(small_layer(folder), {"--verify", "1000000"}));
    CHECK(json["verification"]["entries"] == 60);
    CHECK(json["verification"]["passed"] == true);
}

TEST_CASE("every layer stands alone with --hidden-states") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    const auto stack = [&](const std::string& name) {
        for (const char* number : {"0", "1"})
            folder.write("s/layers." + std::string(number) + "." + name + ".npy",
                         read_file(folder / ("w/" + name + ".npy")));
    };
    for (const char* name : {"W_Q", "W_K", "W_V", "W_O"}) stack(name);
    const Array<double> x = random_array<double>({2, 2, 5, 6}, 1);
    write_array<double>(folder, "h.npy", {2, 2, 5, 6}, {x.values().begin(), x.values().end()});
    const Arguments input{
        "--hidden-states", folder / "h.npy", "-w", folder / "s", "--heads", "4", "--kv-heads", "2"};
    const Json json = grad_json(join(input, {"--upstream", "energy", "--verify", "6"}));
    CHECK(json["verification"]["passed"] == true);
    CHECK(json["layers"].size() == 2);
    CHECK(json["layers"][0].count("branch_gain") == 0);
    CHECK(json["model"]["depth_gain"].is_null());
    // Each as if it were the only layer, with its own part of the upstream.
    write_array<double>(folder, "u.npy", {2, 2, 5, 6}, {x.values().begin(), x.values().end()});
    const Json both = grad_json(join(input, {"--upstream", folder / "u.npy"}));
    write_array<double>(folder, "x1.npy", {2, 5, 6}, {x.data() + 60, x.data() + 120});
    const Json alone = grad_json({"-x", folder / "x1.npy", "-w", folder / "w", "--heads", "4",
                                  "--kv-heads", "2", "--upstream", folder / "x1.npy"});
    CHECK(both["layers"][1]["grad_in"].get<double>() ==
          Approx(alone["layers"][0]["grad_in"].get<double>()));
}

TEST_CASE("grad --check fails where heads pass no gradient") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    CHECK(grad(join(layer, {"--scale", "0.1", "--check"})).exit_code == 0);
    const ProgramResult failed = grad(join(layer, {"--scale", "300", "--check"}));
    CHECK(failed.exit_code == 1);
    CHECK_THAT(failed.err, Catch::Contains("error: check: layer 0, sequence 0, head ") &&
                               Catch::Contains("softmax passes no gradient in "));
    const Json json = grad_json(join(layer, {"--scale", "300"}));
    CHECK(static_cast<std::ptrdiff_t>(json["failed"].size()) ==
          std::count(failed.err.begin(), failed.err.end(), '\n') -
              (failed.err.find("warning") != std::string::npos ? 1 : 0));
    CHECK(grad(join(layer, {"--scale", "300"})).exit_code == 0);
}

TEST_CASE("grad of a logit says which tokens it feels, in labels") {
    const TempFolder folder;
    const std::string model = golden("models/gpt2");
    const std::string labels =
        folder.write("t.json", R"(["a", "b", "c", "d", "e", "f", "g", "h", "i"])");
    const ProgramResult result =
        grad({"-w", model, "--token-ids", model + "/token_ids.npy", "--upstream", "logit:3,2",
              "--tokens", labels, "-o", folder / "out"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains("input tokens with the largest gradients"));
    const Array<double> last = load(folder / "out/grad_final_hidden.npy");
    CHECK(last.shape() == load(folder / "out/layer00/grad_x.npy").shape());
    const Json json = grad_json({"-w", model, "--token-ids", model + "/token_ids.npy", "--upstream",
                                 "logit:3,2", "--tokens", labels});
    // Later tokens have no part in a causal model.
    CHECK(json["tokens"][4]["grad_norm"] == 0);
    CHECK(json["tokens"][3]["grad_norm"] > 0);
    CHECK(json["tokens"][3]["label"] == "d");
}

TEST_CASE("results of grad are not taken for attention") {
    const TempFolder folder;
    REQUIRE(grad(join(kSampleModel, {"-o", folder / "g"})).exit_code == 0);
    for (const char* command : {"stats", "check"}) {
        const ProgramResult result = run_program({command, folder / "g"});
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains("results of grad are no attention"));
    }
    CHECK_THAT(run_program({"info", folder / "g"}).out,
               Catch::Contains("results of attn-inspect grad"));
}

TEST_CASE("grad --csv has a line a head and every measure") {
    const ProgramResult result = grad(join(kSampleModel, {"--csv"}));
    CHECK_THAT(result.out, Catch::StartsWith("layer,head,grad_context,"));
    const Json json = grad_json(kSampleModel);
    CHECK(static_cast<std::size_t>(std::count(result.out.begin(), result.out.end(), '\n')) ==
          json["heads"].size() + 1);
}

TEST_CASE("grad refuses what does not fit, in one line, and writes nothing") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    write_array<double>(folder, "short.npy", {2, 4, 6}, std::vector<double>(48, 1));
    write_array<double>(folder, "nan.npy", {2, 5, 6}, std::vector<double>(60, std::nan("")));
    check_grad_refused(join(layer, {"--upstream", folder / "short.npy"}),
                       "expected [2, 5, 6], the shape of the output");
    check_grad_refused(join(layer, {"--upstream", folder / "nan.npy"}), "nan.npy");
    check_grad_refused(join(layer, {"--upstream", folder / "none.npy"}), "none.npy");
    check_grad_refused(join(layer, {"--upstream", "token:5"}),
                       "there are 5 tokens, counted from 0");
    check_grad_refused(join(layer, {"--upstream", "token:x"}), "--upstream");
    check_grad_refused(join(layer, {"--upstream", "logit:1,2"}), "no matrix that makes logits");
    check_grad_refused(join(layer, {"--save", "bias"}), "--save bias: there is no --bias");
    check_grad_refused(join(layer, {"--save", "sink"}), "--save sink: there is no --sink");
    check_grad_refused(join(layer, {"--save", "relative_bias"}), "there is no --relative-bias");
    check_grad_refused(join(layer, {"--layers", "1"}), "--layers 1: there is 1 layer");
    check_grad_refused(join(layer, {"--head", "4"}), "--head 4: there are 4 heads");
    const std::string model = golden("models/gpt2");
    const Arguments gpt{"-w", model, "--token-ids", model + "/token_ids.npy"};
    check_grad_refused(join(gpt, {"--upstream", "logit:99,0"}),
                       "there are 9 tokens, counted from 0");
    check_grad_refused(join(gpt, {"--upstream", "logit:0,99999"}), "the vocabulary has");
}

TEST_CASE("small gains are those of float64 in float32, too") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    double least = 1;
    for (const char* scale : {"1", "30", "100", "900"}) {
        const Json narrow = grad_json(join(layer, {"--scale", scale}));
        const Json wide = grad_json(join(layer, {"--scale", scale, "--precision", "f64"}));
        for (std::size_t head = 0; head < wide["heads"].size(); ++head) {
            const double gain = wide["heads"][head]["softmax_gain"];
            INFO(scale << ", head " << head);
            CHECK(std::abs(narrow["heads"][head]["softmax_gain"].get<double>() - gain) <=
                  2e-2 * gain + 1e-17);
            least = std::min(least, gain);
        }
    }
    CHECK(least < 1e-8);
}

TEST_CASE("norms of gradients whose squares leave float32 are those of others, times their size") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    const Array<double> values = random_array<double>({6, 6}, 3);
    const auto heads_at = [&](double upstream_size, double value_size) {
        std::vector<double> upstream(60), W_V(values.values().begin(), values.values().end());
        for (std::size_t i = 0; i < 60; ++i)
            upstream[i] = upstream_size * std::sin(static_cast<double>(i * i + 1));
        for (double& value : W_V) value *= value_size;
        write_array<double>(folder, "u.npy", {2, 5, 6}, upstream);
        write_array<double>(folder, "w/W_V.npy", {6, 6}, W_V);
        return grad_json(join(layer, {"--upstream", folder / "u.npy"}))["heads"];
    };
    const Json usual = heads_at(1, 1);
    const auto check_norms = [&](const Json& heads, double size) {
        for (std::size_t head = 0; head < usual.size(); ++head) {
            INFO(size << ", head " << head);
            for (const char* norm : {"grad_weights", "grad_scores", "grad_q"})
                CHECK(heads[head][norm].get<double>() / size ==
                      Approx(usual[head][norm].get<double>()).epsilon(1e-4));
            CHECK(heads[head]["softmax_gain"].get<double>() ==
                  Approx(usual[head]["softmax_gain"].get<double>()).epsilon(1e-4));
        }
    };
    for (const double size : {1e-30, 1e-20, 1e19, 1e30}) {
        check_norms(heads_at(size, 1), size);
        check_norms(heads_at(1, size), size);
    }
}

TEST_CASE("grad --verify holds what is written against float64") {
    const TempFolder folder;
    const Json narrow = grad_json(join(small_layer(folder), {"--verify", "5"}));
    CHECK(narrow["verification"]["rounding"].get<double>() > 0);
    CHECK(narrow["verification"]["rounding"].get<double>() < 1e-5);
    const Json wide = grad_json(join(small_layer(folder), {"--verify", "5", "--precision", "f64"}));
    CHECK(wide["verification"]["rounding"] == 0);
}

TEST_CASE("a gradient of zeros passes nothing") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    write_array<double>(folder, "u.npy", {2, 5, 6}, std::vector<double>(60));
    const ProgramResult result = grad(join(layer, {"--upstream", folder / "u.npy", "--check"}));
    CHECK(result.exit_code == 1);
}

TEST_CASE("grad of a matrix for each head gives its gradient in the same shape") {
    const TempFolder folder;
    const Arguments layer = small_layer(folder);
    const std::string flat = folder / "flat", deep = folder / "deep";
    REQUIRE(grad(join(layer, {"--save", "projections", "-o", flat})).exit_code == 0);
    const Array<double> W = load(folder / "w/W_Q.npy");
    std::vector<double> turned;
    for (std::size_t head = 0; head < 4; ++head) {
        for (std::size_t row = 0; row < 6; ++row) {
            for (std::size_t i = 0; i < 4; ++i) turned.push_back(W.data()[row * 16 + head * 4 + i]);
        }
    }
    write_array<double>(folder, "w/W_Q.npy", {4, 6, 4}, turned);
    REQUIRE(grad(join(layer, {"--save", "projections", "-o", deep})).exit_code == 0);
    const Array<double> a = load(flat + "/layer00/grad_W_Q.npy");
    const Array<double> b = load(deep + "/layer00/grad_W_Q.npy");
    REQUIRE(b.shape() == Shape{4, 6, 4});
    CHECK(b.data()[(1 * 6 + 2) * 4 + 3] == a.data()[2 * 16 + 1 * 4 + 3]);
}
