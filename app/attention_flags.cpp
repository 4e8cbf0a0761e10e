#include "attention_flags.hpp"

#include <string>

#include "number_flags.hpp"

namespace attn::app {
namespace {

const std::string kHeads = "Heads";
const std::string kMasks = "Who may attend";
const std::string kScores = "Scores";
const std::string kPositions = "Positions";

void add_head_flags(CLI::App& command, pipeline::AttentionRequest& request) {
    const WholeRange head_counts{1, 1 << 20};
    add_whole(command, "--heads", request.heads, head_counts,
              "Attention heads (default: as the weights or shapes say, else 1)")
        ->group(kHeads);
    add_whole(
        command, "--kv-heads", request.kv_heads, head_counts,
        "Key/value heads; each serves heads/kv-heads query heads (default: as the shapes say)")
        ->group(kHeads);
    command
        .add_option_function<std::string>(
            "--kv-order",
            [&request](const std::string& name) {
                request.kv_order = name == "tile" ? KvOrder::tile : KvOrder::repeat;
            },
            "repeat: query head h reads h / (heads/kv-heads) (Hugging Face, PyTorch, ONNX; "
            "default); "
            "tile: h % kv-heads")
        ->check(CLI::IsMember({"repeat", "tile"}))
        ->type_name("ORDER")
        ->group(kHeads);
    command
        .add_option("--past-key", request.past_key,
                    "Cached keys in front, already turned by their positions: [(batch,) kv_heads, "
                    "past, d_head]")
        ->type_name("ARRAY")
        ->group(kHeads);
    command
        .add_option("--past-value", request.past_value,
                    "Cached values in front: [(batch,) kv_heads, past, d_value]")
        ->type_name("ARRAY")
        ->group(kHeads);
}

void add_score_flags(CLI::App& command, pipeline::AttentionRequest& request) {
    add_real(command, "--scale", request.scale, RealRange::any(),
             "Factor of the scores (default 1/sqrt(d_head); T5: 1)")
        ->group(kScores);
    add_real(command, "--softcap", request.softcap, RealRange::positive(),
             "X * tanh(score / X), before masks and biases")
        ->group(kScores);
    command
        .add_option("--bias", request.bias,
                    "Added to the scores after the softcap; shapes as --mask, all keys")
        ->type_name("ARRAY")
        ->group(kScores);
    command
        .add_option("--sink", request.sink,
                    "One more logit a head in the denominator: [heads] (gpt-oss)")
        ->type_name("ARRAY")
        ->group(kScores);
    command
        .add_option_function<std::string>(
            "--scores-at",
            [&request](const std::string& stage) {
                request.scores_at = stage == "scaled"       ? ScoreStage::scaled
                                    : stage == "softcapped" ? ScoreStage::softcapped
                                                            : ScoreStage::biased;
            },
            "Which scores are saved: scaled, softcapped, or biased (default: what softmax saw)")
        ->check(CLI::IsMember({"scaled", "softcapped", "biased"}))
        ->type_name("STAGE")
        ->group(kScores);
}

void add_position_flags(CLI::App& command, pipeline::AttentionRequest& request) {
    CLI::Option* rope =
        command.add_flag("--rope", request.rope, "Rotary positions on queries and new keys")
            ->group(kPositions);
    add_real(command, "--rope-theta", request.rope_theta, RealRange::positive(),
             "Base of the angles (default 10000)")
        ->needs(rope)
        ->group(kPositions);
    add_whole(command, "--rope-dim", request.rope_dim, {2, 1 << 20},
              "Turn only the first N columns of a head (default: all)")
        ->needs(rope)
        ->group(kPositions);
    command
        .add_flag("--rope-interleaved", request.rope_interleaved,
                  "Pairs 2k, 2k+1 (GPT-J) instead of k, k + D/2 (Llama, GPT-NeoX)")
        ->needs(rope)
        ->group(kPositions);
    command
        .add_option("--positions", request.positions,
                    "Positions of the tokens, for rotary positions and for a checkpoint's table "
                    "of positions (with --token-ids), counted from 0: [tokens] or [batch, tokens] "
                    "(default: from the offset)")
        ->type_name("ARRAY")
        ->group(kPositions);
    command
        .add_flag("--alibi", request.alibi,
                  "Add -slope * distance, slopes as in the paper for any number of heads")
        ->group(kPositions);
    CLI::Option* relative = command
                                .add_option("--relative-bias", request.relative_bias,
                                            "T5's table [buckets, heads]; T5 also needs --scale 1")
                                ->type_name("ARRAY")
                                ->group(kPositions);
    add_whole(command, "--relative-max-distance", request.relative_max_distance, {2, 1 << 30},
              "Distance from which all keys share a bucket (default 128)")
        ->needs(relative)
        ->group(kPositions);
    command
        .add_flag("--bidirectional", request.bidirectional,
                  "Buckets for keys after the query too (T5's encoder)")
        ->needs(relative)
        ->group(kPositions);
}

}  // namespace

void add_mask_flags(CLI::App& command, pipeline::AttentionRequest& request) {
    command
        .add_flag_callback(
            "--causal", [&request] { request.causal = true; },
            "Key j may serve query i only if j <= i + offset")
        ->group(kMasks);
    command
        .add_flag_callback(
            "--no-causal", [&request] { request.causal = false; }, "Whatever the weights file says")
        ->group(kMasks);
    command
        .add_option(
            "--query-offset", request.query_offset,
            "Position of query 0 among the keys: a number, an array with one a sequence, or end = "
            "keys - queries, as flash-attention and MLX; with --key-lengths, each sequence's "
            "length "
            "- queries (default: length of the cache, else 0, as PyTorch and ONNX)")
        ->type_name("N|ARRAY|end")
        ->group(kMasks);
    command
        .add_option(
            "--window", request.window,
            "Keys from i + offset - LEFT to i + offset + RIGHT only; -1: unlimited (--window=-1,4)")
        ->type_name("LEFT,RIGHT")
        ->group(kMasks);
    command
        .add_option(
            "--mask", request.mask,
            "bool (true = may attend) or number (added to the scores): [keys], [queries, keys], "
            "[heads, queries, keys] or [batch, heads, queries, keys], any axis but the last may be "
            "1; a shorter key axis is padded with 'masked'")
        ->type_name("ARRAY")
        ->group(kMasks);
    command
        .add_option_function<std::string>(
            "--mask-true",
            [&request](const std::string& meaning) {
                request.mask_true_ignores = meaning == "ignore";
            },
            "What true means in a bool mask: attend (default), or ignore as in "
            "nn.MultiheadAttention")
        ->check(CLI::IsMember({"attend", "ignore"}))
        ->type_name("MEANING")
        ->group(kMasks);
    command
        .add_option("--key-lengths", request.key_lengths,
                    "Valid keys of each sequence, the rest is padding: 5,3 or an array [batch]")
        ->type_name("LIST|ARRAY")
        ->group(kMasks);
}

void add_attention_flags(CLI::App& command, pipeline::AttentionRequest& request) {
    add_head_flags(command, request);
    add_mask_flags(command, request);
    add_score_flags(command, request);
    add_position_flags(command, request);
}

}  // namespace attn::app
