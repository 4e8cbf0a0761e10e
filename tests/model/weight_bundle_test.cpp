#include "model/weight_bundle.hpp"

#include <catch2/catch.hpp>

#include "support/config.hpp"
#include "support/temp_folder.hpp"

using attn::model::check_layer;
using attn::model::read_weight_bundle;
using attn::test::TempFolder;

namespace {

attn::io::Container json(const TempFolder& folder, const std::string& text) {
    return attn::io::open_container(folder.write("w.json", text));
}

// JSON of a matrix of zeros.
std::string zeros(std::size_t rows, std::size_t columns) {
    std::string row = "[0";
    for (std::size_t i = 1; i < columns; ++i) row += ",0";
    std::string text = row + "]";
    for (std::size_t i = 1; i < rows; ++i) text += "," + row + "]";
    return "[" + text + "]";
}

std::string layer(std::size_t q_rows, std::size_t q_columns, std::size_t k_columns,
                  std::size_t v_columns, const std::string& more = "") {
    return "{\"W_Q\": " + zeros(q_rows, q_columns) + ", \"W_K\": " + zeros(q_rows, k_columns) +
           ", \"W_V\": " + zeros(q_rows, v_columns) + more + "}";
}

}  // namespace

TEST_CASE("one layer or many are found by their names") {
    const TempFolder folder;
    CHECK(read_weight_bundle(json(folder, layer(4, 4, 4, 4))).layers.size() == 1);
    const std::string two = "{\"heads\": 2, \"causal\": true, \"layers\": [" + layer(4, 4, 4, 4) +
                            "," + layer(4, 4, 4, 4) + "]}";
    const auto bundle = read_weight_bundle(json(folder, two));
    CHECK(bundle.layers.size() == 2);
    CHECK(bundle.config.heads == std::size_t{2});
    CHECK(bundle.config.causal == true);
    const std::string dotted =
        R"({"layers.0.W_Q": [[1]], "layers.0.W_K": [[1]], "layers.0.W_V": [[1]], "ln.weight": [1]})";
    CHECK(read_weight_bundle(json(folder, dotted)).layers[0].size() == 3);
}

TEST_CASE("what is missing is named") {
    const TempFolder folder;
    const auto bundle_of = [&](const std::string& text) {
        return read_weight_bundle(json(folder, text));
    };
    CHECK_THROWS_WITH(bundle_of(R"({"x": [1]})"), Catch::Contains("has no W_Q, W_K and W_V"));
    CHECK_THROWS_WITH(bundle_of(R"({"W_Q": [[1]], "W_V": [[1]]})"), Catch::EndsWith("has no W_K"));
    CHECK_THROWS_WITH(bundle_of(R"({"W_Q": [[1]], "W_k": [[1]], "W_V": [[1]]})"),
                      Catch::EndsWith("has no W_K; did you mean W_k?"));
    CHECK_THROWS_WITH(
        bundle_of(
            R"({"layers.0.W_Q": [[1]], "layers.0.W_K": [[1]], "layers.0.W_V": [[1]], "layers.2.W_Q": [[1]]})"),
        Catch::EndsWith("layer 1 is missing"));
    CHECK_THROWS_WITH(bundle_of("{\"layers\": [" + layer(1, 1, 1, 1) + ", {\"W_Q\": [[1]]}]}"),
                      Catch::EndsWith("layer 1 has no W_K"));
    CHECK_THROWS_WITH(bundle_of(R"({"W_Q": [[1]], "layers": [{"W_Q": [[1]]}]})"),
                      Catch::Contains("has both W_Q and layers"));
}

TEST_CASE("settings of the wrong type are refused") {
    const TempFolder folder;
    const auto with = [&](const std::string& setting) {
        return read_weight_bundle(json(folder, layer(4, 4, 4, 4, ", " + setting)));
    };
    for (const char* heads : {"0", "-1", "2.5", "true", "\"two\""}) {
        INFO(heads);
        CHECK_THROWS_WITH(with(std::string("\"heads\": ") + heads),
                          Catch::Contains("\"heads\" must be a whole number"));
    }
    CHECK_THROWS_WITH(with("\"causal\": 1"), Catch::Contains("\"causal\" must be true or false"));
    CHECK_THROWS_WITH(with("\"scale\": true"), Catch::Contains("\"scale\" must be a number"));
}

