// A run that is killed goes on where it stopped, and gives the same bytes.
#include "pipeline/run_journal.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>

#include "pipeline/run.hpp"
#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/folder_contents.hpp"
#include "support/temp_folder.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::pipeline;
using namespace attn::test;

namespace {

constexpr const char* kStopped = "stopped by the test";

RunRequest resumable(const std::string& output, const std::string& save) {
    RunRequest request;
    request.input.embeddings = sample("batch_embeddings.npy");
    request.input.weights = sample("weights");
    request.input.attention.causal = true;
    request.heatmaps.origin.command = "attn-inspect run --causal --save " + save;
    request.save = results::parse_save(save);
    request.output = output;
    request.resume = true;
    return request;
}

// Runs until so many tiles are through; true when it was stopped before its end.
bool stopped_after(std::size_t tiles, const RunRequest& request) {
    std::atomic<std::size_t> left{tiles};
    try {
        run(request,
            [&](std::size_t, std::size_t) {
                if (left-- == 0) throw std::runtime_error(kStopped);
            },
            {});
    } catch (const std::runtime_error& error) {
        CHECK(error.what() == std::string(kStopped));
        return true;
    }
    return false;
}

std::size_t tiles_of(const RunRequest& request) {
    std::atomic<std::size_t> tiles{0};
    run(request, [&](std::size_t, std::size_t) { ++tiles; }, {});
    return tiles;
}

void check_same(const std::map<std::string, std::string>& found,
                const std::map<std::string, std::string>& expected) {
    CHECK(found.size() == expected.size());
    for (const auto& [name, bytes] : expected) {
        INFO(name);
        CHECK((found.count(name) == 1 && found.at(name) == bytes));
    }
}

void check_all_moments(RunRequest request) {
    const TempFolder folder;
    request.resume = false;
    request.output = folder / "whole";
    const std::size_t tiles = tiles_of(request);
    const auto whole = contents(request.output);
    REQUIRE(tiles >= 6);
    request.resume = true;
    for (const std::size_t moment :
         {std::size_t{0}, tiles / 3, tiles / 2 - 1, tiles / 2 + 1, tiles * 3 / 4, tiles - 1}) {
        INFO("stopped after " << moment << " of " << tiles << " tiles");
        request.output = folder / ("at" + std::to_string(moment));
        REQUIRE(stopped_after(moment, request));
        CHECK_FALSE(std::filesystem::exists(request.output + "/manifest.json"));
        const std::size_t rest = tiles_of(request);
        if (moment > tiles / 2) CHECK(rest <= tiles - tiles / 2);
        check_same(contents(request.output), whole);
    }
}

}  // namespace

TEST_CASE("a run that was stopped anywhere goes on and writes the same bytes") {
    RunRequest request = resumable(
        "", "scores,weights,context,output,q,k,heatmaps,stats,received,check,layer_norms");
    check_all_moments(request);
    request.format = results::ArrayFormat::npz;
    request.save = results::parse_save("weights,heatmaps,check");
    request.heatmaps.shared_scale = true;
    check_all_moments(request);
}

TEST_CASE("a run that goes on gives the next layer and the model what the last one gave") {
    RunRequest request;
    request.input.weights = golden("models/gpt2/model.safetensors");
    request.input.token_ids = golden("models/gpt2/token_ids.npy");
    request.save = results::parse_save("weights,hidden,logits,stats");
    check_all_moments(request);
}

TEST_CASE("ranks go on with what one process left") {
    const TempFolder folder;
    RunRequest request = resumable(folder / "whole", "weights,heatmaps,stats,check");
    run(request, {}, {});
    const auto whole = contents(request.output);
    const std::size_t tiles = tiles_of(request);
    request.output = folder / "out";
    REQUIRE(stopped_after(tiles / 2 + 1, request));
    const auto errors = ThreadRanks(3).run([&](const Communicator& ranks) {
        RunRequest own = request;
        own.ranks = ranks;
        ranks.together([&] { run(own, {}, {}); });
    });
    CHECK(errors == std::vector<std::string>(3));
    check_same(contents(request.output), whole);
}

TEST_CASE("a run goes on with the same flags and inputs alone") {
    const TempFolder folder;
    const std::string x = folder.write("x.npy", read_file(sample("batch_embeddings.npy")));
    RunRequest request = resumable(folder / "out", "weights");
    request.input.embeddings = x;
    const std::size_t tiles = 2 * tiles_of(resumable(folder / "whole", "weights")) / 3;
    REQUIRE(stopped_after(tiles, request));
    const auto left = contents(request.output);

    RunRequest other = request;
    other.input.attention.causal = false;
    other.heatmaps.origin.command = "attn-inspect run --save weights";
    CHECK_THROWS_WITH(run(other, {}, {}), Catch::Contains("--causal: was given") &&
                                              Catch::Contains("is not given") &&
                                              Catch::Contains("leave it out to begin anew"));
    other = resumable(request.output, "weights,output");
    other.input.embeddings = x;
    CHECK_THROWS_WITH(run(other, {}, {}),
                      Catch::Contains("--save: was weights in the run that stopped there, is "
                                      "weights,output"));
    std::string bytes = read_file(x);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    folder.write("x.npy", bytes);
    CHECK_THROWS_WITH(run(request, {}, {}),
                      Catch::Contains(x + ": is not what it was for the run that stopped"));
    // Nothing is lost by that.
    CHECK(contents(request.output) == left);
    // Anew, which leaves nothing of the earlier run.
    request.resume = false;
    run(request, {}, {});
    for (const auto& [name, any] : contents(request.output))
        CHECK(name.find(".attn-inspect-") == std::string::npos);
}

TEST_CASE("a run that cannot go on says so before it computes anything") {
    const TempFolder folder;
    RunRequest request = resumable(folder / "out", "weights");
    request.verify = true;
    CHECK_THROWS_WITH(run(request, {}, {}), Catch::Contains("--resume and --verify exclude"));
    CHECK_FALSE(std::filesystem::exists(request.output));
}

TEST_CASE("flags of a line are told by their names") {
    CHECK(facts_of_command("attn-inspect run --causal --scale 0.3 --layers 1,2") ==
          RunFacts{{"--causal", ""}, {"--scale", "0.3"}, {"--layers", "1,2"}});
}
