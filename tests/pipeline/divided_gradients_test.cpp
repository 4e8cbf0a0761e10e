// Gradients that several ranks compute together are those of one process, byte for byte.
#include <catch2/catch.hpp>
#include <filesystem>

#include "pipeline/approx.hpp"
#include "pipeline/grad.hpp"
#include "pipeline/monitor.hpp"
#include "results/approx_report.hpp"
#include "results/gradient_report.hpp"
#include "results/training_report.hpp"
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

GradRequest gradient_request() {
    GradRequest request;
    request.input.embeddings = sample("batch_embeddings.npy");
    request.input.weights = sample("weights");
    request.input.tokens = sample("batch_tokens.json");
    request.input.attention.causal = true;
    request.spectral = true;
    return request;
}

// What so many ranks return, all the same, and what they write.
struct Together {
    std::string text;
    std::map<std::string, std::string> files;
    bool operator==(const Together& other) const {
        return text == other.text && files == other.files;
    }
};

Together gradients_with(std::size_t size, const GradRequest& request) {
    const TempFolder folder;
    Texts texts(size);
    const Texts errors = ThreadRanks(size).run([&](const Communicator& ranks) {
        GradRequest own = request;
        own.ranks = ranks;
        own.output = folder / "out";
        ranks.together(
            [&] { texts[ranks.rank()] = results::gradient_json(grad(own, {}, {}).report); });
    });
    CHECK(errors == Texts(size));
    CHECK(texts == Texts(size, texts.front()));
    return {texts.front(), contents(folder.path())};
}

void require_same_gradients(const GradRequest& request) {
    const Together alone = gradients_with(1, request);
    CHECK(alone.files.count("out/manifest.json") == 1);
    for (const std::size_t size : {2, 3, 14}) {
        INFO(size << " ranks");
        CHECK((gradients_with(size, request) == alone));
    }
}

template <class Work>
std::string same_text_of(std::size_t size, const Work& work) {
    Texts texts(size);
    const Texts errors = ThreadRanks(size).run([&](const Communicator& ranks) {
        ranks.together([&] { texts[ranks.rank()] = work(ranks); });
    });
    CHECK(errors == Texts(size));
    CHECK(texts == Texts(size, texts.front()));
    return texts.front();
}

}  // namespace

TEST_CASE("ranks compute gradients as one process does") {
    GradRequest request = gradient_request();
    request.save = results::parse_gradient_save("all");
    request.verify = 2;
    request.clip = 0.5;
    require_same_gradients(request);
    request = gradient_request();
    request.layers = {0};
    request.heads = {1, 3};
    request.upstream = source::parse_upstream("energy");
    request.save = results::parse_gradient_save("scores,weights,q");
    require_same_gradients(request);
}

TEST_CASE("ranks take whole blocks backwards from a logit") {
    // 720 rows: three blocks, the last of them not whole.
    const TempFolder folder;
    std::vector<std::int64_t> ids(60 * 12);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i * i % 21);
    GradRequest request;
    request.input.weights = golden("models/gpt2/model.safetensors");
    request.input.token_ids = write_array(folder, "ids.npy", {60, 12}, ids);
    request.upstream = source::parse_upstream("logit:5,3");
    require_same_gradients(request);
}

TEST_CASE("ranks tell that a bias of all heads is not divided, and compute the same") {
    const TempFolder folder;
    GradRequest request = gradient_request();
    request.save = results::parse_gradient_save("x,bias");
    const std::size_t tokens = 49;
    const Array<float> bias = random_array<float>({tokens, tokens}, 3);
    request.input.attention.bias =
        write_array(folder, "bias.npy", {tokens, tokens},
                    std::vector<float>(bias.values().begin(), bias.values().end()));
    require_same_gradients(request);
    const auto warned = [&](const Communicator& ranks) {
        GradRequest own = request;
        own.ranks = ranks;
        std::string warnings;
        grad(own, {}, [&](const std::string& text) { warnings += text + "\n"; });
        return warnings;
    };
    CHECK(same_text_of(1, warned).find("ranks") == std::string::npos);
    CHECK(same_text_of(2, warned).find("every rank computes all heads") != std::string::npos);
}

TEST_CASE("ranks weigh heads by gradients, and watch them, as one process does") {
    ApproxRequest approximation;
    approximation.input = gradient_request().input;
    approximation.methods = "prune-heads:by=grad:keep=2";
    approximation.upstream = source::parse_upstream("energy");
    const auto approximated = [&](const Communicator& ranks) {
        ApproxRequest own = approximation;
        own.ranks = ranks;
        return results::approx_json(approximate(own, {}, {}).report);
    };
    CHECK(same_text_of(3, approximated) == same_text_of(1, approximated));

    MonitorRequest request;
    const TempFolder folder;
    for (const char* step : {"step1", "step2"})
        std::filesystem::copy(sample("weights"), folder / step);
    request.checkpoints = {folder / "step1", folder / "step2"};
    request.input.embeddings = sample("batch_embeddings.npy");
    request.input.attention.causal = true;
    request.upstream = source::parse_upstream("sum");
    const auto watched = [&](const Communicator& ranks) {
        MonitorRequest own = request;
        own.ranks = ranks;
        return results::training_json(monitor(own, {}, {}).report, false);
    };
    CHECK(same_text_of(3, watched) == same_text_of(1, watched));
}
