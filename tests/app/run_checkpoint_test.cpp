// run on checkpoints that are not quite what their family is: nothing is dropped in silence.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "support/array_files.hpp"
#include "support/changed_checkpoint.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;

namespace {

ProgramResult run(const ChangedCheckpoint& checkpoint, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{
        "run", "-w", checkpoint.write(), "-o", checkpoint.path("out"), "--precision", "f64"};
    const std::string ids = checkpoint.input("token_ids.npy");
    const bool has_x = std::find(more.begin(), more.end(), "--hidden-states") != more.end();
    if (std::filesystem::exists(ids) && !has_x)
        arguments.insert(arguments.end(), {"--token-ids", ids});
    else if (!has_x)
        arguments.insert(arguments.end(), {"-x", checkpoint.input("embeddings.npy")});
    if (std::find(more.begin(), more.end(), "--save") == more.end())
        arguments.insert(arguments.end(), {"--save", "weights"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
}

void check_refused(const ProgramResult& result, const std::string& text) {
    INFO(text << "\n" << result.err);
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: ") && Catch::Contains(text));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

// The largest difference of the weights from what PyTorch computed.
double error_of(const ChangedCheckpoint& checkpoint) {
    const auto expected = load(checkpoint.input("expected/weights.npy"));
    double worst = 0;
    for (std::size_t layer = 0; layer < expected.extent(0); ++layer) {
        const std::string file = "out/layer0" + std::to_string(layer) + "/weights.npy";
        worst = std::max(worst, max_difference(load(checkpoint.path(file)), expected.slice(layer)));
    }
    return worst;
}

}  // namespace

TEST_CASE("an array of a layer that the family does not know is refused by name, in any layer") {
    const std::vector<std::pair<std::string, std::vector<std::string>>> strangers{
        {"llama",
         {"model.layers.1.self_attn.sinks", "model.layers.0.self_attn.k_norm.weight",
          "model.layers.1.self_attn.q_proj.lora_A.default.weight",
          "model.layers.0.self_attn.gate.weight", "model.layers.1.pre_feedforward_layernorm.weight",
          "model.layers.0.self_attn.q_proj.SCB"}},
        {"gpt2", {"h.1.attn.rotary_emb.inv_freq", "h.0.attn.q_attn.weight", "h.1.ln_q.weight"}},
        {"bert",
         {"bert.encoder.layer.1.attention.self.q_bias", "bert.encoder.rel_embeddings.weight",
          "bert.encoder.layer.0.crossattention.self.key.weight"}},
        {"timm",
         {"blocks.1.attn.q_bias", "blocks.0.attn.rel_pos_h", "blocks.1.attn.rel_pos_w",
          "blocks.1.gamma_1"}},
        {"t5", {"encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight"}},
        {"torch_encoder", {"layers.1.self_attn.bias_k", "layers.0.alpha"}},
    };
    for (const auto& [family, names] : strangers) {
        for (const std::string& name : names) {
            ChangedCheckpoint checkpoint(family);
            check_refused(run(checkpoint.add(name, {4, 4})), name);
        }
    }
}

TEST_CASE("norms under the names of TensorFlow's days are those of today") {
    ChangedCheckpoint bert("bert");
    bert.rename([](const std::string& name) {
        const std::string norm = "LayerNorm.";
        const std::size_t at = name.find(norm);
        if (at == std::string::npos) return name;
        const bool weight = name.find("weight", at) != std::string::npos;
        return name.substr(0, at) + norm + (weight ? "gamma" : "beta");
    });
    CHECK(run(bert).exit_code == 0);
    CHECK(error_of(bert) < 1e-11);
    bert.add("bert.encoder.layer.1.output.norm.gamma", {16});
    check_refused(run(bert, {"--save", "hidden"}), "output.norm.gamma");
}

TEST_CASE("biases that the code of a family does not have are refused, whatever the file has") {
    for (const char* bias : {"model.norm.bias", "model.layers.1.post_attention_layernorm.bias"}) {
        ChangedCheckpoint llama("llama");
        check_refused(run(llama.add(bias, {16})), bias);
    }
    ChangedCheckpoint mistral("mistral");
    for (const char* layer : {"0", "1"})
        mistral.add("model.layers." + std::string(layer) + ".mlp.down_proj.bias", {16});
    check_refused(run(mistral), "which has no such arrays, and layer 0 has mlp.down_proj.bias");
}

TEST_CASE("T5's feed-forward part has a gate if, and only if, config.json says so") {
    for (const auto& [family, other] :
         {std::pair("t5", "gated-gelu"), std::pair("t5_gated", "relu")}) {
        ChangedCheckpoint checkpoint(family);
        checkpoint.config(
            "{\"model_type\": \"t5\", \"num_heads\": 4, \"d_kv\": 6, "
            "\"feed_forward_proj\": \"" +
            std::string(other) + "\"}");
        check_refused(run(checkpoint), "DenseReluDense.wi_0.weight");
    }
}

TEST_CASE("buffers and counters beside the matrices do no harm") {
    ChangedCheckpoint gpt("gpt2");
    gpt.add("h.0.attn.total_ops", {1}).add("h.1.mlp.num_batches_tracked", {1});
    CHECK(run(gpt).exit_code == 0);
    CHECK(error_of(gpt) < 1e-11);
    ChangedCheckpoint llama("llama");
    llama.add("model.layers.0.self_attn.rotary_emb.inv_freq").add("model.rotary_emb.inv_freq");
    CHECK(run(llama).exit_code == 0);
    CHECK(error_of(llama) < 1e-11);
    // Heads of tasks and towers for pictures are no part of the layers.
    llama.add("score.weight").add("vision_tower.vision_model.embeddings.class_embedding");
    CHECK(run(llama).exit_code == 0);
}

TEST_CASE("a bias that only some layers have is missed") {
    ChangedCheckpoint checkpoint("gpt2");
    checkpoint.erase("h.1.attn.c_attn.bias");
    check_refused(run(checkpoint), "layer 1: attn.c_attn.bias, which other layers have");
}

TEST_CASE("experts and other feed-forward parts keep the next layer's input from being computed") {
    ChangedCheckpoint checkpoint("llama");
    checkpoint.add("model.layers.0.mlp.experts.0.up_proj.weight");
    check_refused(run(checkpoint), "mlp.experts.0.up_proj.weight");
    check_refused(run(checkpoint), "--hidden-states");
    CHECK(run(checkpoint, {"--layers", "0"}).exit_code == 0);
}

TEST_CASE("what stands between tokens and layers, or behind the layers, counts where it is used") {
    ChangedCheckpoint embedding("bert");
    embedding.add("bert.embeddings_project.weight", {16, 16});
    check_refused(run(embedding), "bert.embeddings_project.weight");
    ChangedCheckpoint behind("llama");
    behind.add("model.norm2.weight", {16});
    CHECK(run(behind).exit_code == 0);
    check_refused(run(behind, {"--save", "hidden"}), "model.norm2.weight");
    ChangedCheckpoint head("llama");
    head.add("lm_head.bias", {21});
    CHECK(run(head, {"--save", "hidden"}).exit_code == 0);
    check_refused(run(head, {"--save", "logits"}), "lm_head.bias");
}

TEST_CASE("norms without bias beside projections with biases are not taken for LayerNorm") {
    // So ImageGPT (GPT-2's names) and Qwen 1 (nanoGPT's names) keep their RMSNorm.
    const std::map<std::string, std::string> norms{{"gpt2", "ln_1"},
                                                   {"bert", "attention.output.LayerNorm"},
                                                   {"timm", "norm1"},
                                                   {"gpt_neox", "input_layernorm"}};
    for (const auto& [family, norm] : norms) {
        ChangedCheckpoint checkpoint(family);
        CHECK(run(checkpoint).exit_code == 0);
        const std::string bias = "." + norm + ".bias";
        // Names that no family knows and that follow from sizes alone are harmless.
        checkpoint.rename([&](const std::string& key) {
            const bool found = key.size() > bias.size() && key.find(bias) != std::string::npos;
            return found ? key + ".total_ops" : key;
        });
        check_refused(run(checkpoint), "lacks layer 0: " + norm + ".bias");
    }
}

TEST_CASE("embeddings without the family's table of positions mean that positions are elsewhere") {
    // Qwen 1 has nanoGPT's names and rotary positions, OpenAI's GPT calls its tables otherwise.
    for (const std::string family : {"gpt2", "nanogpt"}) {
        ChangedCheckpoint rotary(family);
        for (const char* before : {"", "transformer.", "_orig_mod.transformer."})
            rotary.erase(std::string(before) + "wpe.weight");
        check_refused(run(rotary, {"--layers", "0"}), "wpe.weight");
        check_refused(run(rotary, {"--layers", "0"}), "which its attention needs");
    }
}

TEST_CASE("a head that is not tied and not in the file is not taken from the table of tokens") {
    ChangedCheckpoint checkpoint("llama");
    checkpoint.erase("lm_head.weight");
    CHECK(run(checkpoint, {"--save", "hidden"}).exit_code == 0);
    check_refused(run(checkpoint, {"--save", "logits"}), "\"tie_word_embeddings\": false");
}

TEST_CASE("of two matrices for the logits config.json chooses, or they are one") {
    for (const std::string family : {"gpt2", "gemma", "gemma2", "gemma3"}) {
        INFO(family);
        const std::string table = family == "gpt2" ? "wte.weight" : "model.embed_tokens.weight";
        ChangedCheckpoint checkpoint(family);
        checkpoint.copy(table, "lm_head.weight");
        CHECK(run(checkpoint, {"--save", "logits"}).exit_code == 0);
        checkpoint.add("lm_head.weight", checkpoint.shape(table));
        CHECK(run(checkpoint, {"--save", "hidden"}).exit_code == 0);
        check_refused(run(checkpoint, {"--save", "logits"}), "lm_head.weight is not ");
        check_refused(run(checkpoint, {"--save", "probs"}), "\"tie_word_embeddings\"");
        CHECK(
            run(checkpoint.set(R"("tie_word_embeddings": true)"), {"--save", "logits"}).exit_code ==
            0);
    }
    ChangedCheckpoint untied("gemma");
    untied.add("lm_head.weight", untied.shape("model.embed_tokens.weight"));
    CHECK(run(untied.set(R"("tie_word_embeddings": false)"), {"--save", "logits"}).exit_code == 0);
}

TEST_CASE("a chosen layer, and the model's output, are those of a whole run on hidden states") {
    const ChangedCheckpoint checkpoint("llama");
    std::vector<float> values;
    for (int i = 0; i < 2 * 5 * 16; ++i) values.push_back(static_cast<float>((i * 37) % 41) / 20);
    const TempFolder folder;
    const std::string states = folder.write("states.npy", npy_floats("(2, 5, 16)", values));
    const std::vector<std::string> base{"--hidden-states", states, "--save", "weights,hidden"};
    const auto results = [&](const std::string& layers, const std::string& layer) {
        std::vector<std::string> more = base;
        if (!layers.empty()) more.insert(more.end(), {"--layers", layers});
        const auto result = run(checkpoint, more);
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
        std::string bytes = read_file(checkpoint.path("out/final_hidden.npy"));
        for (const std::string name : {"weights", "hidden"})
            bytes += read_file(checkpoint.path("out/layer0" + layer + "/" + name + ".npy"));
        std::filesystem::remove_all(checkpoint.path("out"));
        return bytes;
    };
    for (const std::string layer : {"0", "1"}) {
        INFO("layer " << layer);
        CHECK(results(layer, layer) == results("", layer));
    }
}

TEST_CASE("UMT5 and mT5 take the activation of their own class where config.json names none") {
    const std::map<std::string, std::string> families{{"umt5", "umt5"}, {"t5_gated", "mt5"}};
    for (const auto& [folder, type] : families) {
        ChangedCheckpoint checkpoint(folder);
        std::string config = read_file(golden("models/" + folder + "/config.json"));
        for (const auto& [key, harmless] :
             {std::pair("dense_act_fn", "_name_or_path"),
              std::pair("feed_forward_proj", "tokenizer_name"), std::pair("\"t5\"", "\"mt5\"")}) {
            const std::size_t at = config.find(key);
            if (at != std::string::npos) config.replace(at, std::string(key).size(), harmless);
        }
        REQUIRE(config.find("\"" + type + "\"") != std::string::npos);
        const auto result = run(checkpoint.config(config));
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
        CHECK(error_of(checkpoint) < 1e-6);
    }
}

TEST_CASE("quantised matrices are refused, with what to do") {
    ChangedCheckpoint bytes("llama");
    bytes.add("model.layers.1.self_attn.q_proj.weight", {16, 16}, "I8", 1);
    check_refused(run(bytes), "model.layers.1.self_attn.q_proj.weight: holds int8; quantised");
    ChangedCheckpoint eighth("llama");
    eighth.add("model.layers.1.self_attn.q_proj.weight", {16, 16}, "F8_E4M3", 1)
        .add("model.layers.1.self_attn.q_proj.weight_scale", {1});
    check_refused(run(eighth), "has the dtype F8_E4M3, which is not read");
    ChangedCheckpoint packed("llama");
    packed.rename([](const std::string& key) {
        const std::size_t at = key.find("_proj.weight");
        return at == std::string::npos ? key : key.substr(0, at) + "_proj.qweight";
    });
    check_refused(run(packed), "belongs to quantised weights");
}

TEST_CASE("a prefix of any module is looked through, and said") {
    for (const char* family :
         {"gpt2", "bert", "llama", "torch_encoder", "timm", "transformer_lens"}) {
        for (const char* prefix : {"transformer_encoder.", "net.", "0.auto_model.", "module.my."}) {
            INFO(family << " behind " << prefix);
            ChangedCheckpoint checkpoint(family);
            checkpoint.rename([&](const std::string& key) { return prefix + key; });
            const auto result = run(checkpoint);
            CHECK(result.exit_code == 0);
            CHECK_THAT(result.err, Catch::Contains(std::string("behind ") + prefix));
            CHECK(error_of(checkpoint) < 1e-11);
            CHECK_THAT(run_program({"info", checkpoint.write()}).out,
                       Catch::Contains(std::string("behind ") + prefix));
        }
    }
}

TEST_CASE("two models in one file are not taken for one") {
    ChangedCheckpoint checkpoint("torch_encoder");
    ChangedCheckpoint twice("torch_encoder");
    twice.rename([](const std::string& key) { return "encoder." + key; });
    for (const char* layer : {"0", "1"}) {
        const std::string before = std::string("decoder.layers.") + layer + ".";
        twice.add(before + "self_attn.in_proj_weight", {48, 16})
            .add(before + "self_attn.out_proj.weight", {16, 16})
            .add(before + "norm1.weight", {16});
    }
    check_refused(run(twice), "holds 2 models of the family torch-encoder, decoder. and encoder.");
}

TEST_CASE("what comes near a family is told what keeps it from being one") {
    ChangedCheckpoint checkpoint("llama");
    checkpoint.erase("model.layers.0.self_attn.k_proj.weight")
        .add("model.layers.0.self_attn.kv_norm.weight");
    const auto result = run(checkpoint);
    check_refused(result, "nearest is llama (8 of the 9 arrays of a layer, behind model.)");
    check_refused(result, "lacks self_attn.k_proj.weight; has self_attn.kv_norm.weight besides");
    const auto info = run_program({"info", checkpoint.write()});
    CHECK(info.exit_code == 0);
    CHECK_THAT(info.out, Catch::Contains("not recognised") && Catch::Contains("nearest is llama"));
    check_refused(run(checkpoint, {"--layout", "bert"}),
                  "does not hold the arrays of BERT: no name begins with bert.encoder.layer.0");
}

TEST_CASE("a family is hinted at only where it would compute the whole file") {
    ChangedCheckpoint alike("llama");
    alike.set("\"model_type\": \"lama\"");
    const std::string unknown = R"({"model_type": "smollm9", "num_attention_heads": 4,
        "num_key_value_heads": 2})";
    check_refused(run(alike.config(unknown)), "if it is computed alike, give --layout");
    ChangedCheckpoint different("llama");
    different.config(unknown).add("model.layers.1.self_attn.g_proj.weight");
    const auto result = run(different);
    check_refused(result, "does not fit: it does not know model.layers.1.self_attn.g_proj.weight");
    CHECK_THAT(result.err, !Catch::Contains("--layout"));
}

TEST_CASE("what a file does not say about its norms and activation is assumed aloud") {
    ChangedCheckpoint prenorm("torch_encoder_prenorm");
    prenorm.config("");
    const auto silent = run(prenorm, {"--heads", "4"});
    CHECK(silent.exit_code == 0);
    CHECK_THAT(silent.err, Catch::Contains("assumed: norms behind attention and feed-forward "
                                           "(--norm-first), epsilon 1e-05 (--norm-eps E), "
                                           "activation relu (--activation NAME)"));
    CHECK(error_of(prenorm) > 1e-3);
    const auto told = run(
        prenorm, {"--heads", "4", "--norm-first", "--activation", "gelu", "--norm-eps", "1e-5"});
    CHECK(told.exit_code == 0);
    CHECK(told.err.empty());
    CHECK(error_of(prenorm) < 1e-11);
    prenorm.config(R"({"nhead": 4, "norm_first": true, "activation": "gelu",
        "layer_norm_eps": 1e-5})");
    CHECK(run(prenorm).err.empty());
    CHECK(error_of(prenorm) < 1e-11);
    CHECK_THAT(run_program({"info", prenorm.config("{\"nhead\": 4}").write()}).out,
               Catch::Contains("assumed") && Catch::Contains("--norm-first"));
}

