// The table of families. Names and shapes are facts of the published checkpoints.
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "model/layout.hpp"

namespace attn::model {
namespace {

using Names = std::vector<TensorName>;

// An nn.Linear (or Conv1D): W_x and, where it has one, b_x.
Names linear(const std::string& ours, const std::string& theirs) {
    return {{"W_" + ours, theirs + ".weight"}, {"b_" + ours, theirs + ".bias", true}};
}

// A LayerNorm or RMSNorm.
Names norm(const std::string& ours, const std::string& theirs) {
    return {{ours + ".weight", theirs + ".weight"}, {ours + ".bias", theirs + ".bias", true}};
}

Names join(const std::vector<Names>& parts) {
    Names all;
    for (const Names& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

Names optional(Names names) {
    for (TensorName& name : names) name.optional = true;
    return names;
}

// W_QKV alone makes an attention complete, and so do W_Q, W_K and W_V: none of them is required by
// itself.
Names separate(const std::string& q, const std::string& k, const std::string& v,
               const std::string& o) {
    return join({linear("Q", q), linear("K", k), linear("V", v), linear("O", o)});
}

Names fused(const std::string& qkv, const std::string& o) {
    return join({linear("QKV", qkv), linear("O", o)});
}

Names feed_forward(const std::string& in, const std::string& out) {
    return join({linear("in", in), linear("out", out)});
}

Names gated(const std::string& gate, const std::string& in, const std::string& out) {
    return join({linear("gate", gate), linear("in", in), linear("out", out)});
}

Names pre_norms(const std::string& attention, const std::string& feed_forward) {
    return join({norm("before_attention", attention), norm("before_feed_forward", feed_forward)});
}

Names post_norms(const std::string& attention, const std::string& feed_forward) {
    return join(
        {norm("after_attention_sum", attention), norm("after_feed_forward_sum", feed_forward)});
}

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

Layout bert() {
    Layout row;
    row.name = "bert";
    row.title = "BERT";
    row.model_types = {"bert"};
    row.bases = {"bert."};
    row.layer = "encoder.layer.{}.";
    row.in_layer = join({separate("attention.self.query", "attention.self.key",
                                  "attention.self.value", "attention.output.dense"),
                         post_norms("attention.output.LayerNorm", "output.LayerNorm"),
                         feed_forward("intermediate.dense", "output.dense")});
    row.in_model = join({{{"token_table", "embeddings.word_embeddings.weight"},
                          {"position_table", "embeddings.position_embeddings.weight"},
                          {"type_table", "embeddings.token_type_embeddings.weight"}},
                         norm("embedding_norm", "embeddings.LayerNorm")});
    row.ignored = {"embeddings.position_ids", "embeddings.token_type_ids"};
    row.refused = {{"crossattention.self.query.weight", "cross-attention"},
                   {"attention.self.distance_embedding.weight", "relative position embeddings"}};
    row.causal = false;
    row.post_norm = true;
    row.epsilon = 1e-12;
    row.activation = Activation::gelu;
    return row;
}

Layout roberta() {
    Layout row = bert();
    row.name = "roberta";
    row.title = "RoBERTa";
    row.model_types = {"roberta", "xlm-roberta", "camembert"};
    row.bases = {"roberta."};
    row.first_position = 2;  // its padding token is 1, and positions start behind it
    row.epsilon = 1e-5;
    return row;
}

Layout distilbert() {
    Layout row = bert();
    row.name = "distilbert";
    row.title = "DistilBERT";
    row.model_types = {"distilbert"};
    row.bases = {"distilbert."};
    row.layer = "transformer.layer.{}.";
    row.in_layer = join(
        {separate("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"),
         post_norms("sa_layer_norm", "output_layer_norm"), feed_forward("ffn.lin1", "ffn.lin2")});
    row.in_model = join({{{"token_table", "embeddings.word_embeddings.weight"},
                          {"position_table", "embeddings.position_embeddings.weight"}},
                         norm("embedding_norm", "embeddings.LayerNorm")});
    return row;
}

Layout vit() {
    Layout row;
    row.name = "vit";
    row.title = "ViT / DeiT (Hugging Face)";
    row.model_types = {"vit", "deit"};
    row.bases = {"vit.", "deit."};
    row.layer = "encoder.layer.{}.";
    row.in_layer = join({separate("attention.attention.query", "attention.attention.key",
                                  "attention.attention.value", "attention.output.dense"),
                         pre_norms("layernorm_before", "layernorm_after"),
                         feed_forward("intermediate.dense", "output.dense")});
    row.in_model = norm("final_norm", "layernorm");
    row.causal = false;
    row.epsilon = 1e-12;
    row.activation = Activation::gelu;
    return row;
}

Layout timm() {
    Layout row;
    row.name = "timm";
    row.title = "ViT (timm, DINO, DeiT)";
    row.model_types = {};
    row.layer = "blocks.{}.";
    row.in_layer = join({fused("attn.qkv", "attn.proj"), pre_norms("norm1", "norm2"),
                         feed_forward("mlp.fc1", "mlp.fc2")});
    row.in_model = optional(norm("final_norm", "norm"));
    row.refused = {{"attn.q_norm.weight", "normalised queries and keys"},
                   {"ls1.gamma", "layer scale"},
                   {"attn.relative_position_bias_table", "a relative position bias"}};
    row.causal = false;
    row.epsilon = 1e-6;
    row.activation = Activation::gelu;
    return row;
}

Layout t5() {
    Layout row;
    row.name = "t5";
    row.title = "T5 encoder";
    row.model_types = {"t5", "mt5", "umt5"};
    row.layer = "encoder.block.{}.";
    row.in_layer =
        join({separate("layer.0.SelfAttention.q", "layer.0.SelfAttention.k",
                       "layer.0.SelfAttention.v", "layer.0.SelfAttention.o"),
              {{"relative_bias", "layer.0.SelfAttention.relative_attention_bias.weight", true}},
              pre_norms("layer.0.layer_norm", "layer.1.layer_norm"),
              {{"W_in", "layer.1.DenseReluDense.wi.weight", true},
               {"W_gate", "layer.1.DenseReluDense.wi_0.weight", true},
               {"W_in", "layer.1.DenseReluDense.wi_1.weight", true},
               {"W_out", "layer.1.DenseReluDense.wo.weight"}}});
    row.in_model = join({{{"token_table", "shared.weight", true},
                          {"token_table", "encoder.embed_tokens.weight", true}},
                         norm("final_norm", "encoder.final_layer_norm")});
    row.ignored = {"decoder.embed_tokens.weight"};
    row.causal = false;
    row.scale = 1;
    row.relative_positions = true;
    row.norm = NormKind::rms;
    row.epsilon = 1e-6;
    row.activation = Activation::relu;
    return row;
}

Layout llama() {
    Layout row;
    row.name = "llama";
    row.title = "Llama";
    row.model_types = {"llama"};
    row.bases = {"model."};
    row.layer = "layers.{}.";
    row.in_layer = join(
        {separate("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
         pre_norms("input_layernorm", "post_attention_layernorm"),
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
    row.foreign.push_back("self_attn.q_proj.bias");
    return row;
}

Layout qwen2() {
    Layout row = llama();
    row.name = "qwen2";
    row.title = "Qwen2";
    row.model_types = {"qwen2"};
    row.marks = {"self_attn.q_proj.bias"};
    row.foreign.push_back("self_attn.o_proj.bias");
    return row;
}

Layout qwen3() {
    Layout row = llama();
    row.name = "qwen3";
    row.title = "Qwen3";
    row.model_types = {"qwen3"};
    row.in_layer = join({row.in_layer,
                         {{"q_norm.weight", "self_attn.q_norm.weight"},
                          {"k_norm.weight", "self_attn.k_norm.weight"}}});
    row.marks = {"self_attn.q_norm.weight", "post_attention_layernorm.weight"};
    row.foreign = {"pre_feedforward_layernorm.weight"};
    return row;
}

Layout gemma() {
    Layout row = llama();
    row.name = "gemma";
    row.title = "Gemma";
    row.model_types = {"gemma"};
    row.foreign.push_back("self_attn.q_proj.bias");
    row.scaled_embeddings = true;
    row.norm_weight_plus = 1;
    row.activation = Activation::gelu_tanh;
    row.activation_fixed = true;  // its configs say "gelu" and mean this
    return row;
}

Layout gemma2() {
    Layout row = gemma();
    row.name = "gemma2";
    row.title = "Gemma 2";
    row.model_types = {"gemma2"};
    row.in_layer = join(
        {separate("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
         pre_norms("input_layernorm", "pre_feedforward_layernorm"),
         norm("after_attention", "post_attention_layernorm"),
         norm("after_feed_forward", "post_feedforward_layernorm"),
         gated("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")});
    row.marks = {"pre_feedforward_layernorm.weight"};
    row.foreign = {"self_attn.q_norm.weight"};
    row.window_period = 2;
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

// One nn.MultiheadAttention.
Layout torch_attention() {
    Layout row;
    row.name = "torch-attention";
    row.title = "torch.nn.MultiheadAttention";
    row.in_layer = join({{{"W_QKV", "in_proj_weight", true},
                          {"b_QKV", "in_proj_bias", true},
                          {"W_Q", "q_proj_weight", true},
                          {"W_K", "k_proj_weight", true},
                          {"W_V", "v_proj_weight", true}},
                         linear("O", "out_proj")});
    row.refused = {{"bias_k", "an extra key (add_bias_kv)"}};
    row.causal = false;
    return row;
}

Layout torch_encoder() {
    Layout row;
    row.name = "torch-encoder";
    row.title = "torch.nn.TransformerEncoder";
    row.layer = "layers.{}.";
    row.in_layer =
        join({{{"W_QKV", "self_attn.in_proj_weight"}, {"b_QKV", "self_attn.in_proj_bias", true}},
              linear("O", "self_attn.out_proj"),
              post_norms("norm1", "norm2"),
              feed_forward("linear1", "linear2")});
    row.in_model = optional(norm("final_norm", "norm"));
    row.refused = {{"multihead_attn.in_proj_weight", "cross-attention (a TransformerDecoder)"}};
    row.causal = false;
    row.post_norm = true;
    row.activation = Activation::relu;
    return row;
}

Layout transformer_lens() {
    Layout row;
    row.name = "transformer-lens";
    row.title = "TransformerLens";
    row.layer = "blocks.{}.";
    for (const char* name : {"W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O"})
        row.in_layer.push_back({name, std::string("attn.") + name, name[0] == 'b'});
    row.in_layer = join({row.in_layer,
                         {{"W_K", "attn._W_K", true},
                          {"W_V", "attn._W_V", true},
                          {"b_K", "attn._b_K", true},
                          {"b_V", "attn._b_V", true},
                          {"before_attention.weight", "ln1.w", true},
                          {"before_attention.bias", "ln1.b", true},
                          {"before_feed_forward.weight", "ln2.w", true},
                          {"before_feed_forward.bias", "ln2.b", true},
                          {"W_in", "mlp.W_in", true},
                          {"b_in", "mlp.b_in", true},
                          {"W_gate", "mlp.W_gate", true},
                          {"W_out", "mlp.W_out", true},
                          {"b_out", "mlp.b_out", true}}});
    row.in_model = {{"token_table", "embed.W_E"},
                    {"position_table", "pos_embed.W_pos", true},
                    {"final_norm.weight", "ln_final.w", true},
                    {"final_norm.bias", "ln_final.b", true},
                    {"W_logits", "unembed.W_U", true},
                    {"b_logits", "unembed.b_U", true}};
    row.ignored = {"attn.mask", "attn.IGNORE", "attn.rotary_sin", "attn.rotary_cos"};
    row.order = row.logits_order = MatrixOrder::in_out;
    row.norms_may_be_bare = true;
    return row;
}

// Our own names; recognised by native_weights.cpp, which knows W_Q alone and JSON's nested keys.
Layout native() {
    Layout row;
    row.name = "native";
    row.title = "projection matrices under native names";
    row.order = MatrixOrder::in_out;
    row.causal = false;
    return row;
}

}  // namespace

const std::vector<Layout>& layouts() {
    static const std::vector<Layout> table{native(),        gpt2(),
                                           mingpt(),        nanogpt(),
                                           bert(),          roberta(),
                                           distilbert(),    vit(),
                                           timm(),          t5(),
                                           llama(),         mistral(),
                                           qwen2(),         qwen3(),
                                           gemma(),         gemma2(),
                                           phi(),           phi3(),
                                           gpt_neox(),      torch_attention(),
                                           torch_encoder(), transformer_lens()};
    return table;
}

const Layout& find_layout(const std::string& name) {
    std::vector<std::string> names;
    for (const Layout& layout : layouts()) {
        if (layout.name == name) return layout;
        if (names.empty() || names.back() != layout.name) names.push_back(layout.name);
    }
    const std::string close = nearest(name, names);
    std::string list;
    for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
    fail("--layout ", name, ": is not known",
         close.empty() ? "; expected one of " + list : "; did you mean " + close + "?");
}

}  // namespace attn::model