TEST_CASE("matrices that do not fit are refused with their shapes") {
    const TempFolder folder;
    const auto check = [&](const std::string& text, std::size_t d_model,
                           std::optional<std::size_t> heads) {
        return check_layer(read_weight_bundle(json(folder, text)), 0, {d_model, d_model, heads, {}})
            .heads;
    };
    CHECK(check(layer(6, 4, 4, 4), 6, 2) == 2);
    CHECK(check(layer(6, 4, 4, 4), 6, {}) == 1);
    CHECK_THROWS_WITH(check(layer(6, 4, 4, 4), 5, 2),
                      Catch::Contains("W_Q [6, 4]: expected 5 rows, the width of the embeddings"));
    CHECK_THROWS_WITH(check(layer(6, 4, 4, 4), 4, 2), Catch::Contains("looks transposed"));
    CHECK_THROWS_WITH(check(layer(6, 4, 4, 4), 6, 3),
                      Catch::Contains("4 columns cannot be divided among 3 heads (--heads)"));
    CHECK_THROWS_WITH(check(layer(6, 4, 3, 4), 6, 2),
                      Catch::Contains("W_K [6, 3]: 3 columns are not heads of 2 columns"));
    CHECK_THROWS_WITH(check(layer(6, 4, 4, 3), 6, 2),
                      Catch::Contains("W_V [6, 3]: 3 columns cannot be divided"));
    CHECK_THROWS_WITH(check(layer(6, 4, 4, 4, ", \"b_Q\": [0, 0]"), 6, 2),
                      Catch::Contains("b_Q [2]: expected 4 values"));
    CHECK_THROWS_WITH(check(layer(6, 4, 4, 4, ", \"W_O\": " + zeros(6, 4)), 6, 2),
                      Catch::Contains("W_O [6, 4]: expected [4, 6]"));
    CHECK_THROWS_WITH(check(layer(6, 4, 4, 4, ", \"b_O\": [0, 0, 0, 0, 0, 0]"), 6, 2),
                      Catch::Contains("there is no W_O"));
    CHECK_THROWS_WITH(check(R"({"W_Q": [1], "W_K": [1], "W_V": [1]})", 1, {}),
                      Catch::Contains("expected [d_model, heads * d_head]"));
    const std::string three =
        R"({"W_Q": [[[1]], [[1]]], "W_K": [[[1]], [[1]]], "W_V": [[[1]], [[1]]]})";
    CHECK(check(three, 1, {}) == 2);
    CHECK_THROWS_WITH(check(three, 1, 4), Catch::Contains("is for 2 heads, expected 4 (--heads)"));
}

namespace {

// A GPT-2 of one layer and width 4, with more settings or arrays.
std::string gpt2(const std::string& more) {
    return "{\"h.0.attn.c_attn.weight\": " + zeros(4, 12) + ", \"wte.weight\": " + zeros(5, 4) +
           more + "}";
}

}  // namespace

TEST_CASE("a config that contradicts the arrays is refused with both") {
    const TempFolder folder;
    const auto bundle_of = [&](const std::string& more) {
        return read_weight_bundle(json(folder, gpt2(more)));
    };
    CHECK(bundle_of(R"(, "n_layer": 1, "n_embd": 4, "vocab_size": 5)").layers.size() == 1);
    CHECK_THROWS_WITH(bundle_of(R"(, "n_layer": 12)"),
                      Catch::Contains("has 1 layer, config.json says 12 (n_layer)"));
    CHECK_THROWS_WITH(
        bundle_of(R"(, "n_embd": 8)"),
        Catch::Contains("its projections read 4 columns, config.json says 8 (n_embd)"));
    CHECK_THROWS_WITH(bundle_of(R"(, "vocab_size": 6)"),
                      Catch::Contains("wte.weight [5, 4]: has fewer tokens than") &&
                          Catch::Contains("6 (vocab_size)"));
    CHECK_THROWS_WITH(bundle_of(R"(, "n_inner": 16, "h.0.mlp.c_fc.weight": [[1, 2]])"),
                      Catch::Contains("c_fc.weight [1, 2]: does not fit what config.json says: 16 "
                                      "(n_inner)"));
}

TEST_CASE("the heads of a checkpoint are not guessed") {
    const TempFolder folder;
    const auto sizes_of = [&](const std::string& more, std::optional<std::size_t> heads) {
        return check_layer(read_weight_bundle(json(folder, gpt2(more))), 0, {4, 4, heads, {}});
    };
    CHECK(sizes_of(R"(, "n_head": 2)", {}).d_head == 2);
    CHECK(sizes_of(R"(, "n_head": 2)", 4).d_head == 1);
    CHECK_THROWS_WITH(sizes_of("", {}), Catch::Contains("nothing says how many heads there are") &&
                                            Catch::Contains("--heads"));
    CHECK_THROWS_WITH(sizes_of(R"(, "n_head": 5)", {}),
                      Catch::Contains("[4, 12]: 12 columns cannot be divided among 5 heads and 5 "
                                      "key and value heads (--heads, n_head)"));
    CHECK_THROWS_WITH(sizes_of(R"(, "n_head": 2, "head_dim": 3)", {}),
                      Catch::Contains("its 2 heads have 2 columns, config.json says 3 (head_dim)"));
}

