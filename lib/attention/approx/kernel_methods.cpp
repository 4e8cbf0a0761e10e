#include "attention/approx/kernel_methods.hpp"

#include <algorithm>
#include <cmath>

#include "attention/approx/linear_kernel.hpp"
#include "attention/approx/performer.hpp"

namespace attn::approx {
namespace {

// 2(n + m) d M for the features (not where they are the numbers themselves) and 2 M dv (n + m) + 2
// n M for the products; the sums of M (dv + 1) numbers are all that must stay.
Cost kernel_cost(const CostInputs& inputs, std::uint64_t features, bool projects) {
    const Sizes& sizes = inputs.sizes;
    const std::uint64_t both = sizes.queries + sizes.keys;
    Cost cost;
    cost.flops = 2 * features * sizes.d_value * both + 2 * features * sizes.queries;
    if (projects) cost.flops += 2 * both * sizes.d_head * features;
    cost.kept_bytes = cost.read_bytes = inputs.element_bytes * features * (sizes.d_value + 1);
    return cost;
}

MethodRow kernel(std::string name, std::vector<OptionRow> options, MakeFactors make, CostOf cost,
                 std::string source) {
    MethodRow row;
    row.name = std::move(name);
    row.group = Group::kernels;
    row.source = std::move(source);
    row.options = std::move(options);
    row.reads = Reads::inputs;
    row.needs_plain_scores = true;
    row.factors = std::move(make);
    row.cost = std::move(cost);
    return row;
}

MethodRow performer_row() {
    OptionRow features = whole_option("features", "floor(d ln d)", 1);
    features.default_of = [](const Sizes& sizes) {
        const auto d = static_cast<double>(sizes.d_head);
        return std::max(1.0, std::floor(d * std::log(d)));
    };
    MethodRow row = kernel(
        "performer",
        {features, flag_option("orthogonal", "1"), real_option("eps", "0", 0, 1), seed_option(),
         whole_option("redraw", "0", 0, 65535)},
        performer,
        [](const Options& options, const CostInputs& inputs) {
            return kernel_cost(inputs, options.whole("features"), true);
        },
        "Choromanski 2021");
    row.budget = "features";
    row.top = every_key;
    row.random = true;
    row.must = true;
    return row;
}

}  // namespace

std::vector<MethodRow> kernel_methods() {
    MethodRow linear = kernel(
        "linear", {flag_option("scaled", "0")}, linear_kernel,
        [](const Options&, const CostInputs& inputs) {
            return kernel_cost(inputs, inputs.sizes.d_head, false);
        },
        "Katharopoulos 2020");
    linear.must = true;
    MethodRow turned = kernel(
        "cosformer", {}, cosformer,
        [](const Options&, const CostInputs& inputs) {
            return kernel_cost(inputs, 2 * inputs.sizes.d_head, false);
        },
        "Qin 2022");
    return {performer_row(), linear, turned};
}

}  // namespace attn::approx
