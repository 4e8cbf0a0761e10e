// The methods of a run of approx: those that were named, which must apply to the input, and those
// of "all" and "must" that do.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/approx_layer.hpp"
#include "attention/approx/applies.hpp"
#include "attention/approx/spec.hpp"
#include "attention/share.hpp"
#include "core/warn.hpp"
#include "pipeline/approx.hpp"
#include "pipeline/approx_files.hpp"
#include "results/approx_report.hpp"
#include "results/manifest.hpp"

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
    LinformerFiles linformer = {};
    std::optional<HeadBudgetFile> head_budgets = std::nullopt;
    std::vector<std::array<std::size_t, 3>> heads =
        {};  // (layer, sequence, head) that are streamed
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

    // Whether --head-budgets does.
    bool takes_head_budgets() const { return takes_head_budgets_; }

  private:
    void add(const approx::Spec& spec, const ApproxChoice& choice, const ApproxSurroundings& around,
             const Warn& warn);

    std::vector<analysis::ApproxMethod> methods_;
    std::vector<approx::Spec> specs_;
    std::vector<Runs> runs_;
    std::vector<results::ApproxRow> rows_;
    bool takes_budget_ = false;
    bool takes_head_budgets_ = false;
};

// The numbers 0 … all - 1, where none were chosen.
std::vector<std::size_t> chosen_or_all(const Chosen& chosen, std::size_t all);

// Every (layer, sequence, head) of them.
std::vector<std::array<std::size_t, 3>> places_of(const std::vector<std::size_t>& layers,
                                                  const std::vector<std::size_t>& sequences,
                                                  const std::vector<std::size_t>& heads);

// What the request says of methods, its files read; without names the usual methods, but none where
// something else was asked for. `heads`: those that will be streamed. Throws Error as the files'
// loaders do.
ApproxChoice approx_choice(const ApproxRequest& request, std::size_t keys, io::Inputs& inputs,
                           std::vector<std::array<std::size_t, 3>> heads);

// What the manifest says of them, as the request did.
std::vector<results::ManifestOption> describe_choice(const ApproxRequest& request);

}  // namespace attn::pipeline
