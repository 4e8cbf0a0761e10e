// What commands say of folders and flags that do not go together.
#include <catch2/catch.hpp>
#include <filesystem>

#include "pipeline/monitor.hpp"
#include "render/png.hpp"
#include "support/array_files.hpp"
#include "support/lab.hpp"

using namespace attn;
using namespace attn::test;

namespace {

struct WrongInput {
    Arguments words;
    std::string text;
};

void check_each_refused(const std::vector<WrongInput>& inputs) {
    for (const WrongInput& input : inputs) {
        const auto result = run_program(input.words);
        INFO(input.text << "\n" << result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(input.text));
    }
}

// The sample's attention, in a folder of run.
std::string run_of_sample(const TempFolder& folder, const std::string& name,
                          const Arguments& more) {
    const std::string out = folder / name;
    const auto result = run_program(join(join({"run"}, kSampleModel), join({"-o", out}, more)));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return out;
}

void replace_by(const std::string& file, const std::string& other) {
    std::filesystem::copy_file(other, file, std::filesystem::copy_options::overwrite_existing);
}

}  // namespace

TEST_CASE("folders of a run that hold other layers, or arrays of other shapes, are refused") {
    const TempFolder folder;
    const std::string first = run_of_sample(folder, "a", {"--save", "weights", "--layers", "0"});
    const std::string second = run_of_sample(folder, "b", {"--save", "weights", "--layers", "1"});
    const std::string run =
        run_of_sample(folder, "c", {"--save", "weights,scores", "--scores-at", "biased"});
    const std::string context = golden("induction/context0.npy");
    check_each_refused({
        {{"compare", first, second},
         first + " (layers 0, heads 0-3) and " + second +
             " (layers 1, heads 0-3): have no layer and head in common"},
        {join({"diagnose", "--observed", first}, kSampleModel),
         first + ": is a folder that one of our commands wrote, here an array of it is wanted"},
    });
    replace_by(run + "/layer00/scores.npy", context);
    check_each_refused({{{"check", run}, "scores.npy [4, 49, 16]: does not fit the weights"}});
    replace_by(run + "/layer01/weights.npy", context);
    check_each_refused(
        {{{"stats", run},
          "weights.npy [4, 49, 16]: does not fit " + run +
              "/manifest.json, which lists 4 heads, other layers are [1, 4, 49, 49]"}});
}

TEST_CASE("a damaged list of checks is refused where a run is looked at") {
    const TempFolder folder;
    const std::string run = run_of_sample(folder, "run", {"--save", "check"});
    folder.write("run/check.json", R"({"verdict": "PASS"})");
    check_each_refused({{{"look", run}, "check.json: is damaged, expected checks"}});
}

TEST_CASE("gradients of a rollout are those of heads") {
    const TempFolder folder;
    const std::string run = run_of_sample(folder, "run", {"--save", "weights"});
    const std::string grad = folder / "grad";
    REQUIRE(run_program(join({"grad", "--upstream", "energy", "--save", "weights", "-o", grad},
                             kSampleModel))
                .exit_code == 0);
    replace_by(grad + "/layer00/grad_weights.npy", sample("embeddings.npy"));
    check_each_refused({{{"rollout", run, "--gradients", grad, "--method", "relevance"},
                         "[49, 64]: expected gradients [(batch,) heads, queries, keys]"}});
}

TEST_CASE("rollout of a computed attention is of a whole sequence and of layers that are there") {
    const TempFolder folder;
    const std::string one = folder.write("one.json", "[[[1, 2]]]");
    const std::string two = folder.write("two.json", "[[[1, 2], [3, 4]]]");
    const Arguments rollout = join({"rollout"}, kSampleModel);
    check_each_refused({
        {{"rollout", "-q", one, "-k", two, "-v", two},
         "one.json: rollout needs self-attention of a whole sequence, this is [1, 2]"},
        {join(rollout, {"--start-layer", "9"}), "--start-layer 9: no layer is left, the last is 1"},
        {join(rollout, {"--method", "contributions", "--head", "0"}),
         "--head: has no effect on --method contributions"},
    });
}

TEST_CASE("a run that goes on can read its input again, and a norm is as wide as the outputs") {
    const TempFolder folder;
    const std::string three = folder.write("three.json", "[1, 2, 3]");
    const Arguments to{"-o", folder / "out"};
    const auto piped =
        run_program(join({"run", "-x", "-", "-w", sample("weights"), "--resume"}, to),
                    read_file(sample("embeddings.npy")));
    CHECK(piped.exit_code == 2);
    CHECK_THAT(piped.err, Catch::Contains("--resume: standard input cannot be read again"));
    check_each_refused(
        {{join(join({"run", "--save", "contributions", "--norm-weight", three}, to), kSampleModel),
          "three.json [3]: expected [64] (--norm-weight)"}});
}

TEST_CASE("monitor: gradients are of all sequences, and steps of the same tokens") {
    pipeline::MonitorRequest request;
    request.checkpoints = {"a", "b"};
    request.upstream = source::Upstream{};
    request.from.sequences = {0};
    CHECK_THROWS_WITH(pipeline::monitor(request, nullptr, nullptr),
                      Catch::StartsWith("--seq and --grad exclude each other"));
    const TempFolder folder;
    const auto run = [&](const std::string& name, const std::string& tokens) {
        return run_of_sample(
            folder, name, {"--save", "weights", "--tokens", folder.write(name + ".txt", tokens)});
    };
    std::string words;
    for (int token = 0; token < 48; ++token) words += "a\n";
    const std::string first = run("step1", words + "b\n"), second = run("step2", words + "c\n");
    check_each_refused({{{"monitor", first, second}, second + ": step 2 is of other tokens than"}});
}

