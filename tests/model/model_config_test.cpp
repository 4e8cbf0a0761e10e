#include "model/model_config.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using attn::model::ModelConfig;
using attn::model::read_model_config;

namespace {

using Settings = std::map<std::string, io::Setting>;

ModelConfig config_of(const Settings& settings, const std::vector<std::string>& layer_types = {}) {
    io::Container container;
    container.path = "model";
    container.settings = settings;
    if (!layer_types.empty()) container.texts["layer_types"] = {layer_types};
    return read_model_config(container);
}

io::Setting text(const char* value) {
    return std::string(value);
}

}  // namespace

TEST_CASE("families call the same thing by different names") {
    for (const char* name :
         {"heads", "num_attention_heads", "n_head", "n_heads", "num_heads", "nhead"}) {
        const ModelConfig config = config_of({{name, 12.0}});
        CHECK(config.heads == std::size_t{12});
        CHECK(config.keys.at("heads") == name);
    }
    CHECK(config_of({{"n_embd", 48.0}}).d_model == std::size_t{48});
    CHECK(config_of({{"dim", 48.0}}).d_model == std::size_t{48});
    CHECK(config_of({{"layer_norm_epsilon", 1e-6}}).epsilon == 1e-6);
    CHECK(!config_of({}).heads);
}

TEST_CASE("activations are known by all their names") {
    const auto activation = [](const char* key, const char* name) {
        return config_of({{key, text(name)}}).activation;
    };
    CHECK(activation("hidden_act", "gelu") == Activation::gelu);
    CHECK(activation("activation_function", "gelu_new") == Activation::gelu_tanh);
    CHECK(activation("hidden_activation", "gelu_pytorch_tanh") == Activation::gelu_tanh);
    CHECK(activation("hidden_act", "silu") == Activation::silu);
    CHECK(activation("feed_forward_proj", "relu") == Activation::relu);
    CHECK(activation("feed_forward_proj", "gated-gelu") == Activation::gelu_tanh);
    CHECK(activation("feed_forward_proj", "gated-silu") == Activation::silu);
    const ModelConfig unknown = config_of({{"hidden_act", text("quick_gelu")}});
    CHECK(!unknown.activation);
    CHECK(unknown.unknown_activation == "activation \"quick_gelu\"");
}

TEST_CASE("the scale is a number, a scalar under a root, or off") {
    CHECK(config_of({{"scale", 0.25}}).scale == 0.25);
    CHECK(config_of({{"query_pre_attn_scalar", 64.0}}).scale == 0.125);
    CHECK(config_of({{"scale_attn_weights", false}}).scale == 1.0);
    CHECK(!config_of({{"scale_attn_weights", true}}).scale);
    CHECK(!config_of({{"scale_attn_by_inverse_layer_idx", true}}).unknown_attention.empty());
}

TEST_CASE("rotary scaling is read in its old and its new form") {
    for (const std::string before : {"rope_scaling/", "rope_parameters/"}) {
        const ModelConfig config =
            config_of({{before + "rope_type", text("llama3")},
                       {before + "factor", 8.0},
                       {before + "original_max_position_embeddings", 8192.0}});
        CHECK(config.rotary_scaling.kind == RotaryStretch::llama3);
        CHECK(config.rotary_scaling.factor == 8);
        CHECK(config.rotary_scaling.original_length == 8192);
    }
    CHECK(config_of({{"rope_scaling/type", text("linear")}, {"rope_scaling/factor", 2.0}})
              .rotary_scaling.kind == RotaryStretch::linear);
    CHECK(config_of({{"rope_parameters/rope_type", text("default")}}).rotary_scaling.kind ==
          RotaryStretch::none);
    const auto unknown = [](const Settings& settings) {
        return config_of(settings).unknown_attention;
    };
    CHECK(unknown({{"rope_scaling/rope_type", text("longrope")}}) == "rotary scaling \"longrope\"");
    CHECK(unknown({{"rope_scaling/type", text("yarn")}}) ==
          "rotary scaling without \"max_position_embeddings\"");
}

TEST_CASE("a window that is switched off is none") {
    CHECK(config_of({{"sliding_window", 4096.0}}).window == std::size_t{4096});
    CHECK(!config_of({{"sliding_window", 4096.0}, {"use_sliding_window", false}}).window);
    const ModelConfig late = config_of(
        {{"sliding_window", 4096.0}, {"use_sliding_window", true}, {"max_window_layers", 2.0}});
    CHECK(late.first_window_layer == std::size_t{2});
    const ModelConfig types =
        config_of({{"sliding_window", 8.0}}, {"sliding_attention", "full_attention"});
    CHECK(types.window_layers == std::vector<bool>{true, false});
    CHECK(!config_of({}, {"linear_attention"}).unknown_attention.empty());
}

TEST_CASE("values of the wrong type are refused by name") {
    CHECK_THROWS_WITH(config_of({{"n_head", text("twelve")}}),
                      Catch::Contains("\"n_head\" must be a whole number of 1 or more"));
    CHECK_THROWS_WITH(config_of({{"n_head", 2.5}}), Catch::Contains("\"n_head\""));
    CHECK_THROWS_WITH(config_of({{"rope_theta", -1.0}}),
                      Catch::Contains("\"rope_theta\" must be a number above 0"));
    CHECK_THROWS_WITH(config_of({{"is_decoder", 1.0}}),
                      Catch::Contains("\"is_decoder\" must be true or false"));
    CHECK_THROWS_WITH(config_of({{"hidden_act", 1.0}}),
                      Catch::Contains("\"hidden_act\" must be a text"));
    CHECK_NOTHROW(config_of({{"pad_token_id", -1.0}}));
}
