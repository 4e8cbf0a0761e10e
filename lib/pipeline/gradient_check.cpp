#include "pipeline/gradient_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "analysis/gradient_norms.hpp"
#include "core/error.hpp"
#include "source/gradient_pass.hpp"

namespace attn::pipeline {
namespace {

constexpr unsigned kSeed = 16;
constexpr double kStep = 1e-5;

Array<double> with_entry(const Array<double>& array, std::size_t place, double value) {
    std::vector<double> values(array.values().begin(), array.values().end());
    values[place] = value;
    return Array<double>(array.shape(), std::move(values));
}

std::string entry_text(const Array<double>& x, std::size_t layer, bool layers, std::size_t place,
                       double slope, double gradient) {
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, ": difference quotient %.9g, gradient %.9g", slope,
                  gradient);
    const std::size_t width = x.extent(2), tokens = x.extent(1);
    std::string text = layers ? "layer " + std::to_string(layer) + ", " : "";
    if (x.extent(0) > 1) text += "sequence " + std::to_string(place / width / tokens) + ", ";
    return text + "token " + std::to_string(place / width % tokens) + ", column " +
           std::to_string(place % width) + numbers;
}

// ‖a - b‖ / ‖b‖ of all arrays together.
double distance(const std::vector<Array<double>>& a, const std::vector<Array<double>>& b) {
    double between = 0, size = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        const double apart = analysis::norm_of_difference(a[i], b[i]),
                     own = analysis::norm_of(b[i]);
        between += apart * apart;
        size += own * own;
    }
    return between == 0 ? 0 : std::sqrt(between / size);
}

}  // namespace

results::GradientCheck check_gradients(const source::ComputedRequest& request,
                                       const source::Upstream& upstream, std::size_t entries,
                                       const std::vector<Array<double>>& written,
                                       io::Inputs& inputs, const Communicator& ranks) {
    if (!request.query.empty())
        fail("--verify: moves the embeddings, and --query, --key and --value have none");
    source::ComputedRequest own = request;
    // Labels may come from standard input, which was read already.
    own.tokens.clear();
    own.key_tokens.clear();
    source::ComputedSource<double> source(own, inputs, nullptr);
    const source::GradientPass<double> pass(source, inputs, upstream, ranks);
    // One for each array of embeddings: there are several with hidden states.
    const std::vector<Array<double>> x = source.inputs().x;
    std::vector<Array<double>> gradients(x.size());
    source::GradientPass<double>::Visits visits;
    visits.layer = [&](const source::LayerPass<double>& layer) {
        if (layer.layer < gradients.size()) gradients[layer.layer] = *layer.d_in;
    };
    pass.stream({}, std::nullopt, visits, nullptr);

    std::mt19937_64 random(kSeed);
    results::GradientCheck check;
    check.rounding = distance(written, gradients);
    std::size_t total = 0;
    for (const Array<double>& one : x) total += one.size();
    const bool all = entries >= total;  // then each of them once
    check.entries = std::min(entries, total);
    for (std::size_t entry = 0; entry < check.entries; ++entry) {
        std::size_t layer = all ? 0 : random() % x.size();
        std::size_t place = all ? entry : random() % x[layer].size();
        for (; place >= x[layer].size(); ++layer) place -= x[layer].size();
        const double value = x[layer].data()[place];
        const double step = kStep * std::max(1.0, std::abs(value));
        source.replace_x(layer, with_entry(x[layer], place, value + step));
        const Array<double> after = pass.output(layer);
        source.replace_x(layer, with_entry(x[layer], place, value - step));
        const Array<double> before = pass.output(layer);
        source.replace_x(layer, x[layer]);
        const double slope = pass.loss_difference(after, before, layer) / (2 * step);
        const double gradient = gradients[layer].data()[place];
        const double usual =
            analysis::norm_of(gradients[layer]) / std::sqrt(static_cast<double>(x[layer].size()));
        const double size = std::max(std::abs(gradient), usual);
        const double error =
            size > 0 ? std::abs(slope - gradient) / size : std::abs(slope - gradient);
        // NaN is the worst, and stays it.
        if (entry > 0 && (std::isnan(check.worst) || error <= check.worst)) continue;
        check.worst = error;
        check.place = entry_text(x[layer], layer, x.size() > 1, place, slope, gradient);
    }
    return check;
}

}  // namespace attn::pipeline
