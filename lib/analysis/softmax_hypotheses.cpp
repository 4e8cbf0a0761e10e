// Mistakes in what is added to the scores, in softmax, and in what was saved.
#include "analysis/hypotheses.hpp"
#include "analysis/hypothesis_conditions.hpp"
#include "analysis/reading.hpp"

#include <cmath>

namespace attn::analysis {

std::vector<Hypothesis> softmax_hypotheses() {
    using namespace given;
    using In = const DenseInputs&;
    using Do = Mistakes&;
    return {
        {"bias of the scores missing", Part::bias, has_bias,
         [](In, Do m) { m.ignored_bias = true; },
         "Add the position bias (bias, ALiBi, relative) to the scores: attn_mask=bias, not "
         "attn_mask=None.",
         reading::kMask},
        {"bias of the scores with the other sign", Part::bias, has_bias,
         [](In, Do m) { m.bias_factor = -1; },
         "ALiBi lowers the scores of keys that are far away: slope * (key - query), not slope * "
         "(query - key).",
         reading::kAlibi},
        {"bias added before the scale", Part::bias,
         [](In in) { return has_bias(in) && scale_of(in) != 1; },
         [](In in, Do m) { m.bias_factor = scale_of(in); },
         "Scale the product of queries and keys first, then add the bias: q @ k.mT * scale + bias, "
         "not (q @ k.mT + bias) * scale.",
         reading::kScale},
        {"bias of the scores times a number", Part::bias, has_bias, [](In, Do) {},
         "The bias is added once, as it is: compare its slopes or its table, and what multiplies "
         "the scores after it was added.",
         reading::kMask, Fit::bias_factor},
        {"bias of the scores added twice", Part::bias, has_bias,
         [](In, Do m) { m.bias_factor = 2; },
         "Add the position bias once: to the scores, or to the attn_mask that is added to them.",
         reading::kMask},
        {"bias of the scores transposed", Part::bias, has_bias_to_transpose,
         [](In, Do m) { m.transposed_bias = true; },
         "Rows are queries, and T5's distance is key - query: memory_position - "
         "context_position.",
         reading::kRelative},
        {"bias of head 0 for all heads", Part::bias, has_bias_by_head,
         [](In, Do m) { m.bias_of_head_0 = true; },
         "Each head has its own bias: bias.permute(2, 0, 1)[None], slopes[:, None, None].",
         reading::kRelative},
        {"relative positions in the other direction", Part::bias, has_relative,
         [](In, Do m) { m.other_direction = true; },
         "T5's encoder sorts distances with bidirectional=True, its decoder with False.",
         reading::kRelative},
        {"another max distance of T5's buckets", Part::bias, has_relative, [](In, Do) {},
         "Sort distances with the model's relative_attention_max_distance (128 in T5), not with "
         "another max_distance=....",
         reading::kRelative, Fit::max_distance},
        {"T5's table of another layer", Part::bias, has_other_relative, [](In, Do) {},
         "UMT5 has a table in each layer: block[i].layer[0].SelfAttention.relative_attention_bias, "
         "not that of block[0].",
         reading::kLayerTables, Fit::relative_layer},
        {"ALiBi slopes as if the number of heads were a power of two", Part::bias,
         [](In in) { return has_alibi(in) && has_several_heads(in); },
         [](In in, Do m) {
             for (std::size_t head = 1; head <= heads_of(in); ++head)
                 m.alibi.push_back(std::exp2(-8.0 * static_cast<double>(head) /
                                             static_cast<double>(heads_of(in))));
         },
         "Where it is none, the slopes are those of the next smaller power of two, then those of "
         "the next larger at the odd places.",
         reading::kAlibi},
        {"ALiBi slopes of another number of heads", Part::bias, has_alibi, [](In, Do) {},
         "The slopes are those of all heads of the model, 2 ** (-8 * arange(1, heads + 1) / "
         "heads), not of the heads of one shard, nor of key/value heads.",
         reading::kAlibi, Fit::alibi_heads},
        {"ALiBi slopes from exponent 0", Part::bias, has_alibi,
         [](In in, Do m) {
             const double ratio = std::exp2(-8.0 / static_cast<double>(heads_of(in)));
             for (std::size_t head = 0; head < heads_of(in); ++head)
                 m.alibi.push_back(std::pow(ratio, static_cast<double>(head)));
         },
         "The first head's slope is 2 ** (-8 / heads), not 1: arange(1, heads + 1).",
         reading::kAlibi},
        {"ALiBi slopes in the other order", Part::bias,
         [](In in) { return has_alibi(in) && has_several_heads(in); },
         [](In in, Do m) {
             m.alibi.assign(options(in).mask.alibi.rbegin(), options(in).mask.alibi.rend());
         },
         "Head 0 has the steepest slope: 2 ** (-8 * arange(1, heads + 1) / heads), not flipped.",
         reading::kAlibi},
        {"ALiBi by the distance to either side", Part::bias, sees_behind,
         [](In, Do m) { m.symmetric_alibi = true; },
         "The bias is slope * (key - query), also behind the query: not -slope * abs(query - "
         "key).",
         reading::kAlibi},
        {"ALiBi of the distance's logarithm", Part::bias,
         [](In in) { return has_alibi(in) && has_several_keys(in); },
         [](In, Do m) { m.logarithmic_alibi = true; },
         "The bias is slope * (key - query), as far as it is: not -slope * torch.log1p(abs(query - "
         "key)), which is KERPLE's.",
         reading::kAlibi},
        {"ALiBi of the key alone", Part::bias, has_alibi, [](In, Do m) { m.alibi_of_keys = true; },
         "The bias is slope * (key - query), not slope * key: the same after softmax, unless "
         "there is a sink or a softcap.",
         reading::kAlibi},
        {"temperature", Part::temperature, adds_to_scores, [](In, Do) {},
         "The scores are divided by a number after biases and caps: softmax(scores, -1), not "
         "softmax(scores / t, -1).",
         reading::kSoftmax, Fit::temperature},
        {"softmax over the queries", Part::softmax, always,
         [](In, Do m) { m.axis = SoftmaxAxis::queries; },
         "Softmax runs over the keys, dim=-1: rows must sum to one, not columns.",
         reading::kSoftmax},
        {"softmax over the heads", Part::softmax, has_several_heads,
         [](In, Do m) { m.axis = SoftmaxAxis::heads; },
         "Softmax runs over the keys, dim=-1, not over the axis of heads.", reading::kSoftmax},
        {"softmax applied twice", Part::softmax, always, [](In, Do m) { m.softmax_twice = true; },
         "The weights are probabilities already: scores.softmax(-1), not "
         "scores.softmax(-1).softmax(-1).",
         reading::kSoftmax},
        {"sigmoid in place of softmax", Part::activation, always,
         [](In, Do m) { m.activation = Activation::sigmoid; },
         "The weights of a row add up to one: scores.softmax(-1), not scores.sigmoid().",
         reading::kSoftmax},
        {"ReLU in place of softmax", Part::activation, always,
         [](In, Do m) { m.activation = Activation::relu; },
         "The weights of a row add up to one: scores.softmax(-1), not scores.relu().",
         reading::kSoftmax},
        {"logarithms of the weights", Part::activation, has_several_keys,
         [](In, Do m) { m.log_softmax = true; },
         "What was saved has been through log_softmax: save scores, or scores.softmax(-1), not "
         "scores.log_softmax(-1).",
         reading::kLogSoftmax},
        {"only the largest weights kept", Part::softmax, has_several_keys, [](In, Do) {},
         "What was saved are the largest weights of each row, weights.topk(k, -1), with zeros for "
         "the rest: save weights.",
         reading::kTopKeys, Fit::top_keys},
        {"only the largest weights kept and renormalised", Part::softmax, has_several_keys,
         [](In, Do m) { m.renormalises_top = true; },
         "All keys take part in softmax: scores.softmax(-1), not scores.masked_fill(scores < "
         "scores.topk(k, -1).values[..., -1:], -inf).softmax(-1).",
         reading::kTopKeys, Fit::top_keys},
        {"only the largest weights kept, without their places", Part::saved, has_matrices,
         [](In, Do m) { m.renormalises_top = m.sorted_keys = true; },
         "topk(k, -1) gives values and indices: put the values back with zeros.scatter(-1, "
         "indices, values), or keep all keys, scores.softmax(-1), not "
         "scores.topk(k, -1).values.softmax(-1).",
         reading::kTopKeys, Fit::top_keys},
        {"sinks added to the weights", Part::sink, has_sink, [](In, Do m) { m.added_sink = true; },
         "A sink is a score: torch.cat([scores, sink], -1).softmax(-1)[..., :-1], not "
         "scores.softmax(-1) + sink.",
         reading::kSinks},
        {"sink left out", Part::sink, has_sink, [](In, Do m) { m.missing_sink = true; },
         "The sink's logit belongs to the denominator: torch.cat([scores, sink], "
         "-1).softmax(-1)[..., :-1], not scores.softmax(-1).",
         reading::kSinks},
        {"sink counted twice", Part::sink, has_sink, [](In, Do m) { m.sink_factor = 2; },
         "The sink stands in the denominator once: one column in torch.cat([scores, sink], -1).",
         reading::kSinks},
        {"sink times the scale", Part::sink,
         [](In in) { return has_sink(in) && scale_of(in) != 1; },
         [](In, Do m) { m.scaled_sink = true; },
         "The sink's logit is not scaled: torch.cat([q @ k.T * scale, sink], -1).",
         reading::kSinks},
        {"sink column dropped", Part::sink, [](In in) { return !has_sink(in); }, [](In, Do) {},
         "A column of sinks, or of padding that nobody masked, took part in softmax and was cut "
         "off: "
         "rows sum to less than one; give --sink if that is right.",
         reading::kSinks, Fit::sink},
        {"NaN in rows without a key", Part::rows, masks,
         [](In, Do m) { m.nan_without_keys = true; },
         "Softmax over nothing is 0 / 0: where the mask leaves a query no key, give zeros, or do "
         "not ask for that row.",
         reading::kUnattended},
        {"heads averaged", Part::averaging, has_several_heads, [](In, Do m) { m.averaged = true; },
         "nn.MultiheadAttention gives the mean of the heads: ask for each with "
         "average_attn_weights=False, and do not take weights.mean(1).",
         reading::kAveraged},
        {"matrix transposed", Part::saved, is_square, [](In, Do m) { m.transposed = true; },
         "Queries are rows and keys are columns: save weights, not weights.mT.",
         reading::kAttention},
        {"dropout left on", Part::saved, always, [](In, Do) {},
         "Switch the model to evaluation: model.eval(), dropout_p=0.", reading::kDropout,
         Fit::dropout},
        {"dropout left on in some of the rows", Part::saved, always, [](In, Do) {},
         "Switch the model to evaluation for all rows, model.eval(), also where new tokens are "
         "computed behind a cache.",
         reading::kDropout, Fit::dropout_in_rows},
        {"half-precision rounding", Part::arithmetic, always, [](In, Do) {},
         "Numbers were rounded on the way: q.float() @ k.float().mT and softmax(scores, -1, "
         "dtype=torch.float32) are not.",
         reading::kAutocast, Fit::rounding},
    };
}

}  // namespace attn::analysis
