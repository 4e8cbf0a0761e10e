// The rows of the methods whose rows keep some keys.
#include <algorithm>
#include <cmath>

#include "attention/approx/adaptive_span.hpp"
#include "attention/approx/h2o.hpp"
#include "attention/approx/masks.hpp"
#include "attention/approx/method.hpp"
#include "attention/approx/top_weights.hpp"

namespace attn::approx {
namespace {

double root_of_keys(const Sizes& sizes) {
    return std::ceil(std::sqrt(static_cast<double>(sizes.keys)));
}

OptionRow stride_option() {
    OptionRow row = whole_option("stride", "-", 1);
    row.default_of = root_of_keys;
    row.standard = "ceil(sqrt(keys))";
    return row;
}

Cost cost_of_mask(const Options&, const CostInputs& inputs) {
    return sparse_cost(inputs);
}
Cost cost_of_scores(const Options&, const CostInputs& inputs) {
    return scored_cost(inputs);
}

Cost cost_of_local(const Options& options, const CostInputs& inputs) {
    if (!inputs.causal) return sparse_cost(inputs);
    return bounded_cost(
        inputs, options.whole("window") * options.whole("dilation") + options.whole("sinks"));
}

Cost cost_of_span(const Options&, const CostInputs& inputs) {
    return inputs.causal ? bounded_cost(inputs, inputs.scored) : sparse_cost(inputs);
}

Cost cost_of_h2o(const Options& options, const CostInputs& inputs) {
    return bounded_cost(inputs, options.whole("heavy") + options.whole("recent"));
}

Cost cost_of_oracle(const Options&, const CostInputs& inputs) {
    Cost cost = scored_cost(inputs);
    cost.read_bytes = sparse_cost(inputs).read_bytes;
    return cost;
}

MethodRow mask(std::string name, std::vector<OptionRow> options, std::string budget,
               MakeKeptKeys make, std::string source) {
    MethodRow row;
    row.name = std::move(name);
    row.group = Group::masks;
    row.options = std::move(options);
    row.budget = std::move(budget);
    row.top = every_key;
    row.must = true;
    row.kept_keys = std::move(make);
    row.cost = cost_of_mask;
    row.source = std::move(source);
    return row;
}

MethodRow oracle(std::string name, std::vector<OptionRow> options, MakeKeptKeys make,
                 std::string source) {
    MethodRow row =
        mask(std::move(name), std::move(options), "", std::move(make), std::move(source));
    row.group = Group::selections;
    row.reads = Reads::weights;
    row.oracle = true;
    row.cost = cost_of_scores;
    return row;
}

}  // namespace

std::vector<MethodRow> mask_methods() {
    MethodRow exact = mask("exact", {}, "", all_keys, "Vaswani 2017");
    exact.group = Group::exact;
    exact.cost = [](const Options&, const CostInputs& inputs) { return exact_cost(inputs); };

    MethodRow local = mask("local",
                           {whole_option("window", "64", 1), whole_option("sinks", "0", 0),
                            whole_option("dilation", "1", 1)},
                           "window", local_mask, "Beltagy 2020; with sinks Xiao 2023");
    local.cost = cost_of_local;

    MethodRow fixed = mask("fixed", {stride_option(), whole_option("columns", "1", 0)}, "columns",
                           fixed_mask, "Child 2019");
    fixed.top = [](const Options& options, const Sizes&) { return options.real("stride"); };

    OptionRow tokens;
    tokens.name = "tokens";
    tokens.kind = OptionKind::list;
    tokens.standard = "0";

    OptionRow z = real_option("z", "-", 0, 1e15);
    z.required = false;
    MethodRow span =
        mask("span", {z, real_option("share", "0.95", 0, 1), real_option("ramp", "32", 1, 1e15)},
             "z", span_mask, "Sukhbaatar 2019");
    span.reads = Reads::weights;
    span.cost = cost_of_span;

    return {exact,
            local,
            mask("block", {whole_option("size", "64", 1), whole_option("back", "0", 0)}, "size",
                 block_mask, "Qiu 2019"),
            mask("strided", {stride_option()}, "stride", strided_mask, "Child 2019"),
            fixed,
            mask("global", {whole_option("window", "64", 1), tokens}, "window", global_mask,
                 "Beltagy 2020"),
            span};
}

std::vector<MethodRow> selection_methods() {
    MethodRow topk = oracle("topk", {whole_option("k", "32", 1)}, top_k, "Gupta 2021");
    topk.budget = "k";

    MethodRow global = oracle("oracle-global", {real_option("share", "0.1", 0, 1)}, largest_of_head,
                              "floor: cells a head");
    global.budget = "share";
    global.share_budget = true;
    global.top = [](const Options&, const Sizes&) { return 1.0; };
    global.cost = cost_of_oracle;

    MethodRow h2o = oracle("h2o", {whole_option("heavy", "32", 0), whole_option("recent", "32", 1)},
                           h2o_cache, "Zhang 2023");
    h2o.group = Group::caches;
    h2o.oracle = false;
    h2o.causal = CausalForm::needed;
    h2o.budget = "heavy";
    h2o.second_budget = "recent";
    h2o.halved = true;
    h2o.cost = cost_of_h2o;

    OptionRow keep = whole_option("keep", "-", 0);
    keep.required = false;
    MethodRow heads = mask(
        "prune-heads",
        {keep, real_option("share", "0.25", 0, 1), word_option("by", "share", {"share", "grad"})},
        "", no_keys, "Michel 2019");
    heads.group = Group::heads;
    heads.reads = Reads::weights;
    heads.needs_contexts = true;
    heads.top = nullptr;
    heads.cost = [](const Options&, const CostInputs& inputs) { return bounded_cost(inputs, 0); };

    return {
        topk,
        oracle("topp", {real_option("p", "0.95", 0, 1)}, top_p, "FlexPrefill 2025"),
        oracle("threshold", {real_option("t", "0.01", 0, 1)}, above_threshold, "attention pruning"),
        global,
        h2o,
        heads};
}

}  // namespace attn::approx