TEST_CASE("an encoder without layers, and whole matrices of too many tokens, are refused") {
    const TempFolder folder;
    const std::string encoder =
        write_array<float>(folder, "encoder.npy", {1, 1, 2, 2}, {1, 0, 0, 1});
    const auto zeros = [&](const std::string& name, const Shape& shape) {
        return write_array<float>(folder, name, shape,
                                  std::vector<float>(element_count(shape, name)));
    };
    const std::string decoder = zeros("decoder.npy", {2, 1, 3, 3});
    const std::string cross = zeros("cross.npy", {2, 1, 3, 2});
    const Arguments layers{"--axes", "layers,heads,q,k"};
    check_each_refused({
        {join({"rollout", decoder, "--cross", cross, "--encoder", encoder, "--start-layer", "1"},
              layers),
         "--start-layer 1: no layer of --encoder"},
    });
    const std::string far = zeros("far.npy", {1, 1, 4097, 4097});
    check_each_refused({
        {join({"rollout", far, "--save", "layers", "-o", folder / "out"}, layers),
         "--save layers: is a whole matrix for each layer, which is made of up to 4096 tokens"},
    });
}

TEST_CASE("a photograph is of one sequence where it is one picture, and of few tokens") {
    const TempFolder folder;
    const std::string photo = folder.write(
        "photo.png", render::encode_png(render::Image(30, 30, render::Color{90, 120, 60})));
    const auto zeros = [&](const std::string& name, const Shape& shape) {
        return write_array<float>(folder, name, shape,
                                  std::vector<float>(element_count(shape, name), 0.5F));
    };
    const std::string two = zeros("two.npy", {1, 2, 1, 2, 2});
    const std::string many = zeros("many.npy", {1, 1, 1, 81, 81});
    check_each_refused({
        {{"heatmap", two, "--image", photo, "--grid", "1x2", "--targets", "0,0", "-o",
          folder / "one.png"},
         "one picture shows one sequence of 2; choose it with --seq"},
        {{"rollout", many, "--image", photo, "--grid", "9x9", "-o", folder / "out"},
         "--image: draws a panel for each of 81 tokens; name up to 64 with --targets"},
    });
}

TEST_CASE("layers of other sizes, and of other numbers than the saved ones, are refused") {
    const TempFolder folder;
    const std::string uneven = folder.write(
        "uneven.json",
        R"({"layers.0.W_Q": [[1, 2]], "layers.0.W_K": [[1, 2]], "layers.0.W_V": [[1, 2]],
            "layers.1.W_Q": [[1]], "layers.1.W_K": [[1]], "layers.1.W_V": [[1, 2]]})");
    const std::string x = folder.write("x.json", "[[1], [2]]");
    check_each_refused({{{"run", "-x", x, "-w", uneven, "-o", folder / "out"},
                         "layer 1 has 1 head of 1 columns, layer 0 has 1 of 2"}});
    const std::string one = R"(": [[1]])", second = folder / "second";
    std::string even = "{";
    for (const char* name :
         {"0.W_Q", "0.W_K", "0.W_V", "0.W_O", "1.W_Q", "1.W_K", "1.W_V", "1.W_O"})
        even += (even.size() > 1 ? ", \"layers." : "\"layers.") + (name + one);
    REQUIRE(run_program({"run", "-x", x, "-w", folder.write("even.json", even + "}"), "--layers",
                         "1", "--save", "weights", "-o", second})
                .exit_code == 0);
    check_each_refused({{{"compare", second, "-q", x, "-k", x, "-v", x},
                         second + " (layers 1, heads 0) and what " + x +
                             " gives (layers 0, heads 0): have no layer and head in common"}});
}

TEST_CASE("gradients that leave float32 say of which array, and of which head") {
    const TempFolder folder;
    const std::string x = folder.write("x.json", "[[1, 2], [2, -1]]");
    const std::string up = folder.write("up.json", "[[1e30, -1e30], [1e30, 2e30]]");
    const auto model = [&](const std::string& name, const std::string& value,
                           const std::string& output) {
        const std::string same = "[[1, 0], [0, 1]]";
        return folder.write(name, R"({"W_Q": )" + same + R"(, "W_K": )" + same + R"(, "W_V": )" +
                                      value + R"(, "W_O": )" + output + "}");
    };
    const std::string values =
        model("v.json", "[[1e19, 0], [0, 1e19]]", "[[1e-19, 0], [0, 1e-19]]");
    const std::string outputs = model("o.json", "[[1, 0], [0, 1]]", "[[1e20, 0], [0, 1e20]]");
    check_each_refused({
        {{"grad", "-x", x, "-w", values, "--upstream", up},
         "layer 0: the gradient of W_O leaves the range of float32; give --precision f64, or"},
        {{"approx", "-x", x, "-w", outputs, "--upstream", up, "--method", "prune-heads:by=grad",
          "--allow-nonfinite"},
         "the gradient of layer 0, head 0 is no number"},
    });
}