TEST_CASE("a family's own configuration is taken where config.json is there, else it is said") {
    ChangedCheckpoint llama("llama");
    CHECK(run(llama).err.empty());
    const auto alone = run(llama.config(""), {"--layout", "llama", "--heads", "4"});
    CHECK_THAT(alone.err, Catch::Contains("epsilon 1e-06") && Catch::Contains("activation silu") &&
                              Catch::Contains("rotary theta 10000"));
    CHECK(run(llama, {"--layout", "llama", "--heads", "4", "--norm-eps", "1e-5"}).exit_code == 0);
    CHECK(error_of(llama) < 1e-11);
}

TEST_CASE("flags about blocks are refused where they change nothing") {
    ChangedCheckpoint bert("bert");
    check_refused(run(bert, {"--norm-first"}), "--norm-first: where the norms of BERT stand");
    check_refused(run(bert, {"--activation", "tanh"}), "--activation tanh: expected gelu");
    ChangedCheckpoint alone("torch_attention");
    check_refused(run(alone, {"--norm-eps", "1e-3"}), "has no norms");
    check_refused(run(alone, {"--activation", "relu"}), "has no feed-forward part");
    check_refused(run(alone, {"--norm-eps", "0"}), "--norm-eps 0: expected a number above 0");
}

TEST_CASE("segments and positions are numbers of rows of their tables") {
    const TempFolder folder;
    const auto numbers = [&](std::int64_t last) {
        std::vector<std::int64_t> values(9, 0);
        values.back() = last;
        return write_array<std::int64_t>(folder, std::to_string(last) + ".npy", {9}, values);
    };
    ChangedCheckpoint bert("bert");
    CHECK(run(bert, {"--token-type-ids", numbers(1)}).exit_code == 0);
    check_refused(run(bert, {"--token-type-ids", numbers(2)}),
                  "token type 2 of sequence 0, token 8");
    check_refused(run(bert, {"--positions", numbers(12)}), "position 12 of sequence 0, token 8");
    check_refused(run(bert, {"--positions", numbers(-1)}), "--positions");
    const auto short_one = write_array<std::int64_t>(folder, "short.npy", {3}, {0, 1, 2});
    check_refused(run(bert, {"--positions", short_one}), "[3]: expected [9] or [2, 9]");
    ChangedCheckpoint roberta("roberta");
    CHECK(run(roberta, {"--positions", numbers(11)}).exit_code == 0);
    check_refused(run(roberta, {"--positions", numbers(12)}), "behind those of padding");
    ChangedCheckpoint distil("distilbert");
    check_refused(run(distil, {"--token-type-ids", numbers(0)}), "has no table of token types");
    ChangedCheckpoint t5("t5");
    check_refused(run(t5, {"--positions", numbers(1)}), "--positions");
    ChangedCheckpoint timm("timm");
    check_refused(run(timm, {"--positions", numbers(1)}), "nothing reads them");
    check_refused(run(timm, {"--token-type-ids", numbers(1)}), "needs --token-ids");
    // Rotary families need no --rope for them.
    ChangedCheckpoint llama("llama");
    CHECK(run(llama, {"--positions", numbers(30)}).exit_code == 0);
    CHECK(error_of(llama) > 1e-3);
}

