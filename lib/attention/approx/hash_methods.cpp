#include "attention/approx/hash_methods.hpp"

#include <cmath>

#include "attention/approx/hyper.hpp"
#include "attention/approx/kmeans.hpp"
#include "attention/approx/lsh.hpp"

namespace attn::approx {
namespace {

std::uint64_t bits_of_code(std::uint64_t buckets) {
    std::uint64_t bits = 0;
    while ((std::uint64_t{1} << bits) < buckets) ++bits;
    return bits;
}

Cost lsh_cost(const Options& options, const CostInputs& inputs) {
    const Sizes& sizes = inputs.sizes;
    const std::uint64_t buckets = options.whole("buckets"), rounds = options.whole("rounds");
    const std::uint64_t codes = sizes.keys * rounds * bits_of_code(buckets) / 8;
    const std::uint64_t width = sizes.d_head + sizes.d_value;
    Cost cost = exact_cost(inputs);
    cost.flops = 2 * (sizes.queries + sizes.keys) * sizes.d_head * (buckets / 2) * rounds +
                 2 * inputs.kept_cells * width;
    cost.kept_bytes += codes;
    cost.read_bytes = inputs.element_bytes * inputs.kept_last * width + codes;
    return cost;
}

Cost kmeans_cost(const Options& options, const CostInputs& inputs) {
    const Sizes& sizes = inputs.sizes;
    const std::uint64_t products = 2 * (sizes.queries + sizes.keys) * sizes.d_head;
    Cost cost = sparse_cost(inputs);
    cost.flops += products * options.whole("clusters") * (options.whole("iterations") + 1);
    return cost;
}

Cost hyper_cost(const Options& options, const CostInputs& inputs) {
    const Sizes& sizes = inputs.sizes;
    const std::uint64_t width = sizes.d_head + sizes.d_value, sample = options.whole("sample");
    Cost cost = exact_cost(inputs);
    cost.flops = 2 * (sizes.queries + sizes.keys) * sizes.d_head * options.whole("bits") +
                 2 * (inputs.scored + sizes.queries * sample) * width;
    cost.read_bytes = inputs.element_bytes * (inputs.scored_last + sample) * width;
    return cost;
}

MethodRow hashed(std::string name, std::vector<OptionRow> options, std::string budget,
                 MakeKeptKeys make, CostOf cost, std::string source) {
    MethodRow row;
    row.name = std::move(name);
    row.group = Group::selections;
    row.source = std::move(source);
    row.options = std::move(options);
    row.budget = std::move(budget);
    row.top = every_key;
    row.reads = Reads::inputs;
    row.random = true;
    row.kept_keys = std::move(make);
    row.cost = std::move(cost);
    return row;
}

}  // namespace

std::vector<MethodRow> hash_methods() {
    MethodRow reformer =
        hashed("lsh",
               {whole_option("buckets", "16", 2, 1 << 20), whole_option("rounds", "4", 1, 65535),
                flag_option("center", "1"), flag_option("self", "1"), seed_option()},
               "rounds", lsh, lsh_cost, "Kitaev 2020 (Reformer), Andoni 2015");
    reformer.top = [](const Options&, const Sizes&) { return 64.0; };
    reformer.must = true;

    OptionRow clusters = whole_option("clusters", "ceil(sqrt(keys))", 1);
    clusters.default_of = [](const Sizes& sizes) {
        return std::ceil(std::sqrt(static_cast<double>(sizes.keys)));
    };
    MethodRow routing =
        hashed("kmeans", {clusters, whole_option("iterations", "10", 0, 10000), seed_option()},
               "clusters", kmeans, kmeans_cost, "Roy 2020 (Routing Transformer)");

    MethodRow sampled = hashed("hyper",
                               {whole_option("bits", "7", 1, 63), whole_option("block", "256", 1),
                                whole_option("sample", "256", 0), seed_option()},
                               "sample", hyper, hyper_cost, "Han 2023 (HyperAttention)");
    sampled.causal = CausalForm::none;
    sampled.counts_cells = false;
    return {reformer, routing, sampled};
}

}  // namespace attn::approx
