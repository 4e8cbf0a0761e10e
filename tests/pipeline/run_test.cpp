#include "pipeline/run.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "core/parallel.hpp"
#include "source/stored_source.hpp"
#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/picture.hpp"
#include "support/temp_folder.hpp"

using namespace attn::pipeline;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

RunRequest sample_request(const TempFolder& folder) {
    RunRequest request;
    request.input.embeddings = sample("embeddings.npy");
    request.input.weights = sample("weights");
    request.input.attention.causal = true;
    request.output = folder / "out";
    return request;
}

std::set<std::string> files_in(const std::string& folder) {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) files.insert(fs::relative(entry.path(), folder).string());
    }
    return files;
}

std::string layer(int number) {
    return "out/layer0" + std::to_string(number) + "/";
}

}  // namespace

TEST_CASE("the sample's attention is PyTorch's in every layer and head") {
    const TempFolder folder;
    RunRequest request = sample_request(folder);
    request.save = attn::results::parse_save("scores,weights,context,output");
    run(request, {}, {});
    for (const int number : {0, 1}) {
        for (const char* name : {"scores", "weights", "context", "output"}) {
            INFO(name << " of layer " << number);
            const auto expected =
                load(golden("induction/" + std::string(name) + std::to_string(number) + ".npy"));
            const double tolerance = name == std::string("weights") ? 1e-6 : 1e-4;
            CHECK(max_difference(load(folder / (layer(number) + name + ".npy")), expected) <
                  tolerance);
        }
    }
}

TEST_CASE("float64 reaches float64's accuracy") {
    const TempFolder folder;
    RunRequest request = sample_request(folder);
    request.input.precision = attn::source::Precision::f64;
    request.save = attn::results::parse_save("weights");
    run(request, {}, {});
    for (const int number : {0, 1}) {
        const auto expected = load(golden("induction/weights" + std::to_string(number) + ".npy"));
        CHECK(max_difference(load(folder / (layer(number) + "weights.npy")), expected) < 1e-12);
    }
}

TEST_CASE("a batch keeps its axis and gives each sequence its own attention") {
    const TempFolder folder;
    RunRequest request = sample_request(folder);
    request.input.embeddings = sample("batch_embeddings.npy");
    request.input.tokens = sample("batch_tokens.json");
    request.save = attn::results::parse_save("weights,output,heatmaps");
    run(request, {}, {});
    const auto weights = load(folder / (layer(1) + "weights.npy"));
    CHECK(weights.shape() == attn::Shape{3, 4, 49, 49});
    // Scores of about 10 in float32, from a first layer in float32: 2e-6 of a weight near one.
    CHECK(max_difference(weights, load(golden("induction/batch_weights1.npy"))) < 2e-6);
    CHECK(load(folder / (layer(0) + "output.npy")).shape() == attn::Shape{3, 49, 64});
    CHECK(fs::exists(folder / (layer(0) + "seq02-head03.png")));
    CHECK(fs::exists(folder / (layer(0) + "seq00-heads.png")));
    CHECK(fs::exists(folder / "out/seq01-layers.png"));
}

TEST_CASE("the folder has exactly the promised files and shapes") {
    const TempFolder folder;
    run(sample_request(folder), {}, {});
    std::set<std::string> expected{"manifest.json", "layers.png"};
    for (const std::string number : {"0", "1"}) {
        for (const char* file : {"scores.npy", "weights.npy", "output.npy", "head00.png",
                                 "head01.png", "head02.png", "head03.png", "heads.png"}) {
            expected.insert("layer0" + number + "/" + file);
        }
    }
    CHECK(files_in(folder / "out") == expected);
    CHECK(load(folder / (layer(0) + "scores.npy")).shape() == attn::Shape{4, 49, 49});
    CHECK(load(folder / (layer(0) + "weights.npy")).shape() == attn::Shape{4, 49, 49});
    CHECK(load(folder / (layer(0) + "output.npy")).shape() == attn::Shape{49, 64});
}

TEST_CASE("one JSON file gives the same bits as the arrays it was made from") {
    const TempFolder folder;
    run(sample_request(folder), {}, {});
    RunRequest request;
    request.input.weights = sample("model.json");
    request.output = folder / "json";
    run(request, {}, {});
    for (const char* file : {"layer00/weights.npy", "layer01/weights.npy", "layer01/output.npy"}) {
        CHECK(
            (read_file(folder.path() / "json" / file) == read_file(folder.path() / "out" / file)));
    }
}

TEST_CASE("the number of threads changes no file") {
    const TempFolder folder;
    RunRequest request = sample_request(folder);
    for (const std::size_t threads : {1, 2}) {
        const attn::ThreadLimit limit(threads);
        request.output = folder / std::to_string(threads);
        run(request, {}, {});
    }
    const auto files = files_in(folder / "1");
    CHECK(files == files_in(folder / "2"));
    for (const std::string& file : files) {
        INFO(file);
        CHECK((read_file(folder.path() / "1" / file) == read_file(folder.path() / "2" / file)));
    }
}

