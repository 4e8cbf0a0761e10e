#include "json_keys.hpp"

#include <map>

namespace attn::app {
namespace {

const char* const kOfMeasures =
    "list of `layer`, `seq` (in batches), `head` and every measure by its name";

std::vector<JsonKey> look_keys() {
    return {
        {"passed", "whether no check failed"},
        {"files",
         "list of `source`, `kind` (attention, checkpoint, arrays), `what` it is, `more`, "
         "`passed`, `checks` (how many `ok`, `failed`, `warnings`), `problems` (`verdict`, `name`, "
         "`message`, `layer`, `head`), `roles` (`role`, its `measure`, `layer`, `seq` (in "
         "batches), `head`, `share`, `heads_over_half`), `entropy` (of each `layer` the `mean` and "
         "that of its `heads`, as shares of the largest there is), `next` (commands)"}};
}

std::vector<JsonKey> run_keys() {
    return {
        {"tool", "attn-inspect"},
        {"version", "of the program"},
        {"command", "run"},
        {"inputs",
         "every array that was read: `path`, `dtype`, `shape`, `xxh3` (XXH3-128, as xxh128sum "
         "prints it), `xxh3_of` (file, array); with --sha256 also sha256 and sha256_of"},
        {"options", "what the attention was computed with"},
        {"layers", "the numbers of those that were written"},
        {"heads", "the same of heads"},
        {"structure",
         "who may attend: `causal`, `window_left`, `window_right`, `key_lengths`, `query_offset`"},
        {"tokens", "labels, a list a sequence"},
        {"key_tokens", "those of keys, where they differ"},
        {"files", "what was written"},
        {"format", "of arrays: npy, npz, safetensors"},
        {"verification",
         "with --verify: `passed`, `largest` (difference from the definition in float64, as a part "
         "of its bound), the `layers`, `heads` and `rows` that were computed again, `all_rows`, "
         "the `first` and `not_finite` differences"},
        {"timing",
         "with --timing: `seconds`, `phases` (seconds of all threads), `waiting`, and `received` "
         "(bytes from other ranks)"}};
}

std::vector<JsonKey> stats_keys() {
    return {
        {"heads", kOfMeasures},
        {"sink_rate", "the share of heads whose sink is above 0.3; of several sources sink_rates"},
        {"layers",
         "filled by --similarity: list of `layer`, `seq` (in batches), `divergence` (heads x "
         "heads), `redundant` (pairs), `clusters`, `positions` (of the heads in a plane, as far "
         "apart as they diverge)"}};
}

std::vector<JsonKey> check_keys() {
    return {{"passed", "whether no check failed"},
            {"checks",
             "list of `name`, `verdict` (ok, FAIL, warning, skipped), `worst` value, its `place` "
             "(`layer`, `seq` in batches, `head`, `query`, `key`), `message`, `threshold` (of "
             "`worst`; of a row sum its distance from 1), `meaning` (what holds where it is ok)"}};
}

std::vector<JsonKey> compare_keys() {
    return {{"same", "whether nothing differs"},
            {"heads",
             "list of `layer`, `seq` (in batches), `head`, `max_abs`, `max_rel`, `max_ulp` (steps "
             "of the coarser type), `cosine`, `mean_kl`, `differing` and `cells` (numbers of "
             "them), `first` (query and key of the first that differs)"},
            {"missing", "what only one side has, in words"}};
}

std::vector<JsonKey> diagnose_keys() {
    return {
        {"verdict", "correct, mistake, unexplained"},
        {"observed", "weights, scores, output"},
        {"layer", "the one that it is of"},
        {"layers", "where all were observed: list of `layer`, `verdict`, `residual`"},
        {"precision", "of what was observed: float16, bfloat16, \"4 decimals\" or null"},
        {"tolerance", "what rounding explains"},
        {"non_finite", "numbers of NaN and infinities, the first of them, whole rows"},
        {"constant", "whether all values are the same"},
        {"small_difference", "the type whose rounding is as large as the error, which is none"},
        {"misfit",
         "its distance from what was asked for: `differing` and `cells` (numbers of them), of the "
         "farthest the `place` (`seq`, `head`, `query`, `key`; of an output `seq`, `query` and "
         "column), `expected`, `observed`, then `typical` and `largest` difference, how many are "
         "`above`, the `ratio` to what was expected that most have, the `axes` (how many of each "
         "differ), `row_sums`"},
        {"only",
         "the `sequences` and `heads` that differ, where `others` agree as closely as it says"},
        {"explanations",
         "best first: list of `mistakes`, `residual`, `explains` (the share of the largest error "
         "that it takes away), `fits`, `sampled`, `detail`, `advice`, where to `read` about it"},
        {"untried", "mistakes that there was no time for"},
        {"unconfirmed", "those that explain a sample, and were not tried on the rest"}};
}

std::vector<JsonKey> grad_keys() {
    return {
        {"heads", kOfMeasures},
        {"layers",
         "list of `layer`, `grad_out`, `grad_in`, `gain`, `branch_gain`, `qk_to_v` and the norms "
         "`grad_W_Q` ... with `relative_W_Q` ..."},
        {"model",
         "`depth_gain`, `rate`, `global_norm`, `clip_coefficient`, `verdict` (ok, vanishing, "
         "exploding, nonfinite)"},
        {"tokens", "list of `seq`, `token`, `label`, `grad_norm`, `grad_dot_input`"},
        {"failed", "why --check fails: list of `layer`, `seq` (in batches), `head`, `reason`"},
        {"verification",
         "with --verify: `entries`, `largest` (error of the difference quotients), `place`, "
         "`rounding` (how far what is given is from float64, as a share of the norm), `passed`"}};
}

std::vector<JsonKey> monitor_keys() {
    return {
        {"steps", "of the training, in order; every measure is a list with a value a step"},
        {"heads",
         "list of `layer`, `seq` (in batches), `head`, `entropy`, `entropy_normalised`, "
         "`confidence`, `effective_keys`, `saturation`, `sink`, `induction`, `previous_token`, "
         "`duplicate_token`, `score_range`; where there are scores instead max_score, "
         "max_abs_score, score_std, of checkpoints also qk_spectral"},
        {"layers",
         "list of `layer`, `entropy_normalised`, `saturation`, `effective_keys`, `change`; of "
         "checkpoints rank_residual, token_cosine, stable_rank"},
        {"model",
         "`difference`, `sink_rate`, `induction_max`; of checkpoints max_abs_score, "
         "logit_forecast. With --grad each of these three has grad, the numbers of grad --json"},
        {"alarms",
         "list of `name`, `verdict` (alarm, warning, event), `step`, `since`, `until`, `layer`, "
         "`head`, `value`, `threshold`, `message`"},
        {"passed", "whether there was no alarm, and with --strict no warning"}};
}

std::vector<JsonKey> approx_keys() {
    return {
        {"exact", "what exact attention costs: `flops`, `bytes_standard`, `bytes_tiled`, `time`"},
        {"methods",
         "list of `spec`, `method`, `group`, `options`, `oracle`, `time` (seconds, with --time; "
         "null where the method has no fast path), `skipped` (null, or why), `layers`: list of "
         "`layer`, `seq` (in batches) and every measure by its name, `worst_head`, "
         "`kept_mass_min_head`, with --seeds `seeds` and `std` (of every measure), with --per-head "
         "`heads`: list of `head` and every measure, of svd also `singular_values`"},
        {"needs",
         "filled by --needs: list of `layer`, `seq` (in batches), `head`, `span_90`, `span_95`, "
         "`span_99`, `span_95_without_first`, `local`, `local_sinks4`, `topk`, `rank`, "
         "`rank_scores`, `keys`, `bits` (the smallest budget that reaches the target, null where "
         "none does; `rank` that of the error of the weights, whatever the target), `prunable`, "
         "`verdict`"},
        {"growth",
         "filled by --growth: list of `layer`, `n`, `flops`, `core_flops` (without projections), "
         "`error` (of the first `n` tokens of the input), `time` (seconds, with --time), "
         "`exponent`, `time_exponent`, `sequential_steps`, `path` (the longest between two "
         "tokens), `state` (numbers kept a sequence)"}};
}

std::vector<JsonKey> info_keys() {
    return {
        {"path",
         "of the file; of several sources all of this is a list, files, and each names its source"},
        {"format", "NPY, NPZ, safetensors, JSON, folder, results"},
        {"layout", "how a checkpoint names its arrays, or null"},
        {"model",
         "of a checkpoint: `layout`, `title`, `layers`, `d_model`, `heads`, `kv_heads`, `d_head`, "
         "`notes` (of config.json), arrays that are `missing`, `left_over`, `unused`"},
        {"unrecognised", "why it is no checkpoint that is known, or null"},
        {"values_read", "whether the numbers were looked at (--no-values)"},
        {"arrays",
         "list of `key`, `dtype`, `shape`, `fortran_order`, `min`, `mean`, `max`, and how many are "
         "`nan` and `inf`"},
        {"unreadable", "arrays that cannot be read, and why"},
        {"texts", "lists of texts, such as tokens, and how long they are"},
        {"settings", "single numbers and words"},
        {"run", "of results: what the command that wrote them was, as in manifest.json"}};
}

std::vector<JsonKey> rollout_keys() {
    return {{"method", "as --method names it"},
            {"layers", "the numbers of those that were rolled out"},
            {"specificity", "0: all targets read the same"},
            {"flow_saturation", "of the method flow"},
            {"targets",
             "list of `seq`, `query`, `top` (pairs of input token and value, largest first); with "
             "--fuse per-head also head, with --cross also cross_top, of tokens of the encoder"},
            {"warnings", "what a reader should know"}};
}

}  // namespace

std::vector<JsonKey> json_keys(const std::string& command) {
    using Keys = std::vector<JsonKey> (*)();
    static const std::map<std::string, Keys> commands{
        {"look", look_keys},   {"run", run_keys},         {"stats", stats_keys},
        {"check", check_keys}, {"compare", compare_keys}, {"diagnose", diagnose_keys},
        {"grad", grad_keys},   {"monitor", monitor_keys}, {"approx", approx_keys},
        {"info", info_keys},   {"rollout", rollout_keys}};
    const auto found = commands.find(command);
    return found == commands.end() ? std::vector<JsonKey>{} : found->second();
}

}  // namespace attn::app
