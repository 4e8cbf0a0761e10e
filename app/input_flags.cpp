#include "input_flags.hpp"

#include <string>

#include "model/activation_name.hpp"
#include "model/layout.hpp"
#include "number_flags.hpp"

namespace attn::app {
namespace {

void add_array(CLI::App& command, const std::string& flag, std::string& target,
               const std::string& help) {
    command.add_option(flag, target, help)->type_name("ARRAY")->group("Input");
}

std::string known_layouts() {
    std::string text;
    for (const model::Layout& layout : model::layouts())
        text += (text.empty() ? "" : ", ") + layout.name;
    return text;
}

}  // namespace

void add_input_flags(CLI::App& command, pipeline::RunRequest& request) {
    const std::string group = "Input";
    add_array(command, "-x,--embeddings", request.embeddings,
              "Token embeddings [tokens, d_model] or [batch, tokens, d_model]; default: "
              "\"embeddings\" in "
              "the weights file");
    command
        .add_option("-w,--weights", request.weights,

                    "A checkpoint (safetensors, sharded or not, NPZ, or its folder) with its "
                    "config.json; or W_Q W_K W_V [d_model, heads*d_head] or [heads, d_model, "
                    "d_head], W_O, b_Q b_K b_V b_O, many layers as layers.N.W_Q, in one of those, "
                    "a JSON file or a folder of .npy files")
        ->type_name("FILE|DIR")
        ->group(group);
    add_array(command, "--context", request.context,
              "Cross-attention: keys and values are made from these embeddings [(batch,) keys, "
              "d_context]");
    add_array(command, "--hidden-states", request.hidden_states,
              "[layers, (batch,) tokens, d_model]: every layer reads its own saved input");
    add_array(command, "--token-ids", request.token_ids,
              "Instead of embeddings, for checkpoints that hold the tables: [tokens] or [batch, "
              "tokens]");
    add_array(command, "--token-type-ids", request.token_type_ids,
              "Segments of the tokens (BERT), of the shape of --token-ids (default: all 0)");
    command
        .add_flag(
            "--norm-first", request.norm_first,
            "Norms stand in front of attention and feed-forward: nn.TransformerEncoderLayer's "
            "norm_first (default: config.json's \"norm_first\", else behind)")
        ->group(group);
    command
        .add_option("--activation", request.activation,
                    "Of the feed-forward part: " + model::known_activations() +
                        " (default: config.json's \"activation\" or \"hidden_act\", else the "
                        "family's)")
        ->type_name("NAME")
        ->group(group);
    add_real(command, "--norm-eps", request.norm_epsilon, RealRange::positive(),
             "Epsilon of the norms (default: config.json's \"layer_norm_eps\" and the like, else "
             "the family's)")
        ->group(group);
    command
        .add_option(
            "--layout", request.layout,
            "Family of the checkpoint, where names and config.json do not tell: " + known_layouts())
        ->type_name("NAME")
        ->group(group);
    add_array(command, "-q,--query", request.query,
              "Instead of embeddings, projected queries: [(batch,) heads, n, d_head], or packed "
              "[(batch,) n, heads*d_head] with --heads");
    add_array(command, "-k,--key", request.key,
              "Projected keys: [(batch,) kv_heads, keys, d_head] or packed");
    add_array(command, "-v,--value", request.value,
              "Projected values: [(batch,) kv_heads, keys, d_value] or packed");
    command
        .add_flag("--allow-nonfinite", request.allow_nonfinite,
                  "Let NaN and infinities in the input through")
        ->group(group);
}

}  // namespace attn::app
