// Rows of the families that write text: GPT-2, Llama and their kin.
#include "model/layout_names.hpp"
#include "model/layout_rows.hpp"

namespace attn::model {
namespace {

Layout gpt2() {
    Layout row;
    row.name = "gpt2";
    row.title = "GPT-2 (Conv1D)";
    row.model_types = {"gpt2"};
    row.bases = {"transformer."};
    row.layer = "h.{}.";
    row.in_layer = join({fused("attn.c_attn", "attn.c_proj"), pre_norms("ln_1", "ln_2"),
                         feed_forward("mlp.c_fc", "mlp.c_proj")});
    row.in_model = join({{{"token_table", "wte.weight"}, {"position_table", "wpe.weight"}},
                         norm("final_norm", "ln_f"),
                         {{"W_logits", "/lm_head.weight", true}}});
    row.ignored = {"attn.bias", "attn.masked_bias"};
    row.refused = {{"crossattention.c_attn.weight", "cross-attention"}};
    row.order = MatrixOrder::in_out;
    row.tied = true;
    return row;
}

// The same names for nn.Linear. minGPT keeps its causal mask as a buffer and approximates GELU by
// tanh, nanoGPT does neither.
Layout mingpt() {
    Layout row = gpt2();
    row.name = "mingpt";
    row.title = "minGPT (nn.Linear)";
    row.model_types = {"openai-gpt", "gpt-nano", "gpt-micro", "gpt-mini", "gopher-44m"};
    row.marks = {"attn.bias"};
    row.order = MatrixOrder::out_in;
    return row;
}

Layout nanogpt() {
    Layout row = mingpt();
    row.name = "nanogpt";
    row.title = "nanoGPT (nn.Linear)";
    row.model_types = {"nanogpt"};
    row.marks = {};
    row.foreign = {"attn.bias"};
    row.activation = Activation::gelu;
    return row;
}

std::vector<TensorName> self_attention() {
    return separate("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj");
}

std::vector<TensorName> head_norms() {
    return {{"q_norm.weight", "self_attn.q_norm.weight"},
            {"k_norm.weight", "self_attn.k_norm.weight"}};
}

Layout llama() {
    Layout row;
    row.name = "llama";
    row.title = "Llama";
    row.model_types = {"llama", "smollm3"};
    row.bases = {"model."};
    row.layer = "layers.{}.";
    row.in_layer = join({self_attention(), pre_norms("input_layernorm", "post_attention_layernorm"),
                         gated("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")});
    row.in_model = join({{{"token_table", "embed_tokens.weight"}},
                         norm("final_norm", "norm"),
                         {{"W_logits", "/lm_head.weight", true}}});
    row.foreign = {"self_attn.q_norm.weight", "pre_feedforward_layernorm.weight",
                   "input_layernorm.bias", "self_attn.sinks"};
    row.ignored = {"self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq"};
    row.positions_turn = true;
    row.norm = NormKind::rms;
    row.epsilon = 1e-6;
    row.activation = Activation::silu;
    row.tied = true;  // where the file has no lm_head
    return row;
}

Layout mistral() {
    Layout row = llama();
    row.name = "mistral";
    row.title = "Mistral";
    row.model_types = {"mistral"};
    row.foreign.emplace_back("self_attn.q_proj.bias");
    return row;
}

Layout qwen2() {
    Layout row = llama();
    row.name = "qwen2";
    row.title = "Qwen2";
    row.model_types = {"qwen2"};
    row.marks = {"self_attn.q_proj.bias"};
    row.foreign.emplace_back("self_attn.o_proj.bias");
    return row;
}

Layout qwen3() {
    Layout row = llama();
    row.name = "qwen3";
    row.title = "Qwen3";
    row.model_types = {"qwen3"};
    row.in_layer = join({row.in_layer, head_norms()});
    row.marks = {"self_attn.q_norm.weight", "post_attention_layernorm.weight"};
    row.foreign = {"pre_feedforward_layernorm.weight"};
    return row;
}

Layout gemma() {
    Layout row = llama();
    row.name = "gemma";
    row.title = "Gemma";
    row.model_types = {"gemma"};
    row.foreign.emplace_back("self_attn.q_proj.bias");
    row.scaled_embeddings = true;
    row.norm_weight_plus = 1;
    row.activation = Activation::gelu_tanh;
    return row;
}

Layout gemma2() {
    Layout row = gemma();
    row.name = "gemma2";
    row.title = "Gemma 2";
    row.model_types = {"gemma2"};
    row.in_layer =
        join({self_attention(), pre_norms("input_layernorm", "pre_feedforward_layernorm"),
              norm("after_attention", "post_attention_layernorm"),
              norm("after_feed_forward", "post_feedforward_layernorm"),
              gated("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")});
    row.marks = {"pre_feedforward_layernorm.weight"};
    row.foreign = {"self_attn.q_norm.weight"};
    row.full_period = 2;
    return row;
}

Layout gemma3() {
    Layout row = gemma2();
    row.name = "gemma3";
    row.title = "Gemma 3";
    row.model_types = {"gemma3_text", "gemma3"};
    row.in_layer = join({row.in_layer, head_norms()});
    row.marks = {"pre_feedforward_layernorm.weight", "self_attn.q_norm.weight"};
    row.foreign = {};
    row.full_period = 6;
    return row;
}

// Its experts are not computed: they are what is left over where a block is needed.
Layout gpt_oss() {
    Layout row = llama();
    row.name = "gpt-oss";
    row.title = "gpt-oss";
    row.model_types = {"gpt_oss"};
    row.in_layer = join({self_attention(),
                         pre_norms("input_layernorm", "post_attention_layernorm"),
                         {{"sinks", "self_attn.sinks"}}});
    row.marks = {"self_attn.sinks"};
    row.foreign = {};
    row.epsilon = 1e-5;
    row.full_period = 2;
    return row;
}

Layout phi() {
    Layout row = llama();
    row.name = "phi";
    row.title = "Phi";
    row.model_types = {"phi"};
    row.in_layer = join(
        {separate("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.dense"),
         pre_norms("input_layernorm", "input_layernorm"), feed_forward("mlp.fc1", "mlp.fc2")});
    row.in_model = join({{{"token_table", "embed_tokens.weight"}},
                         norm("final_norm", "final_layernorm"),
                         {{"W_logits", "/lm_head.weight"}, {"b_logits", "/lm_head.bias", true}}});
    row.foreign = {};
    row.refused = {{"self_attn.q_layernorm.weight", "normalised queries and keys"}};
    row.rotary_share = 0.5;
    row.norm = NormKind::layer;
    row.epsilon = 1e-5;
    row.parallel = true;
    row.activation = Activation::gelu_tanh;
    row.tied = false;
    return row;
}

Layout phi3() {
    Layout row = llama();
    row.name = "phi3";
    row.title = "Phi-3";
    row.model_types = {"phi3"};
    row.in_layer = join({fused("self_attn.qkv_proj", "self_attn.o_proj"),
                         pre_norms("input_layernorm", "post_attention_layernorm"),
                         {{"W_gate_in", "mlp.gate_up_proj.weight"}},
                         linear("out", "mlp.down_proj")});
    row.foreign = {};
    row.epsilon = 1e-5;
    return row;
}

Layout gpt_neox() {
    Layout row;
    row.name = "gpt-neox";
    row.title = "GPT-NeoX / Pythia";
    row.model_types = {"gpt_neox"};
    row.bases = {"gpt_neox."};
    row.layer = "layers.{}.";
    row.in_layer = join({fused("attention.query_key_value", "attention.dense"),
                         pre_norms("input_layernorm", "post_attention_layernorm"),
                         feed_forward("mlp.dense_h_to_4h", "mlp.dense_4h_to_h")});
    row.in_model = join({{{"token_table", "embed_in.weight"}},
                         norm("final_norm", "final_layer_norm"),
                         {{"W_logits", "/embed_out.weight", true}}});
    row.ignored = {"attention.rotary_emb.inv_freq", "attention.bias", "attention.masked_bias"};
    row.fused = FusedOrder::per_head;
    row.positions_turn = true;
    row.rotary_share = 0.25;
    row.parallel = true;
    row.activation = Activation::gelu;
    return row;
}

}  // namespace

std::vector<Layout> decoder_layouts() {
    return {gpt2(),  mingpt(), nanogpt(), llama(), mistral(), qwen2(),    qwen3(),
            gemma(), gemma2(), gemma3(),  phi(),   phi3(),    gpt_neox(), gpt_oss()};
}

}  // namespace attn::model
