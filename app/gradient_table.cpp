#include "gradient_table.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/word_list.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using Rows = std::vector<std::vector<std::string>>;

void print_heads(const results::GradientReport& report, Console& console) {
    Rows rows{{"layer"}};
    if (report.batch) rows.front().emplace_back("seq");
    rows.front().emplace_back("head");
    for (const auto& measure : analysis::gradient_measures()) {
        const bool missing =
            measure.value == &analysis::HeadGradientStats::jacobian_spectral && !report.spectral;
        if (!missing) rows.front().emplace_back(measure.name);
    }
    for (const auto& head : report.heads) {
        std::vector<std::string> row{std::to_string(head.layer)};
        if (report.batch) row.push_back(std::to_string(head.sequence));
        row.push_back(std::to_string(head.head));
        for (const auto& measure : analysis::gradient_measures()) {
            const bool missing = measure.value == &analysis::HeadGradientStats::jacobian_spectral &&
                                 !report.spectral;
            if (!missing) row.push_back(number_text(head.*measure.value, 4));
        }
        rows.push_back(std::move(row));
    }
    print_table(console, std::move(rows), 0);
}

void print_layers(const results::GradientReport& report, Console& console) {
    Rows rows{{"layer", "grad_out", "grad_in", "gain", "branch_gain", "qk_to_v"}};
    if (report.layers.empty()) return;
    for (const auto& named : report.layers.front().projections)
        rows.front().push_back("grad_" + named.name);
    for (const auto& layer : report.layers) {
        std::vector<std::string> row{std::to_string(layer.layer)};
        for (const double value :
             {layer.grad_out, layer.grad_in, layer.gain(), layer.branch_gain, layer.qk_to_v()})
            row.push_back(number_text(value, 4));
        for (const auto& named : layer.projections) row.push_back(number_text(named.gradient, 4));
        row.resize(rows.front().size());
        rows.push_back(std::move(row));
    }
    print_table(console, std::move(rows), 0);
}

void print_tokens(const results::GradientReport& report, Console& console) {
    constexpr std::size_t kMost = 10;
    std::vector<std::size_t> order(report.tokens.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return report.tokens[a].grad_norm > report.tokens[b].grad_norm;
    });
    Rows rows{{"label", "seq", "token", "grad_norm", "grad_dot_input"}};
    for (const std::size_t place : order) {
        if (rows.size() > kMost) break;
        const results::TokenGradient& token = report.tokens[place];
        rows.push_back({report.label(token), std::to_string(token.sequence),
                        std::to_string(token.token), number_text(token.grad_norm, 4),
                        number_text(token.grad_dot_input, 4)});
    }
    console.line("input tokens with the largest gradients, " + std::to_string(rows.size() - 1) +
                 " of " + std::to_string(report.tokens.size()) + ":");
    print_table(console, std::move(rows), 1);
}

}  // namespace

void print_gradients(const results::GradientReport& report, Console& console) {
    print_heads(report, console);
    console.line("");
    print_layers(report, console);
    if (report.of_logit) {
        console.line("");
        print_tokens(report, console);
    }
    console.line("");
    const analysis::ModelGradientStats& model = report.model;
    std::string text = "depth gain " + number_text(model.depth_gain) + ", global norm " +
                       number_text(model.global_norm);
    if (report.clipped) text += ", clip coefficient " + number_text(model.clip_coefficient);
    console.line(text + ": " + model.verdict);
    if (report.check && report.check->passed())
        console.line("verified: " + describe(*report.check));
}

std::string describe(const results::GradientCheck& check) {
    const std::string rounding = number_text(check.rounding, 3);
    if (check.is_rounded())
        return "the gradients are " + rounding +
               " of their norm away from those of float64: rounding; give --precision f64";
    return "largest relative error " + number_text(check.worst, 3) + " of " +
           counted(check.entries, "entry") + ", at " + check.place + "; " + rounding +
           " of the norm is rounding";
}

std::string describe_gradient_measures() {
    std::string text = "Measures of a head:\n";
    for (const auto& measure : analysis::gradient_measures()) {
        std::string name = measure.name;
        name.resize(20, ' ');
        text += "  " + name + measure.meaning + "\n";
    }
    return text;
}

}  // namespace attn::app
