// What grad says: numbers of heads, layers and the model, as JSON and as CSV.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/gradient_norms.hpp"
#include "analysis/head_gradients.hpp"

namespace attn::results {

// What the loss feels of one input token.
struct TokenGradient {
    std::size_t sequence = 0;
    std::size_t token = 0;
    double grad_norm = 0;       // ‖dx_i‖
    double grad_dot_input = 0;  // x_i · dx_i
};

// Central differences against the gradients.
struct GradientCheck {
    std::size_t entries = 0;
    double worst = 0;   // largest relative error
    std::string place;  // where, in words
    // How far the gradients that the command gives are from those of float64, as a share of their
    // norm.
    double rounding = 0;

    static constexpr double kMost = 1e-5, kMostRounding = 1e-3;
    bool is_rounded() const { return !(rounding <= kMostRounding); }
    bool passed() const { return worst <= kMost && !is_rounded(); }
};

// Why gradients do not pass: of one head, or of the layers together.
struct GradientFailure {
    std::optional<std::size_t> layer;
    std::size_t sequence = 0;
    std::optional<std::size_t> head;
    std::string reason;
};

struct GradientReport {
    bool batch = false;                                // more than one sequence
    bool spectral = false;                             // largest eigenvalues were measured
    std::vector<analysis::HeadGradientStats> heads;    // in the order of layers
    std::vector<analysis::LayerGradientStats> layers;  // likewise
    analysis::ModelGradientStats model;
    bool clipped = false;   // --clip was asked for
    bool of_logit = false;  // the upstream is a logit: the tokens matter
    std::vector<TokenGradient> tokens;
    std::vector<std::vector<std::string>> labels;  // of tokens: one list a sequence, one, or none
    std::optional<GradientCheck> check;

    // Why --check does not pass: the verdict is not ok, and each head of which more than half of
    // the rows are without gradient.
    std::vector<GradientFailure> failures() const;
    bool healthy() const { return failures().empty(); }
    // The label of a token; empty where there are none.
    std::string label(const TokenGradient& token) const;
};

// {"heads": […], "layers": […], "model": {…}, "tokens": […], "failed": […]}; what does not exist is
// null.
std::string gradient_json(const GradientReport& report);

// A line a head, with a header; what does not exist is empty.
std::string gradient_csv(const GradientReport& report);

}  // namespace attn::results
