// What a run says about checkpoints and token ids that do not fit.
#include "source/computed_inputs.hpp"

#include <catch2/catch.hpp>

#include "pipeline/run.hpp"
#include "support/arrays.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using namespace attn;

namespace {

// A GPT-2 of width 2, 3 tokens and 4 positions in one JSON file; `without` leaves an array out.
std::string gpt2(std::size_t layers, const std::string& without = "") {
    std::string text = R"({"n_head": 1, "wte.weight": [[1, 2], [3, 4], [5, 6]],
        "wpe.weight": [[0, 0], [1, 0], [2, 0], [3, 0]], "ln_f.weight": [1, 1], "ln_f.bias": [0, 0])";
    const std::vector<std::pair<std::string, std::string>> arrays{
        {"attn.c_attn.weight", "[[1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1]]"},
        {"attn.c_proj.weight", "[[1, 0], [0, 1]]"},
        {"ln_1.weight", "[1, 1]"},
        {"ln_2.weight", "[1, 1]"},
        {"mlp.c_fc.weight", "[[1, 0, 0], [0, 1, 0]]"},
        {"mlp.c_proj.weight", "[[1, 0], [0, 1], [0, 0]]"}};
    for (std::size_t layer = 0; layer < layers; ++layer) {
        for (const auto& [name, values] : arrays) {
            if (name != without)
                text += ", \"h." + std::to_string(layer) + "." + name + "\": " + values;
        }
    }
    return text + "}";
}

struct Run {
    TempFolder folder;
    pipeline::RunRequest request;

    explicit Run(const std::string& model) {
        request.input.weights = folder.write("model.json", model);
        request.save = results::parse_save("weights");
        request.output = folder / "out";
    }
    Run& ids(const std::string& json) {
        request.input.token_ids = folder.write("ids.json", json);
        return *this;
    }
    void operator()() const {
        pipeline::run(request, {}, [](const std::string&) {});
    }
    attn::Array<double> result(const std::string& name) const {
        return load(folder / ("out/" + name + ".npy"));
    }
};

}  // namespace

TEST_CASE("token ids pick rows of the tables") {
    Run run(gpt2(1));
    run.request.save = results::parse_save("hidden,logits");
    run.ids("[2, 0]")();
    CHECK(run.result("layer00/hidden").shape() == attn::Shape{2, 2});
    CHECK(run.result("logits").shape() == attn::Shape{2, 3});
    run.ids("[[2, 0], [1, 1]]")();
    CHECK(run.result("logits").shape() == attn::Shape{2, 2, 3});
}

TEST_CASE("token ids that are none are refused by place") {
    Run run(gpt2(1));
    CHECK_THROWS_WITH(
        run.ids("[0, 3]")(),
        Catch::Contains("token id 3 of sequence 0, token 1 is not one of the 3 rows") &&
            Catch::Contains("wte.weight"));
    CHECK_THROWS_WITH(run.ids("[[0, 1], [-1, 1]]")(), Catch::Contains("token id -1 of sequence 1"));
    CHECK_THROWS_WITH(run.ids("[0, 1.5]")(), Catch::Contains("1.5: expected a whole number"));
    CHECK_THROWS_WITH(run.ids("[[[0]]]")(), Catch::Contains("expected token ids [tokens]"));
    CHECK_THROWS_WITH(run.ids("[0, 0, 0, 0, 0]")(),
                      Catch::Contains("has 5 tokens") && Catch::Contains("has 4 positions"));
}

TEST_CASE("token ids need tables, and nothing else beside them") {
    Run native(R"({"W_Q": [[1]], "W_K": [[1]], "W_V": [[1]]})");
    CHECK_THROWS_WITH(native.ids("[0]")(), Catch::Contains("holds no token embeddings"));
    Run run(gpt2(1));
    run.request.input.embeddings = run.folder.write("x.json", "[[1, 2]]");
    CHECK_THROWS_WITH(run.ids("[0]")(),
                      Catch::Contains("--embeddings and --token-ids exclude each other"));
    run.request.input.embeddings.clear();
    run.request.input.token_ids.clear();
    CHECK_THROWS_WITH(run(), Catch::Contains("give them with --embeddings, or token ids with"));
}

TEST_CASE("a block that is not whole matters only where its output is needed") {
    Run stack(gpt2(2, "mlp.c_proj.weight"));
    CHECK_THROWS_WITH(
        stack.ids("[0]")(),
        Catch::Contains("lacks layer 0: mlp.c_proj.weight and 1 more array of GPT-2") &&
            Catch::Contains("--hidden-states"));
    stack.request.layers = std::vector<std::size_t>{0};
    CHECK_NOTHROW(stack());
    stack.request.layers.reset();
    stack.request.input.token_ids.clear();
    stack.request.input.hidden_states = stack.folder.write("h.json", "[[[1, 2]], [[3, 4]]]");
    CHECK_NOTHROW(stack());
    // Without the norm in front of the attention its input is another one.
    Run bare(gpt2(1, "ln_1.weight"));
    CHECK_THROWS_WITH(bare.ids("[0]")(), Catch::Contains("lacks layer 0: ln_1.weight of GPT-2"));
}

TEST_CASE("logits need a matrix that makes them") {
    Run native(R"({"W_Q": [[1]], "W_K": [[1]], "W_V": [[1]], "embeddings": [[1]]})");
    native.request.save = results::parse_save("logits");
    CHECK_THROWS_WITH(native(),
                      Catch::Contains("has no matrix that makes logits (--save hidden, logits"));
}

TEST_CASE("flags win over what the checkpoint says") {
    Run run(gpt2(1));
    run.ids("[0, 1]")();
    CHECK(run.result("layer00/weights").data()[1] == 0);  // causal, as GPT-2 is
    run.request.input.attention.causal = false;
    run();
    CHECK(run.result("layer00/weights").data()[1] > 0);
}

TEST_CASE("heads that are given must fit each other, embeddings their context") {
    const TempFolder folder;
    const std::string one = folder.write("one.json", "[[[1, 2]]]");
    const std::string two = folder.write("two.json", "[[[1, 2], [3, 4]]]");
    const std::string five = folder.write("five.json", "[[[[[1, 2]]]]]");
    const struct {
        std::vector<std::string> words;
        std::string text;
    } refusals[] = {
        {{"-q", five, "-k", two, "-v", two},
         "[1, 1, 1, 1, 2]: expected [heads, n, d] or [batch, heads, n, d] (--query)"},
        {{"-q", two, "-k", two, "-v", one},
         "--key [1, 1, 2, 2] and --value [1, 1, 1, 2]: batch, heads or tokens differ"},
        {{"-q", two, "-k", two, "-v", two, "--norm-first"}, "they exclude --norm-first"},
        {{"-x", sample("batch_embeddings.npy"), "-w", sample("weights"), "--context",
          sample("embeddings.npy")},
         "embeddings.npy [49, 64]: has 1 sequence, " + sample("batch_embeddings.npy") +
             " has 3 (--context)"},
        {{"-x", sample("embeddings.npy"), "-w", sample("weights"), "--past-key", two,
          "--past-value", two},
         "--past-key: is the cache of one layer, " + sample("weights") + " has 2"},
    };
    for (const auto& refusal : refusals) {
        std::vector<std::string> words{"run", "-o", folder / "out"};
        words.insert(words.end(), refusal.words.begin(), refusal.words.end());
        const auto result = run_program(words);
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(refusal.text));
    }
}
