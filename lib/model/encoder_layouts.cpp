// Rows of the families that read text or pictures, and of libraries whose modules do either.
#include "model/layout_names.hpp"
#include "model/layout_rows.hpp"

namespace attn::model {
namespace {

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

// The same as transformers 5 names it.
Layout vit5() {
    Layout row = vit();
    row.name = "vit5";
    row.title = "ViT (transformers 5)";
    row.layer = "layers.{}.";
    row.in_layer = join(
        {separate("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj"),
         pre_norms("layernorm_before", "layernorm_after"), feed_forward("mlp.fc1", "mlp.fc2"),
         optional(feed_forward("intermediate.dense", "output.dense"))});
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
    row.model_types = {"t5", "mt5"};
    row.layer = "encoder.block.{}.";
    row.in_layer = join(
        {separate("layer.0.SelfAttention.q", "layer.0.SelfAttention.k", "layer.0.SelfAttention.v",
                  "layer.0.SelfAttention.o"),
         {{"relative_bias", "layer.0.SelfAttention.relative_attention_bias.weight", false, true}},
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

// T5 with a table of relative positions in every layer.
Layout umt5() {
    Layout row = t5();
    row.name = "umt5";
    row.title = "UMT5 encoder";
    row.model_types = {"umt5"};
    row.activation = Activation::gelu_tanh;  // its class says gated-gelu, T5's says relu
    for (TensorName& name : row.in_layer) name.only_first = false;
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
    row.post_norm = row.norms_move = true;
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

}  // namespace

std::vector<Layout> encoder_layouts() {
    return {bert(),
            roberta(),
            distilbert(),
            vit(),
            vit5(),
            timm(),
            t5(),
            umt5(),
            torch_attention(),
            torch_encoder(),
            transformer_lens()};
}

}  // namespace attn::model
