#include "attention/approx/factor_methods.hpp"

#include <algorithm>

#include "attention/approx/linformer.hpp"
#include "attention/approx/lowrank.hpp"
#include "attention/approx/truncated_svd.hpp"

namespace attn::approx {
namespace {

// What the formulas of section 4 read, under their names.
struct Letters {
    explicit Letters(const CostInputs& inputs)
        : n(inputs.sizes.queries),
          m(inputs.sizes.keys),
          d(inputs.sizes.d_head),
          dv(inputs.sizes.d_value),
          e(inputs.element_bytes),
          cells(inputs.cells),
          last(inputs.allowed_last) {}
    std::uint64_t n, m, d, dv, e, cells, last;
};

Cost svd_cost(const Options& options, const CostInputs& inputs) {
    const Letters a(inputs);
    const std::uint64_t r = options.whole("rank");
    return {2 * r * a.dv * (a.n + a.m), a.e * r * (a.m + a.dv), a.e * r * a.dv};
}

Cost linformer_cost(const Options& options, const CostInputs& inputs) {
    const Letters a(inputs);
    const std::uint64_t k = options.whole("k");
    const std::uint64_t bytes = a.e * k * (a.d + a.dv);
    if (options.word("projection") == "jl")
        return {2 * a.n * a.m * (a.d + k) + 2 * k * a.dv * (a.n + a.m), bytes, bytes};
    return {2 * k * (a.m + a.n) * (a.d + a.dv), bytes, bytes};
}

Cost nystrom_cost(const Options& options, const CostInputs& inputs) {
    const Letters a(inputs);
    const std::uint64_t l = options.whole("landmarks"), iterations = nystrom_iterations(options);
    const std::uint64_t products =
        2 * l * (a.n * a.d + l * a.d + a.m * a.d + a.m * a.dv + l * a.dv + a.n * a.dv);
    return {products + 8 * iterations * l * l * l, a.e * (l * (a.d + a.dv) + l * l),
            a.e * l * (a.d + a.dv)};
}

Cost short_scores_cost(const Options& options, const CostInputs& inputs) {
    const Letters a(inputs);
    const std::uint64_t r = std::min<std::uint64_t>(options.whole("rank"), a.d);
    return {2 * (a.n + a.m) * a.d * r + 2 * a.cells * (r + a.dv), a.e * a.m * (r + a.dv),
            a.e * a.last * (r + a.dv)};
}

Cost short_values_cost(const Options& options, const CostInputs& inputs) {
    const Letters a(inputs);
    const std::uint64_t r = std::min<std::uint64_t>(options.whole("rank"), a.dv);
    return {2 * a.cells * (a.d + r) + 2 * a.n * r * a.dv, a.e * a.m * (a.d + r),
            a.e * a.last * (a.d + r)};
}

double fewer_of(const Options&, const Sizes& sizes) {
    return static_cast<double>(std::min(sizes.queries, sizes.keys));
}

MethodRow factorisation(std::string name, std::vector<OptionRow> options, CostOf cost,
                        std::string source) {
    MethodRow row;
    row.name = std::move(name);
    row.group = Group::factorisations;
    row.source = std::move(source);
    row.budget = options.front().name;
    row.options = std::move(options);
    row.reads = Reads::inputs;
    row.must = true;
    row.cost = std::move(cost);
    return row;
}

MethodRow svd_row() {
    MethodRow row = factorisation("svd", {whole_option("rank", "16", 1)}, svd_cost, "Eckart-Young");
    row.top = fewer_of;
    row.reads = Reads::weights;
    row.oracle = true;
    row.most_cells = kMostDecomposedCells;
    row.factors = truncated_svd;
    return row;
}

MethodRow linformer_row() {
    MethodRow row =
        factorisation("linformer",
                      {whole_option("k", "32", 1),
                       word_option("projection", "gaussian", {"gaussian", "pool", "jl", "file"}),
                       flag_option("share", "0"), seed_option()},
                      linformer_cost, "Wang 2020");
    row.top = every_key;
    row.causal = CausalForm::none;
    row.needs_plain_scores = true;
    row.random = true;
    row.factors = [](const Options& options, const HeadInput& head) {
        return linformer(options, head);
    };
    return row;
}

MethodRow nystrom_row() {
    MethodRow row = factorisation(
        "nystrom", {whole_option("landmarks", "32", 1), word_option("iterations", "6", {})},
        nystrom_cost, "Xiong 2021");
    row.top = fewer_of;
    row.causal = CausalForm::none;
    row.needs_plain_scores = true;
    row.must = false;
    row.factors = nystrom;
    return row;
}

}  // namespace

std::vector<MethodRow> factor_methods() {
    MethodRow scores = factorisation("lowrank-scores", {whole_option("rank", "8", 1)},
                                     short_scores_cost, "Eckart-Young; Loki, Eigen Attention");
    scores.top = [](const Options&, const Sizes& sizes) {
        return static_cast<double>(sizes.d_head);
    };
    scores.inputs = lowrank_scores;
    MethodRow values = factorisation("lowrank-values", {whole_option("rank", "8", 1)},
                                     short_values_cost, "Eckart-Young");
    values.top = [](const Options&, const Sizes& sizes) {
        return static_cast<double>(sizes.d_value);
    };
    values.inputs = lowrank_values;
    return {svd_row(), linformer_row(), nystrom_row(), scores, values};
}

}  // namespace attn::approx
