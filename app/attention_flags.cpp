#include "attention_flags.hpp"

#include <string>

#include "flags.hpp"

namespace attn::app {
namespace {

void add_head_flags(Command& command, source::AttentionRequest& request) {
    command.heading("Heads");
    const WholeRange head_counts{1, 1 << 20};
    command.whole("--heads", request.heads, head_counts,
                  "Attention heads (default: as the weights or shapes say, else 1)");
    command.whole(
        "--kv-heads", request.kv_heads, head_counts,
        "Key/value heads; each serves heads/kv-heads query heads (default: as the shapes say)");
    command.choice(
        "--kv-order", {"repeat", "tile"},
        [&request](const std::string& name) {
            request.kv_order = name == "tile" ? KvOrder::tile : KvOrder::repeat;
        },
        "repeat: query head h reads h / (heads/kv-heads) (Hugging Face, PyTorch, ONNX; "
        "default); "
        "tile: h % kv-heads");
    command.text("--past-key", "ARRAY", request.past_key,
                 "Cached keys in front, already rotated by their positions: [(batch,) kv_heads, "
                 "past, d_head]");
    command.text("--past-value", "ARRAY", request.past_value,
                 "Cached values in front: [(batch,) kv_heads, past, d_value]");
}

void add_score_flags(Command& command, source::AttentionRequest& request,
                     const std::string& scale) {
    command.heading("Scores");
    command.real(scale, request.scale, RealRange::any(),
                 "Factor of the scores (default 1/sqrt(d_head); T5: 1)");
    command.real("--softcap", request.softcap, RealRange::positive(),
                 "X * tanh(score / X), before masks and biases");
    command.text("--bias", "ARRAY", request.bias,
                 "Added to the scores after the softcap; shapes as --mask, all keys");
    command.text("--sink", "ARRAY", request.sink,
                 "One more logit a head in the denominator: [heads] (gpt-oss)");
}

void add_position_flags(Command& command, source::AttentionRequest& request) {
    command.heading("Positions");
    const Flag rope =
        command.on("--rope", request.rope, "Rotary positions on queries and new keys");
    command
        .real("--rope-theta", request.rope_theta, RealRange::positive(),
              "Base of the angles (default 10000)")
        .needs(rope);
    command
        .whole("--rope-dim", request.rope_dim, {2, 1 << 20},
               "Rotate only the first N columns of a head (default: all)")
        .needs(rope);
    command
        .on("--rope-interleaved", request.rope_interleaved,
            "Pairs 2k, 2k+1 (GPT-J) instead of k, k + D/2 (Llama, GPT-NeoX)")
        .needs(rope);
    command.text("--positions", "ARRAY", request.positions,
                 "Positions of the tokens, for rotary positions and for a checkpoint's table "
                 "of positions (with --token-ids), counted from 0: [tokens] or [batch, tokens] "
                 "(default: from the offset)");
    command.on("--alibi", request.alibi,
               "Add -slope * distance, slopes as in the paper for any number of heads");
    const Flag relative = command.text("--relative-bias", "ARRAY", request.relative_bias,
                                       "T5's table [buckets, heads]; T5 also needs --scale 1");
    command
        .whole("--relative-max-distance", request.relative_max_distance, {2, 1 << 30},
               "Distance from which all keys share a bucket (default 128)")
        .needs(relative);
    command
        .on("--bidirectional", request.bidirectional,
            "Buckets for keys after the query too (T5's encoder)")
        .needs(relative);
}

}  // namespace

void add_mask_flags(Command& command, source::AttentionRequest& request) {
    command.heading("Who may attend");
    command.on(
        "--causal", [&request] { request.causal = true; },
        "Key j may serve query i only if j <= i + offset");
    command.on(
        "--no-causal", [&request] { request.causal = false; }, "Whatever the weights file says");
    command.text(
        "--query-offset", "N|ARRAY|end", request.query_offset,
        "Position of query 0 among the keys: a number, an array with one a sequence, or end = "
        "keys - queries, as flash-attention and MLX; with --key-lengths, each sequence's "
        "length "
        "- queries (default: length of the cache, else 0, as PyTorch and ONNX)");
    command.text(
        "--window", "LEFT,RIGHT", request.window,
        "Keys from i + offset - LEFT to i + offset + RIGHT only; -1: unlimited (--window=-1,4)");
    command.text(
        "--mask", "ARRAY", request.mask,
        "bool (true = may attend) or number (added to the scores): [keys], [queries, keys], "
        "[heads, queries, keys] or [batch, heads, queries, keys], any axis but the last may be "
        "1; a shorter key axis is padded with 'masked'");
    command.choice(
        "--mask-true", {"attend", "ignore"},
        [&request](const std::string& meaning) { request.mask_true_ignores = meaning == "ignore"; },
        "What true means in a bool mask: attend (default), or ignore as in "
        "nn.MultiheadAttention");
    command.text("--key-lengths", "LIST|ARRAY", request.key_lengths,
                 "Valid keys of each sequence, the rest is padding: 5,3 or an array [batch]");
}

void add_attention_flags(Command& command, source::AttentionRequest& request,
                         const std::string& scale) {
    add_head_flags(command, request);
    add_mask_flags(command, request);
    add_score_flags(command, request, scale);
    add_position_flags(command, request);
}

}  // namespace attn::app
