#include "attention/approx/quantised.hpp"

#include <algorithm>
#include <string>

#include "attention/approx/scaled_inputs.hpp"

namespace attn::approx {
namespace {

QuantKind kind_called(const std::string& name) {
    if (name == "nf4") return QuantKind::nf4;
    if (name == "fp8") return QuantKind::fp8;
    if (name == "fp16") return QuantKind::fp16;
    return name == "bf16" ? QuantKind::bf16 : QuantKind::integer;
}

QuantAxis axis_called(const std::string& name) {
    if (name == "channel") return QuantAxis::channel;
    if (name == "tensor") return QuantAxis::tensor;
    return name == "block" ? QuantAxis::block : QuantAxis::token;
}

bool is_changed(const Options& options, char tensor) {
    return options.word("tensors").find(tensor) != std::string::npos;
}

// Tokens that do not stay exact.
std::size_t quantised_tokens(const Options& options, char tensor, std::size_t tokens) {
    return tensor == 'q' ? tokens : tokens - std::min(tokens, options.whole("residual"));
}

}  // namespace

QuantRule quant_rule(const Options& options, char tensor) {
    QuantRule rule;
    rule.kind = kind_called(options.word("kind"));
    rule.bits = static_cast<unsigned>(options.whole("bits"));
    rule.symmetric = options.flag("symmetric");
    const std::string own_axis = std::string(1, tensor) + "_axis";
    rule.axis = axis_called(options.word(options.has(own_axis) ? own_axis : "axis"));
    rule.outliers = options.real("outliers");
    const std::string own_group = std::string(1, tensor) + "_group";
    rule.group = options.whole(options.has(own_group) ? own_group : "group");
    return rule;
}

ChangedInputs quantised_inputs(const Options& options, const HeadInput& head) {
    ChangedInputs changed;
    const auto change = [&](char tensor, MatrixView<const double> exact) {
        if (!is_changed(options, tensor)) return Matrix<double>();
        Matrix<double> x = times(exact, 1);
        if (tensor == 'k' && options.flag("smooth")) subtract_mean_row(x);
        quantise(quant_rule(options, tensor), x, quantised_tokens(options, tensor, x.rows));
        return x;
    };
    changed.q = change('q', head.q);
    changed.k = change('k', head.k);
    changed.v = change('v', head.v);
    return changed;
}

Cost quantised_cost(const Options& options, const CostInputs& inputs) {
    const Sizes& sizes = inputs.sizes;
    Cost cost = exact_cost(inputs);
    cost.kept_bytes = 0;
    for (const auto& [tensor, columns] :
         {std::pair('k', sizes.d_head), std::pair('v', sizes.d_value)}) {
        const std::size_t tokens =
            is_changed(options, tensor) ? quantised_tokens(options, tensor, sizes.keys) : 0;
        // An outlier is kept beside the others, with the four bytes of its place.
        const QuantRule rule = quant_rule(options, tensor);
        cost.kept_bytes += quantised_bytes(rule, tokens, columns) +
                           outlier_count(rule, tokens, columns) * (inputs.element_bytes + 4) +
                           inputs.element_bytes * (sizes.keys - tokens) * columns;
    }
    cost.read_bytes = cost.kept_bytes;
    return cost;
}

}  // namespace attn::approx