TEST_CASE("layers and heads can be chosen") {
    const TempFolder folder;
    RunRequest request = sample_request(folder);
    request.layers = std::vector<std::size_t>{1};
    request.heads = std::vector<std::size_t>{2, 0};
    request.save = attn::results::parse_save("weights,q,k,v,context,heatmaps");
    run(request, {}, {});
    CHECK_FALSE(fs::exists(folder / layer(0)));
    CHECK(fs::exists(folder / (layer(1) + "head02.png")));
    CHECK_FALSE(fs::exists(folder / (layer(1) + "head01.png")));
    const auto weights = load(folder / (layer(1) + "weights.npy"));
    const auto all = load(golden("induction/weights1.npy"));
    CHECK(max_difference(weights.slice(0), all.slice(0)) < 1e-6);
    CHECK(max_difference(weights.slice(1), all.slice(2)) < 1e-6);
    CHECK(load(folder / (layer(1) + "q.npy")).shape() == attn::Shape{2, 49, 16});

    request.heads = std::vector<std::size_t>{4};
    CHECK_THROWS_WITH(run(request, {}, {}), "--head 4: there are 4 heads, 0-3");
    request.layers = std::vector<std::size_t>{7};
    CHECK_THROWS_WITH(run(request, {}, {}), "--layers 7: there are 2 layers, 0-1");
}

TEST_CASE("hidden states give every layer its own input") {
    const TempFolder folder;
    const auto x = load(sample("embeddings.npy"));
    const auto y = load(golden("induction/output0.npy"));
    // NumPy would stack [x, x + output of layer 0]; JSON does as well.
    std::string text = "[[";
    for (int part = 0; part < 2; ++part) {
        for (std::size_t row = 0; row < x.extent(0); ++row) {
            text += row > 0 ? ",[" : part > 0 ? "],[[" : "[";
            for (std::size_t i = 0; i < x.extent(1); ++i) {
                const double value =
                    x.slice(row).data()[i] + (part > 0 ? y.slice(row).data()[i] : 0);
                char number[40];
                std::snprintf(number, sizeof number, "%s%.17g", i > 0 ? "," : "", value);
                text += number;
            }
            text += "]";
        }
    }
    RunRequest request = sample_request(folder);
    request.input.embeddings.clear();
    request.input.hidden_states = folder.write("hidden.json", text + "]]");
    request.save = attn::results::parse_save("weights");
    run(request, {}, {});
    CHECK(max_difference(load(folder / (layer(1) + "weights.npy")),
                         load(golden("induction/weights1.npy"))) < 1e-6);

    request.input.hidden_states = sample("embeddings.npy");
    CHECK_THROWS_WITH(run(request, {}, {}),
                      Catch::Contains("expected hidden states [layers, tokens, d_model]"));
    request.input.hidden_states =
        folder.write("five.npy", npy_floats("(5, 1, 64)", std::vector<float>(5 * 64)));
    CHECK_THROWS_WITH(run(request, {}, {}),
                      Catch::Contains("has 5 hidden states, the weights have 2 layers"));
}

TEST_CASE("a stack of layers without W_O needs heads as wide as the model") {
    const TempFolder folder;
    RunRequest request = sample_request(folder);
    request.input.weights = folder.write("w.json", R"({"embeddings": [[1, 2]], "layers": [
        {"W_Q": [[1], [1]], "W_K": [[1], [1]], "W_V": [[1], [1]]},
        {"W_Q": [[1], [1]], "W_K": [[1], [1]], "W_V": [[1], [1]]}]})");
    request.input.embeddings.clear();
    CHECK_THROWS_WITH(
        run(request, {}, {}),
        Catch::Contains("layer 0 has no W_O and its heads give 1 column, the next layer reads 2"));
}

TEST_CASE("the manifest says how the result was made and from which bytes") {
    const TempFolder folder;
    const attn::results::RunManifest manifest = run(sample_request(folder), {}, {});
    const std::string text = read_file(folder / "out/manifest.json");
    CHECK(text == attn::results::write_manifest(manifest));
    CHECK_THAT(text, Catch::Contains("\"tool\": \"attn-inspect\"") &&
                         Catch::Contains("\"causal\": true") &&
                         Catch::Contains("\"scale\": 0.25") && Catch::Contains("\"xxh3\"") &&
                         Catch::Contains("layers.1.W_O.npy"));
    CHECK(attn::results::is_run_folder(folder / "out"));
    CHECK(attn::results::read_manifest(folder / "out").files == manifest.files);
    folder.write("out/manifest.json", R"({"tool": "attn-inspect", "layers": 3})");
    CHECK_THROWS_WITH(attn::results::read_manifest(folder / "out"), Catch::Contains("is damaged"));
}

TEST_CASE("progress counts every tile once and ends at the total") {
    const TempFolder folder;
    std::size_t last = 0, total = 0, calls = 0;
    run(sample_request(folder),
        [&](std::size_t done, std::size_t all) {
            CHECK(done == last + 1);
            last = done;
            total = all;
            ++calls;
        },
        {});
    CHECK(calls == total);
    CHECK(total == 2 * 4 * 2);  // layers x heads x blocks of 49 queries
}

TEST_CASE("what to save is a list of known names") {
    CHECK(attn::results::parse_save("weights").weights);
    CHECK_FALSE(attn::results::parse_save("weights").heatmaps);
    CHECK_THROWS_WITH(attn::results::parse_save("wieghts"),
                      Catch::Contains("did you mean weights?"));
    CHECK_THROWS_WITH(attn::results::parse_save(""), Catch::Contains("--save"));
}
