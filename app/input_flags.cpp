#include "input_flags.hpp"

#include <string>
#include <vector>

#include "core/word_list.hpp"
#include "flags.hpp"
#include "model/activation_name.hpp"
#include "model/layout.hpp"

namespace attn::app {
namespace {

void add_array(Command& command, const std::string& flag, std::string& target,
               const std::string& help) {
    command.text(flag, "ARRAY", target, help);
}

std::vector<std::string> known_layouts() {
    std::vector<std::string> names;
    for (const model::Layout& layout : model::layouts()) names.push_back(layout.name);
    return names;
}

}  // namespace

void add_input_flags(Command& command, source::ComputedRequest& request, InputKind kind) {
    command.heading("Input");
    add_array(command, "-x,--embeddings", request.embeddings,
              "Token embeddings [tokens, d_model] or [batch, tokens, d_model]; default: "
              "\"embeddings\" in "
              "the weights file");
    if (kind == InputKind::any) {
        command.text("-w,--weights", "FILE|DIR", request.weights,
                     "A checkpoint (safetensors, sharded or not, NPZ, or its folder) with its "
                     "config.json; or W_Q W_K W_V [d_model, heads*d_head] or [heads, d_model, "
                     "d_head], W_O, b_Q b_K b_V b_O, many layers as layers.N.W_Q, in one of those, "
                     "a JSON file or a folder of .npy files");
    }
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
    command.on("--norm-first", request.norm_first,
               "Norms stand in front of attention and feed-forward: nn.TransformerEncoderLayer's "
               "norm_first (default: config.json's \"norm_first\", else behind)");
    command
        .choice(
            "--activation", model::known_activations(),
            [&request](const std::string& name) { request.activation = name; },
            "Of the feed-forward part: " + joined(model::known_activations()) +
                " (default: config.json's \"activation\" or \"hidden_act\", else the family's)")
        .takes("NAME");
    command.real(
        "--norm-eps", request.norm_epsilon, RealRange::positive(),
        "Epsilon of the norms (default: config.json's \"layer_norm_eps\" and the like, else "
        "the family's)");
    command
        .text("--layout", "NAME", request.layout,
              "Family of the checkpoint, where names and config.json do not tell: " +
                  joined(known_layouts(), ", "))
        .completes(known_layouts());
    if (kind == InputKind::any) {
        add_array(
            command, "-q,--query", request.query,
            "Instead of embeddings, projected queries: [(batch,) heads, n, d_head], or packed "
            "[(batch,) n, heads*d_head] with --heads");
        add_array(command, "-k,--key", request.key,
                  "Projected keys: [(batch,) kv_heads, keys, d_head] or packed");
        add_array(command, "-v,--value", request.value,
                  "Projected values: [(batch,) kv_heads, keys, d_value] or packed");
    }
    command.on("--allow-nonfinite", request.allow_nonfinite,
               "Let NaN and infinities in the input through");
}

}  // namespace attn::app