TEST_CASE("a checkpoint that turns, given --rope, keeps what its config.json says of it") {
    for (const char* family : {"llama_llama3", "llama_linear"}) {
        ChangedCheckpoint checkpoint(family);
        CHECK(run(checkpoint, {"--rope"}).exit_code == 0);
        CHECK(error_of(checkpoint) < 1e-11);
    }
}

TEST_CASE("an odd number of rotary columns is blamed on whoever said it") {
    ChangedCheckpoint checkpoint("phi");
    std::string config = read_file(checkpoint.input("config.json"));
    const std::string half = "\"partial_rotary_factor\": 0.5";
    config.replace(config.find(half), half.size(), "\"partial_rotary_factor\": 0.4");
    const auto odd = run(checkpoint.config(config));
    check_refused(odd, "rotate 3 of the 8 columns");
    CHECK_THAT(odd.err, !Catch::StartsWith("attn-inspect: error: --rope-dim"));
    check_refused(run(checkpoint, {"--rope", "--rope-dim", "3"}), "--rope-dim 3");
    const TempFolder folder;
    const auto q = write_array<float>(folder, "q.npy", {1, 2, 3}, {1, 2, 3, 4, 5, 6});
    check_refused(run_program({"run", "-q", q, "-k", q, "-v", q, "--rope", "-o", folder / "out"}),
                  "a head has 3");
}

TEST_CASE("one head is assumed aloud where native names do not say how many there are") {
    const TempFolder folder;
    const std::string square = "[[1, 0], [0, 1]]";
    const std::string matrices =
        "\"W_Q\": " + square + ", \"W_K\": " + square + ", \"W_V\": " + square;
    const auto errors = [&](const std::string& more, std::vector<std::string> flags) {
        const std::string file =
            folder.write("w.json", "{" + matrices + ", \"embeddings\": " + square + more + "}");
        flags.insert(flags.begin(), {"run", "-w", file, "-o", folder / "out"});
        const auto result = run_program(flags);
        CHECK(result.exit_code == 0);
        return result.err;
    };
    CHECK_THAT(errors("", {}), Catch::Contains("1 head assumed; give --heads"));
    CHECK(errors("", {"--heads", "1"}).empty());
    CHECK(errors(", \"heads\": 2", {}).empty());
}