TEST_CASE("windows follow the config, or the family where it alternates") {
    const TempFolder folder;
    std::string text = "{\"sliding_window\": 3";
    for (const char* layer : {"0", "1"}) {
        const std::string before = std::string(", \"model.layers.") + layer + ".";
        for (const char* name : {"q", "k", "v"})
            text += before + "self_attn." + name + "_proj.weight\": " + zeros(4, 4);
        text += before + "pre_feedforward_layernorm.weight\": [1, 1, 1, 1]";
    }
    const auto windows = [&](const std::string& more, const std::string& layout) {
        const auto bundle = read_weight_bundle(json(folder, text + more + "}"), layout);
        return std::vector{attn::model::window_left(bundle, 0),
                           attn::model::window_left(bundle, 1)};
    };
    using Windows = std::vector<std::optional<std::size_t>>;
    CHECK(windows("", "gemma2") == Windows{2, std::nullopt});
    CHECK(windows(R"(, "layer_types": ["full_attention", "sliding_attention"])", "gemma2") ==
          Windows{std::nullopt, 2});
    CHECK_THROWS_WITH(windows(R"(, "layer_types": ["full_attention"])", "gemma2"),
                      Catch::Contains("has 2 layers, config.json lists 1 (layer_types)"));
}

TEST_CASE("layers rotate queries and keys as config.json says of each") {
    using attn::model::RotaryKind;
    attn::model::WeightBundle bundle;
    bundle.layers.resize(3);
    const auto kinds = [&](const std::string& layout, const std::string& config) {
        bundle.layout = &attn::model::find_layout(layout);
        bundle.config = attn::test::config_of(layout, config);
        return std::vector{attn::model::rotary_kind(bundle, 0), attn::model::rotary_kind(bundle, 1),
                           attn::model::rotary_kind(bundle, 2)};
    };
    using Kinds = std::vector<RotaryKind>;
    const RotaryKind usual = RotaryKind::usual, none = RotaryKind::none;
    CHECK(kinds("llama", R"({"rope_theta": 100})") == Kinds{usual, usual, usual});
    CHECK(kinds("llama", R"({"model_type": "smollm3", "no_rope_layers": [1, 0, 0]})") ==
          Kinds{usual, none, none});
    CHECK(kinds("llama", R"({"model_type": "smollm3", "no_rope_layer_interval": 2})") ==
          Kinds{usual, none, usual});
    CHECK(kinds("gemma3", R"({"sliding_window": 2, "sliding_window_pattern": 2})") ==
          Kinds{RotaryKind::window, usual, RotaryKind::window});
    CHECK(kinds("gemma2", R"({"sliding_window": 2})") == Kinds{usual, usual, usual});
    CHECK_THROWS_WITH(kinds("llama", R"({"model_type": "smollm3", "no_rope_layers": [1, 2]})"),
                      Catch::Contains("must be a list of 0 and 1"));
}

TEST_CASE("what a family fixes and what the config says become the attention's defaults") {
    const TempFolder folder;
    const auto defaults = [&](const std::string& more) {
        return attn::model::attention_defaults(read_weight_bundle(json(folder, gpt2(more))));
    };
    CHECK(defaults("").causal == true);
    CHECK(!defaults("").scale);
    CHECK(!defaults("").rope);
    CHECK(defaults(R"(, "scale_attn_weights": false)").scale == 1.0);
    CHECK_THROWS_WITH(
        defaults(R"(, "attn_logit_softcapping": 50)"),
        Catch::EndsWith("config.json asks for \"attn_logit_softcapping\": 50 (a soft cap of the "
                        "scores), which is not computed for GPT-2 (Conv1D); where the model does "
                        "without, take it out of config.json"));
    CHECK(!defaults("").scale_by_layer);
    CHECK(defaults(R"(, "scale_attn_by_inverse_layer_idx": true)").scale_by_layer);
}

TEST_CASE("matrices without values are refused by name") {
    attn::io::Container container;
    for (const char* name : {"W_Q", "W_K", "W_V"}) {
        attn::io::StoredArray array;
        array.name = std::string("w.npz:") + name;
        array.shape = {8, 0};
        container.arrays[name] = array;
    }
    CHECK_THROWS_WITH(check_layer(read_weight_bundle(container), 0, {8, 8, {}, {}}),
                      "w.npz:W_Q: has no values: its shape is [8, 0]");
}

TEST_CASE("TransformerLens' arrays say which norm they are of") {
    const TempFolder folder;
    const auto norm_of = [&](const std::string& more) {
        return read_weight_bundle(json(folder, R"({"blocks.0.attn.W_Q": [[[1]]],
            "blocks.0.attn.W_K": [[[1]]], "blocks.0.attn.W_V": [[[1]]],
            "blocks.0.attn.W_O": [[[1]]], "blocks.0.ln1.w": [1])" +
                                                   more + "}"))
            .config.norm.value();
    };
    CHECK(norm_of("") == attn::NormKind::rms);
    CHECK(norm_of(R"(, "blocks.0.ln1.b": [0])") == attn::NormKind::layer);
}

TEST_CASE("TransformerLens' positions are not guessed") {
    const TempFolder folder;
    const auto bundle = read_weight_bundle(json(folder, R"({"blocks.0.attn.W_Q": [[[1]]],
        "blocks.0.attn.W_K": [[[1]]], "blocks.0.attn.W_V": [[[1]]],
        "blocks.0.attn.W_O": [[[1]]]})"));
    CHECK_THROWS_WITH(attn::model::attention_defaults(bundle),
                      Catch::Contains("has no table of positions, and no config.json") &&
                          Catch::Contains("\"positional_embedding_type\""));
}
