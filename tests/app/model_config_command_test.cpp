// What commands do with the config.json beside a checkpoint: golden checkpoints with other keys.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file.good());
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A copy of a golden checkpoint, with keys that are set or, where they are null, taken out.
class Checkpoint {
  public:
    explicit Checkpoint(const std::string& model)
        : source_(fs::path(ATTN_SOURCE_DIR) / "tests/golden/models" / model),
          folder_(scratch_ / model) {
        fs::create_directory(folder_);
        for (const char* name : {"model.safetensors", "token_ids.npy"})
            fs::copy_file(source_ / name, folder_ / name);
        set(Json::object());
    }

    void set(const Json& keys) {
        Json config = Json::parse(bytes_of(source_ / "config.json"));
        config.update(keys);
        std::ofstream(folder_ / "config.json") << config.dump();
    }

    ProgramResult run(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{
            "run",    "-w",      folder_, "--token-ids", (folder_ / "token_ids.npy").string(),
            "--save", "weights", "-o",    out().string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_program(arguments);
    }
    std::string info() const { return run_program({"info", folder_, "--no-values"}).out; }
    std::string weights(const std::string& layer) const {
        return bytes_of(out() / layer / "weights.npy");
    }
    fs::path out() const { return scratch_ / "out"; }

  private:
    TempFolder scratch_;
    fs::path source_;
    fs::path folder_;
};

}  // namespace

TEST_CASE("keys that a family's own code never looks at change nothing") {
    const std::vector<std::pair<std::string, Json>> cases{
        {"llama", {{"is_decoder", false}}},
        {"llama", {{"sliding_window", 2}}},
        {"gpt2", {{"is_decoder", false}, {"add_cross_attention", false}}},
        {"qwen2", {{"use_sliding_window", false}, {"sliding_window", 2}}},
        {"qwen2", {{"use_sliding_window", true}, {"max_window_layers", 28}}},
        {"gpt_neox", {{"is_decoder", true}}},
    };
    for (const auto& [model, keys] : cases) {
        INFO(model << " " << keys.dump());
        Checkpoint checkpoint(model);
        REQUIRE(checkpoint.run().exit_code == 0);
        const std::string before = checkpoint.weights("layer01");
        checkpoint.set(keys);
        REQUIRE(checkpoint.run().exit_code == 0);
        CHECK(checkpoint.weights("layer01") == before);
    }
}

TEST_CASE("keys that change the attention and that the family reads do so") {
    const std::vector<std::pair<std::string, Json>> cases{
        {"llama", {{"is_causal", false}}},
        {"bert", {{"is_decoder", true}}},
        {"qwen2", {{"use_sliding_window", true}, {"sliding_window", 2}}},
        {"gpt2", {{"scale_attn_weights", false}}},
        {"gpt2", {{"scale_attn_by_inverse_layer_idx", true}}},
        {"gemma3", {{"rope_local_base_freq", 10.0}}},
        {"smollm3", {{"no_rope_layers", {1, 1, 1}}}},
        {"gemma2", {{"query_pre_attn_scalar", 256}}},
        {"phi", {{"partial_rotary_factor", 0.25}}},
        {"transformer_lens", {{"attn_scale", 4.0}}},
        {"transformer_lens", {{"parallel_attn_mlp", true}}},
        {"transformer_lens",
         {{"use_local_attn", true}, {"window_size", 2}, {"attn_types", {"local", "local"}}}},
        {"transformer_lens", {{"attn_scores_soft_cap", 0.5}}},
    };
    for (const auto& [model, keys] : cases) {
        INFO(model << " " << keys.dump());
        Checkpoint checkpoint(model);
        REQUIRE(checkpoint.run().exit_code == 0);
        const std::string before = checkpoint.weights("layer01");
        checkpoint.set(keys);
        REQUIRE(checkpoint.run().exit_code == 0);
        CHECK(checkpoint.weights("layer01") != before);
    }
}

