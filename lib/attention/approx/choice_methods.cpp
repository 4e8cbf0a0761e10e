#include "attention/approx/choice_methods.hpp"

#include <cmath>

#include "attention/approx/bigbird_mask.hpp"
#include "attention/approx/evicted_cache.hpp"
#include "attention/approx/quest.hpp"
#include "attention/approx/vertical_slash.hpp"
#include "core/divide_up.hpp"

namespace attn::approx {
namespace {

Cost quest_cost(const Options& options, const CostInputs& inputs) {
    const std::uint64_t bounds = 2 * inputs.element_bytes * inputs.sizes.d_head *
                                 divide_up(inputs.sizes.keys, options.whole("page"));
    Cost cost = sparse_cost(inputs);
    cost.flops += 4 * inputs.sizes.d_head * inputs.scored;
    cost.kept_bytes += bounds;
    cost.read_bytes += bounds;
    return cost;
}

Cost estimated_cost(const Options&, const CostInputs& inputs) {
    Cost cost = sparse_cost(inputs);
    cost.flops += 2 * inputs.sizes.d_head * inputs.scored;
    return cost;
}

Cost evicted_cost(const Options&, const CostInputs& inputs) {
    return bounded_cost(inputs, inputs.kept_last);
}

// How many runs of keys there are.
std::function<double(const Options&, const Sizes&)> runs_of(const char* size) {
    return [size](const Options& options, const Sizes& sizes) {
        return std::ceil(static_cast<double>(sizes.keys) / options.real(size));
    };
}

MethodRow choice(std::string name, Group group, std::vector<OptionRow> options, std::string budget,
                 MakeKeptKeys make, CostOf cost, std::string source) {
    MethodRow row;
    row.name = std::move(name);
    row.group = group;
    row.source = std::move(source);
    row.options = std::move(options);
    row.budget = std::move(budget);
    row.top = every_key;
    row.kept_keys = std::move(make);
    row.cost = std::move(cost);
    return row;
}

MethodRow bigbird_row() {
    MethodRow row = choice(
        "bigbird", Group::masks,
        {whole_option("block", "64", 1), whole_option("window", "1", 0),
         whole_option("globals", "1", 0), whole_option("random", "3", 0), seed_option()},
        "random", bigbird_mask,
        [](const Options&, const CostInputs& inputs) { return sparse_cost(inputs); },
        "Zaheer 2020");
    row.top = runs_of("block");
    row.random = true;
    return row;
}

MethodRow evict_row() {
    OptionRow prefill = whole_option("prefill", "floor(3 queries / 4)", 0);
    prefill.default_of = [](const Sizes& sizes) {
        return std::floor(3 * static_cast<double>(sizes.queries) / 4);
    };
    MethodRow row = choice(
        "evict", Group::caches,
        {whole_option("budget", "64", 1), prefill,
         word_option(
             "score", "received",
             {"received", "accumulated", "last", "snapkv", "knorm", "keydiff", "random", "oracle"}),
         whole_option("sinks", "0", 0), whole_option("recent", "0", 0),
         whole_option("observe", "32", 1), whole_option("pool", "5", 1), seed_option()},
        "budget", evicted_cache, evicted_cost, "SnapKV 2024, TOVA, H2O, KeyDiff");
    row.reads = Reads::weights;
    row.causal = CausalForm::needed;
    return row;
}

}  // namespace

std::vector<MethodRow> choice_methods() {
    MethodRow pages = choice("quest", Group::selections,
                             {whole_option("page", "16", 1), whole_option("pages", "8", 1)},
                             "pages", quest, quest_cost, "Tang 2024");
    pages.top = runs_of("page");
    pages.reads = Reads::inputs;

    MethodRow blocks =
        choice("block-topk", Group::selections,
               {whole_option("block", "64", 1), whole_option("blocks", "8", 1),
                word_option("estimate", "mean", {"mean", "oracle"}), whole_option("sinks", "1", 0)},
               "blocks", block_topk, estimated_cost, "MInference 2024, NSA 2025");
    blocks.top = runs_of("block");
    blocks.reads = Reads::weights;

    MethodRow lines =
        choice("vertical-slash", Group::selections,
               {whole_option("verticals", "64", 0), whole_option("slashes", "64", 0),
                whole_option("observe", "64", 1), whole_option("sinks", "4", 0),
                whole_option("local", "16", 0)},
               "verticals", vertical_slash, estimated_cost, "Jiang 2024 (MInference)");
    lines.second_budget = "slashes";
    lines.reads = Reads::weights;
    return {bigbird_row(), pages, blocks, lines, evict_row()};
}

}  // namespace attn::approx
