// run --ring writes what run writes, but for rounding, and says so.
#include "pipeline/ring_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/folder_contents.hpp"
#include "support/temp_folder.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::pipeline;
using namespace attn::test;

namespace {

using Texts = std::vector<std::string>;

constexpr std::size_t kTokens = 130;

RunRequest ring_request(const TempFolder& folder) {
    const auto file = [&](const std::string& name, std::size_t width, unsigned seed) {
        const Array<float> values = random_array<float>({2, kTokens, width}, seed);
        return write_array<float>(folder, name + ".npy", values.shape(),
                                  {values.values().begin(), values.values().end()});
    };
    RunRequest request;
    request.input.query = file("q", 8, 1);
    request.input.key = file("k", 8, 2);
    request.input.value = file("v", 6, 3);
    request.input.attention.causal = true;
    request.save = results::parse_save("context,logsumexp");
    request.ring = true;
    return request;
}

// The folder that so many ranks write.
void run_ring(const RunRequest& request, std::size_t size) {
    const Texts errors = ThreadRanks(size).run([&](const Communicator& ranks) {
        RunRequest own = request;
        own.ranks = ranks;
        ranks.together([&] { run(own, {}, {}); });
    });
    CHECK(errors == Texts(size));
}

// What it is refused with.
std::string refusal(RunRequest request) {
    request.output = "nowhere";
    request.ranks = Communicator(0, 2, nullptr);
    try {
        require_ring(request);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a ring writes the arrays of a run within rounding, and its manifest says so") {
    const TempFolder folder;
    RunRequest request = ring_request(folder);
    request.output = folder / "ring";
    run_ring(request, 3);
    request.output = folder / "run";
    request.ring = false;
    run(request, {}, {});
    for (const std::string name : {"layer00/context.npy", "layer00/logsumexp.npy"}) {
        const Array<double> once = load(folder / ("run/" + name));
        const Array<double> round = load(folder / ("ring/" + name));
        CHECK(once.size() >= 2 * kTokens);
        CHECK(max_difference(once, round) < 1e-6);
    }
    const auto manifest = nlohmann::json::parse(contents(folder.path()).at("ring/manifest.json"));
    CHECK(manifest["options"]["ring"] == nlohmann::json{{"ranks", 3}, {"within", 1e-6}});
    CHECK(manifest["files"] == nlohmann::json{"layer00/context.npy", "layer00/logsumexp.npy"});
}

TEST_CASE("each rank of a ring writes the outputs of its own tokens, without weights, too") {
    const TempFolder folder;
    RunRequest request = ring_request(folder);
    request.save = results::parse_save("output");
    request.output = folder / "ring";
    run_ring(request, 3);
    request.output = folder / "run";
    request.ring = false;
    run(request, {}, {});
    const std::string name = "/layer00/output.npy";
    CHECK(load(folder / "ring" + name).shape() == load(folder / "run" + name).shape());
    CHECK(max_difference(load(folder / "ring" + name), load(folder / "run" + name)) < 1e-6);
}

TEST_CASE("a ring of chosen heads writes these") {
    const TempFolder folder;
    RunRequest request = ring_request(folder);
    request.save = results::parse_save("context");
    request.heads = {1};
    request.output = folder / "ring";
    run_ring(request, 2);
    request.output = folder / "run";
    request.ring = false;
    run(request, {}, {});
    const Array<double> one = load(folder / "ring/layer00/context.npy");
    CHECK(one.shape() == Shape{1, kTokens, 6});
    CHECK(max_difference(one, load(folder / "run/layer00/context.npy")) < 1e-6);
}

TEST_CASE("a model goes round in a ring, layer after layer") {
    const TempFolder folder;
    RunRequest request;
    request.input.weights = std::string(ATTN_SOURCE_DIR) + "/data/induction/model.json";
    request.save = results::parse_save("context,logsumexp,output");
    request.ring = true;
    request.output = folder / "ring";
    run_ring(request, 3);
    request.output = folder / "run";
    request.ring = false;
    run(request, {}, {});
    for (const std::string name :
         {"layer00/context.npy", "layer01/context.npy", "layer00/logsumexp.npy",
          "layer01/logsumexp.npy", "layer00/output.npy", "layer01/output.npy"})
        CHECK(max_difference(load(folder / ("ring/" + name)), load(folder / ("run/" + name))) <
              1e-5);
    // Nothing bounds what projections and layers make of rounding.
    const auto manifest = nlohmann::json::parse(contents(folder.path()).at("ring/manifest.json"));
    CHECK(manifest["options"]["ring"] == nlohmann::json{{"ranks", 3}, {"within", nullptr}});
}

TEST_CASE("every family of checkpoints goes round, up to its probabilities") {
    std::size_t families = 0;
    for (const auto& entry : std::filesystem::directory_iterator(golden("models"))) {
        const auto file = [&](const char* name) {
            return exists(entry.path() / name) ? (entry.path() / name).string() : "";
        };
        INFO(entry.path().string());
        const TempFolder folder;
        RunRequest request;
        request.input.weights = file("model.safetensors");
        request.input.token_ids = file("token_ids.npy");
        request.input.token_type_ids = file("token_type_ids.npy");
        request.input.attention.positions = file("positions.npy");
        request.input.embeddings = file("embeddings.npy");
        request.input.hidden_states = file("hidden_states.npy");
        request.save = results::parse_save("context,logsumexp,output");
        request.save.hidden = exists(entry.path() / "expected/hidden.npy");
        request.save.logits = exists(entry.path() / "expected/logits.npy");
        request.save.probs = request.save.logits;
        request.output = folder / "run";
        run(request, {}, {});
        request.ring = true;
        request.output = folder / "ring";
        run_ring(request, 2);
        for (const auto& [name, bytes] : contents(folder / "run")) {
            INFO(name);
            if (std::filesystem::path(name).extension() != ".npy") continue;
            const Array<double> once = load(folder / ("run/" + name));
            const Array<double> round = load(folder / ("ring/" + name));
            REQUIRE(once.shape() == round.shape());
            double largest = 1;
            for (const double value : once.values()) largest = std::max(largest, std::abs(value));
            CHECK(max_difference(once, round) < 1e-5 * largest);
        }
        ++families;
    }
    CHECK(families > 5);
}

TEST_CASE("the last layer of a ring of chosen heads reads what all heads gave") {
    const TempFolder folder;
    RunRequest request;
    request.input.weights = std::string(ATTN_SOURCE_DIR) + "/data/induction/model.json";
    request.save = results::parse_save("context");
    request.layers = {1};
    request.heads = {2};
    request.ring = true;
    request.output = folder / "ring";
    run_ring(request, 2);
    request.output = folder / "run";
    request.ring = false;
    run(request, {}, {});
    const std::string name = "/layer01/context.npy";
    CHECK(max_difference(load(folder / "ring" + name), load(folder / "run" + name)) < 1e-5);
}

TEST_CASE("a ring has two tokens or more for each rank that makes them") {
    CHECK_NOTHROW(require_ring_tokens(6, Communicator(0, 3, nullptr)));
    CHECK_THROWS_WITH(require_ring_tokens(5, Communicator(0, 3, nullptr)),
                      "--ring: 5 tokens for 3 ranks, expected two or more for each; start fewer");
}

TEST_CASE("what takes whole rows or all keys is refused by name") {
    const TempFolder folder;
    const RunRequest fine = ring_request(folder);
    CHECK(refusal(fine).empty());
    const auto refused = [&](const auto& change) {
        RunRequest request = fine;
        change(request);
        return refusal(request);
    };
    using Catch::Contains;
    using Request = RunRequest;
    for (const std::string name : {"scores", "weights", "q", "stats", "received", "heatmaps"})
        CHECK_THAT(refused([&](Request& r) { r.save = results::parse_save("context," + name); }),
                   Contains("--save " + name) &&
                       Contains("give --save with some of context, logsumexp, "));
    CHECK_THAT(refused([](Request& r) { r.input.attention.mask = "m.npy"; }), Contains("--mask"));
    CHECK_THAT(refused([](Request& r) { r.input.attention.bias = "b.npy"; }), Contains("--bias"));
    CHECK_THAT(refused([](Request& r) { r.input.attention.past_key = "p.npy"; }),
               Contains("--past-key"));
    CHECK_THAT(refused([](Request& r) { r.input.attention.engine = Engine::xtensor; }),
               Contains("--engine"));
    CHECK_THAT(refused([](Request& r) { r.verify = true; }), Contains("--verify"));
    CHECK_THAT(refused([](Request& r) { r.resume = true; }), Contains("--resume"));
    CHECK_THAT(refused([](Request& r) { r.format = results::ArrayFormat::npz; }),
               Contains("--format"));
    CHECK_THAT(refused([](Request& r) { r.input.context = "c.npy"; }), Contains("--context"));
    RunRequest alone = fine;
    CHECK_THROWS_WITH(run(alone, {}, {}), Contains("start attn-inspect-mpi by mpirun -n 2"));
}
