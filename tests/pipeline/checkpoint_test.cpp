// Whole checkpoints, under the names that the world uses, against PyTorch in float64.
#include <catch2/catch.hpp>
#include <filesystem>

#include "pipeline/run.hpp"
#include "support/arrays.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using attn::pipeline::RunRequest;
using attn::source::Precision;
namespace fs = std::filesystem;

namespace {

// A checkpoint that scripts/make_golden_models.py wrote, run as a user would.
class Checkpoint {
  public:
    Checkpoint(const fs::path& folder, Precision precision) : folder_(folder) {
        RunRequest request;
        request.input.weights = path("model.safetensors");
        if (has("token_ids.npy")) request.input.token_ids = path("token_ids.npy");
        if (has("token_type_ids.npy")) request.input.token_type_ids = path("token_type_ids.npy");
        if (has("positions.npy")) request.input.attention.positions = path("positions.npy");
        if (has("embeddings.npy")) request.input.embeddings = path("embeddings.npy");
        if (has("hidden_states.npy")) request.input.hidden_states = path("hidden_states.npy");
        request.input.precision = precision;
        std::string save = "weights";
        if (has("expected/output.npy")) save += ",output";
        if (has("expected/hidden.npy")) save += ",hidden";
        if (has("expected/logits.npy")) save += ",logits";
        request.save = attn::results::parse_save(save);
        request.output = output_ / "out";
        attn::pipeline::run(request, {}, [](const std::string&) {});
    }

    // The largest difference of what was computed from what PyTorch computed.
    double worst() const {
        double worst = std::max({layers("weights"), layers("hidden"), layers("output")});
        if (has("expected/final.npy") && has("expected/hidden.npy"))
            worst = std::max(worst, difference("final_hidden", expected("final")));
        if (has("expected/logits.npy"))
            worst = std::max(worst, difference("logits", expected("logits")));
        return worst;
    }

  private:
    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    bool has(const std::string& name) const { return fs::exists(folder_ / name); }
    attn::Array<double> expected(const std::string& name) const {
        return load(path("expected/" + name + ".npy"));
    }
    double difference(const std::string& name, const attn::Array<double>& expected) const {
        return max_difference(load(output_ / ("out/" + name + ".npy")), expected);
    }
    double layers(const std::string& name) const {
        if (!has("expected/" + name + ".npy")) return 0;
        const auto all = expected(name);
        double worst = 0;
        for (std::size_t layer = 0; layer < all.extent(0); ++layer) {
            const std::string file = "layer0" + std::to_string(layer) + "/" + name;
            worst = std::max(worst, difference(file, all.slice(layer)));
        }
        return worst;
    }

    fs::path folder_;
    TempFolder output_;
};

}  // namespace

TEST_CASE("every family of checkpoints agrees with PyTorch in float64, layer by layer") {
    std::size_t families = 0;
    for (const auto& entry : fs::directory_iterator(golden("models"))) {
        INFO(entry.path().filename().string());
        CHECK(Checkpoint(entry.path(), Precision::f64).worst() < 1e-11);
        CHECK(Checkpoint(entry.path(), Precision::f32).worst() < 2e-4);
        ++families;
    }
    CHECK(families >= 38);
}
