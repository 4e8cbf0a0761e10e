#include "attention/approx/quantiser_methods.hpp"

#include "attention/approx/pruned_projection.hpp"
#include "attention/approx/quantised.hpp"

namespace attn::approx {
namespace {

const std::vector<std::string> kKinds{"int", "fp8", "fp16", "bf16", "nf4"};
const std::vector<std::string> kAxes{"token", "channel", "tensor", "block"};
const std::vector<std::string> kTensors{"qkv", "qk", "kv", "qv", "q", "k", "v"};

OptionRow unset(OptionRow row) {
    row.required = false;
    return row;
}

std::vector<OptionRow> quant_options() {
    return {word_option("kind", "int", kKinds),
            whole_option("bits", "8", 2, 8),
            flag_option("symmetric", "1"),
            word_option("axis", "token", kAxes),
            whole_option("group", "0", 0),
            word_option("tensors", "qkv", kTensors),
            flag_option("smooth", "0"),
            whole_option("residual", "0", 0),
            unset(word_option("k_axis", "-", kAxes)),
            unset(word_option("v_axis", "-", kAxes)),
            unset(whole_option("q_group", "-", 0)),
            unset(whole_option("k_group", "-", 0)),
            unset(whole_option("v_group", "-", 0)),
            real_option("outliers", "0", 0, 1)};
}

MethodRow quant(std::string name, std::string source,
                const std::vector<std::pair<std::string, std::string>>& preset) {
    MethodRow row;
    row.name = std::move(name);
    row.group = Group::quantisers;
    row.source = std::move(source);
    row.options = quant_options();
    for (const auto& [option, value] : preset) {
        for (OptionRow& own : row.options) {
            if (own.name != option) continue;
            own.standard = value;
            own.required = true;
        }
    }
    row.reads = Reads::inputs;
    row.must = true;
    row.inputs = quantised_inputs;
    row.cost = quantised_cost;
    return row;
}

MethodRow projections(std::string name, std::vector<OptionRow> options, ChangeProjection change) {
    MethodRow row;
    row.name = std::move(name);
    row.group = Group::quantisers;
    row.options = std::move(options);
    row.budget = row.options.front().name;
    row.reads = Reads::projections;
    row.must = true;
    row.projection = std::move(change);
    row.cost = [](const Options&, const CostInputs& inputs) { return exact_cost(inputs); };
    return row;
}

}  // namespace

std::vector<MethodRow> quantiser_methods() {
    const std::vector<double> every_bits{8, 6, 5, 4, 3, 2};
    MethodRow plain = quant("quant", "integers and floats of few bits", {});
    plain.budget = "bits";
    plain.budget_values = every_bits;
    MethodRow pruned =
        projections("prune-weights", {real_option("share", "0.5", 0, 1)}, prune_weights);
    pruned.source = "magnitude pruning";
    pruned.share_budget = true;
    pruned.top = [](const Options&, const Sizes&) { return 1.0; };
    MethodRow few_bits =
        projections("quant-weights",
                    {whole_option("bits", "8", 2, 8), word_option("kind", "int", {"int", "nf4"}),
                     whole_option("group", "0", 0)},
                    quantise_weights);
    few_bits.source = "one scale a column; nf4: Dettmers 2023";
    few_bits.budget_values = every_bits;
    return {plain,
            quant("int8", "quant:bits=8", {}),
            quant("int4", "quant:bits=4", {{"bits", "4"}}),
            quant("fp8", "quant:kind=fp8 (e4m3fn)", {{"kind", "fp8"}}),
            quant("fp16", "quant:kind=fp16", {{"kind", "fp16"}}),
            quant("bf16", "quant:kind=bf16", {{"kind", "bf16"}}),
            quant("kivi", "Liu 2024",
                  {{"bits", "2"},
                   {"symmetric", "0"},
                   {"tensors", "kv"},
                   {"k_axis", "channel"},
                   {"k_group", "32"},
                   {"v_axis", "token"},
                   {"v_group", "32"},
                   {"residual", "32"}}),
            quant("sage", "Zhang 2024",
                  {{"axis", "block"},
                   {"q_group", "128"},
                   {"k_group", "64"},
                   {"tensors", "qk"},
                   {"smooth", "1"}}),
            pruned,
            few_bits};
}

}  // namespace attn::approx
