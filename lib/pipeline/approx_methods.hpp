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
    std::size_t seeds = 1;  // random methods run with so many, one after the other
};

// In the order of their rows; the first one is exact attention.
class ChosenMethods {
  public:
    // Throws Error for a method that is named twice, and for one that is named and does not apply.
    ChosenMethods(const ApproxChoice& choice, const ApproxSurroundings& around, const Warn& warn);

    // A random method stands there once for each seed, side by side.
    const std::vector<analysis::ApproxMethod>& methods() const { return methods_; }

    // What each row was asked for, before its options were cut to the size of the input; only of
    // rows that are not skipped, as what follows.
    const std::vector<approx::Spec>& specs() const { return specs_; }

    // Which of methods() are those of the row: from `first` on, so many.
    struct Runs {
        std::size_t first = 0;
        std::size_t count = 1;
    };
    const std::vector<Runs>& runs() const { return runs_; }

    // The rows of the report, skipped ones among them.
    const std::vector<results::ApproxRow>& rows() const { return rows_; }

    // Whether --budget sets the main option of any that runs.
    bool takes_budget() const { return takes_budget_; }

  private:
    void add(const approx::Spec& spec, const ApproxChoice& choice, const ApproxSurroundings& around,
             const Warn& warn);

    std::vector<analysis::ApproxMethod> methods_;
    std::vector<approx::Spec> specs_;
    std::vector<Runs> runs_;
    std::vector<results::ApproxRow> rows_;
    bool takes_budget_ = false;
};

}  // namespace attn::pipeline
