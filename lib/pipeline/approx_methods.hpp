// The methods of a run of approx: those that were named, which must apply to the input, and those
// of "all" and "must" that do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/approx_layer.hpp"
#include "attention/approx/applies.hpp"
#include "attention/approx/spec.hpp"
#include "core/warn.hpp"
#include "results/approx_report.hpp"

namespace attn::pipeline {

// What a source is, for choosing methods.
struct ApproxSurroundings {
    approx::Sizes sizes;
    approx::Circumstances is;
};

// What --method, --budget and --seed say.
struct ApproxChoice {
    std::string methods;  // empty: none but exact attention
    std::vector<double> budgets;
    std::uint64_t seed = 0;
};

// In the order of their rows; the first one is exact attention.
class ChosenMethods {
  public:
    // Throws Error for a method that is named twice, and for one that is named and does not apply.
    ChosenMethods(const ApproxChoice& choice, const ApproxSurroundings& around, const Warn& warn);

    const std::vector<analysis::ApproxMethod>& methods() const { return methods_; }

    // What each of them was asked for, before its options were cut to the size of the input.
    const std::vector<approx::Spec>& specs() const { return specs_; }

    // The rows of the report; those of `methods()` in their order, others are skipped.
    const std::vector<results::ApproxRow>& rows() const { return rows_; }

    // Whether --budget sets the main option of any that runs.
    bool takes_budget() const { return takes_budget_; }

  private:
    void add(const approx::Spec& spec, const ApproxChoice& choice, const ApproxSurroundings& around,
             const Warn& warn);

    std::vector<analysis::ApproxMethod> methods_;
    std::vector<approx::Spec> specs_;
    std::vector<results::ApproxRow> rows_;
    bool takes_budget_ = false;
};

}  // namespace attn::pipeline