TEST_CASE("a key that would change the result and is not read ends run with its name") {
    const std::vector<std::pair<std::string, Json>> cases{
        {"llama", {{"embedding_multiplier", 12.0}}},
        {"llama", {{"residual_multiplier", 0.22}}},
        {"llama", {{"no_rope_layer_interval", 4}}},
        {"llama", {{"attn_logit_softcapping", 50.0}}},
        {"llama", {{"partial_rotary_factor", 0.5}}},
        {"llama", {{"attention_bias", true}}},
        {"llama", {{"num_local_experts", 8}}},
        {"llama", {{"rope_scaling", {{"type", "longrope"}}}}},
        {"mistral", {{"attention_chunk_size", 8}}},
        {"gpt2", {{"attn_logit_softcapping", 50.0}}},
        {"gemma3", {{"use_bidirectional_attention", true}}},
        {"smollm3", {{"use_sliding_window", true}}},
        {"smollm3", {{"no_rope_layers", {1, 0}}}},
        {"gpt_neox", {{"alibi", true}}},
        {"bert", {{"position_embedding_type", "relative_key"}}},
        {"qwen3", {{"layer_types", {"full_attention", "sliding_attention"}}}},
        {"transformer_lens", {{"positional_embedding_type", "shortformer"}}},
        {"transformer_lens", {{"some_attention_switch", true}}},
        {"gemma", {{"rms_norm_eps", -1}}},
        {"gpt2", {{"n_head", 4.5}}},
        {"t5", {{"relative_attention_num_buckets", 16}}},
        {"llama", {{"rope_theta", 1e308}}},
    };
    for (const auto& [model, keys] : cases) {
        INFO(model << " " << keys.dump());
        Checkpoint checkpoint(model);
        checkpoint.set(keys);
        const ProgramResult result = checkpoint.run();
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: ") &&
                                   Catch::Contains(keys.begin().key()));
        CHECK(result.err.find('\n') == result.err.size() - 1);
        CHECK(!fs::exists(checkpoint.out()));
    }
}

TEST_CASE("an unknown model_type gets no --layout that would not compute its keys") {
    Checkpoint checkpoint("llama");
    checkpoint.set({{"model_type", "granite"}, {"embedding_multiplier", 12.0}});
    CHECK_THAT(checkpoint.run().err, Catch::Contains("llama does not fit: config.json asks for "
                                                     "\"embedding_multiplier\": 12") &&
                                         !Catch::Contains("--layout"));
    CHECK_THAT(checkpoint.run({"--layout", "llama"}).err,
               Catch::Contains("\"embedding_multiplier\": 12 (it multiplies the embeddings)"));
    checkpoint.set({{"model_type", "helium"}});
    CHECK_THAT(checkpoint.run({"--layout", "llama"}).err,
               Catch::Contains("rotary pairs of neighbouring columns"));
    checkpoint.set({{"model_type", "my_llama"}});
    CHECK_THAT(checkpoint.run().err, Catch::Contains("give --layout llama"));
}

TEST_CASE("info tells what was read from config.json, what was assumed, and what is not known") {
    Checkpoint checkpoint("mistral");
    checkpoint.set({{"favourite_colour", "red"}, {"is_decoder", false}});
    const std::string text = checkpoint.info();
    CHECK_THAT(text, Catch::Contains("rms_norm_eps 1e-05") && Catch::Contains("sliding_window 3"));
    CHECK_THAT(text, Catch::Contains("config keys not understood  favourite_colour"));
    CHECK_THAT(text, Catch::Contains("without effect") && Catch::Contains("is_decoder"));
    Checkpoint gemma("gemma2");
    CHECK_THAT(gemma.info(), !Catch::Contains("by default"));
    gemma.set({{"embedding_multiplier", 2}});
    CHECK_THAT(gemma.info(), Catch::Contains("config.json asks for \"embedding_multiplier\": 2"));
}
