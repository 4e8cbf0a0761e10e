#include "analysis/head_needs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/budget_search.hpp"
#include "attention/approx/adaptive_span.hpp"
#include "attention/approx/decompositions.hpp"
#include "attention/approx/lowrank.hpp"
#include "attention/approx/quantised.hpp"
#include "attention/approx/truncated_svd.hpp"
#include "core/first_columns.hpp"

namespace attn::analysis {
namespace {

using approx::ChangedInputs;
using approx::ExactRows;
using approx::HeadInput;
using Row = ExactRows::Row;
using Reached = BudgetErrors::Reached;

constexpr std::size_t kNeedsSinks = 4;

// What all searches of one head have in common.
struct NeedsSearch {
    const HeadInput& head;
    const NeedsTarget& target;
    const RecomputeRows& recompute;
    Matrix<double> values;  // through W_O where the target says so

    NeedsSearch(const HeadInput& head_, const NeedsTarget& target_, const RecomputeRows& recompute_)
        : head(head_), target(target_), recompute(recompute_) {
        if (!target.through.empty()) values = approx::product(head.v, target.through.view());
    }

    NeedsError error() const {
        return {target.measure, values.empty() ? head.v : values.view(), target.norm};
    }
    BudgetErrors errors_of_keys() const { return {error(), head.sizes.keys}; }

    std::size_t away(const Row& row, std::size_t key) const {
        const auto place = static_cast<std::ptrdiff_t>(key);
        return static_cast<std::size_t>(std::abs(head.sizes.position(row.query) - place));
    }
    std::optional<std::size_t> smallest(const BudgetErrors& errors) const {
        return smallest_budget(errors.top(),
                               [&](std::size_t b) { return errors.at(b) <= target.error; });
    }
};

void sort_by_budget(std::vector<Reached>& keys) {
    std::stable_sort(keys.begin(), keys.end(),
                     [](const Reached& a, const Reached& b) { return a.budget < b.budget; });
}

// The allowed keys of a row, each with the budget that reaches it.
template <class Budget>
void reach(const Row& row, const Budget& budget, std::vector<Reached>& keys) {
    keys.clear();
    for (std::size_t j = row.allowed.begin; j < row.allowed.end; ++j) {
        if (row.may_attend(j)) keys.push_back({budget(j), j});
    }
    sort_by_budget(keys);
}

// Windows with and without the first keys, and the largest weights of each row: one pass.
void search_rows(const NeedsSearch& search, HeadNeeds& needs) {
    BudgetErrors local = search.errors_of_keys(), with_sinks = local, largest = local;
    std::vector<Reached> keys;
    search.head.exact->visit(0, search.head.sizes.queries, [&](const Row& row) {
        if (row.allowed.empty()) return;
        reach(
            row, [&](std::size_t j) { return search.away(row, j) + 1; }, keys);
        local.add(row, keys);
        for (Reached& reached : keys) {
            if (reached.key < kNeedsSinks) reached.budget = 1;
        }
        sort_by_budget(keys);
        with_sinks.add(row, keys);
        std::sort(keys.begin(), keys.end(), [&](const Reached& a, const Reached& b) {
            const double left = row.weights[a.key], right = row.weights[b.key];
            return left != right ? left > right : a.key < b.key;
        });
        for (std::size_t t = 0; t < keys.size(); ++t) keys[t].budget = t + 1;
        largest.add(row, keys);
    });
    needs.local = search.smallest(local);
    needs.local_sinks4 = search.smallest(with_sinks);
    needs.topk = search.smallest(largest);
}

// Keys of a prompt of three quarters of the rows, kept once for all rows behind it.
struct PromptKeys {
    std::size_t first_row = 0;
    std::size_t count = 0;            // the keys of the prompt
    std::vector<std::size_t> budget;  // [count], by the mass that they are going to get

    explicit PromptKeys(const HeadInput& head) : first_row(3 * head.sizes.queries / 4) {
        const std::ptrdiff_t behind = head.sizes.position(first_row);
        count = static_cast<std::size_t>(
            std::clamp<std::ptrdiff_t>(behind, 0, static_cast<std::ptrdiff_t>(head.sizes.keys)));
        std::vector<double> mass(count);
        for (const ExactRows* rows : head.group) {
            rows->visit(first_row, head.sizes.queries, [&](const Row& row) {
                for (std::size_t j = 0; j < count; ++j) mass[j] += row.weights[j];
            });
        }
        std::vector<std::size_t> order(count);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return mass[a] > mass[b]; });
        budget.resize(count);
        for (std::size_t t = 0; t < count; ++t) budget[order[t]] = t + 1;
    }
    std::size_t budget_of(std::size_t key) const { return key < count ? budget[key] : 1; }
};

std::optional<std::size_t> search_prompt(const NeedsSearch& search, const PromptKeys& prompt) {
    BudgetErrors errors = search.errors_of_keys();
    std::vector<Reached> keys;
    search.head.exact->visit(prompt.first_row, search.head.sizes.queries, [&](const Row& row) {
        if (row.allowed.empty()) return;
        reach(
            row, [&](std::size_t j) { return prompt.budget_of(j); }, keys);
        errors.add(row, keys);
    });
    return search.smallest(errors);
}

// Blocks of rows, because whoever makes them is faster at several.
double error_of_changed(const NeedsSearch& search, const ChangedInputs& changed) {
    constexpr std::size_t kRows = 64;
    const std::size_t queries = search.head.sizes.queries;
    Matrix<double> values = changed.v;
    if (!values.empty() && !search.target.through.empty())
        values = approx::product(values.view(), search.target.through.view());
    ChangedError error(search.error(), values.view());
    const auto rows = search.recompute(changed);
    Matrix<double> block(std::min(kRows, queries), search.head.sizes.keys);
    for (std::size_t begin = 0; begin < queries; begin += kRows) {
        const std::size_t end = std::min(begin + kRows, queries);
        rows->visit(begin, end, [&](const Row& row) {
            std::copy(row.weights.begin(), row.weights.end(), block.row(row.query - begin).begin());
        });
        search.head.exact->visit(begin, end, [&](const Row& row) {
            if (!row.allowed.empty())
                error.add(row, MatrixView<const double>(block.view()).row(row.query - begin));
        });
    }
    return error.get();
}

std::optional<std::size_t> search_short_scores(const NeedsSearch& search) {
    const std::size_t d = search.head.sizes.d_head;
    const ChangedInputs all = approx::shortened(search.head, d);
    return smallest_budget(d, [&](std::size_t rank) {
        const std::size_t columns = std::min(rank, all.q.columns);
        ChangedInputs changed;
        changed.q = first_columns(all.q, columns);
        changed.k = first_columns(all.k, columns);
        return error_of_changed(search, changed) <= search.target.error;
    });
}

std::optional<std::size_t> search_bits(const NeedsSearch& search) {
    return first_of_passing({2, 3, 4, 5, 6, 8}, [&](std::size_t bits) {
        approx::QuantRule rule;
        rule.bits = static_cast<unsigned>(bits);
        ChangedInputs changed;
        const auto quantised = [&](MatrixView<const double> exact) {
            Matrix<double> x(exact.rows, exact.columns);
            for (std::size_t i = 0; i < x.rows; ++i)
                std::copy(exact.row(i).begin(), exact.row(i).end(), x.row(i).begin());
            quantise(rule, x, x.rows);
            return x;
        };
        changed.q = quantised(search.head.q);
        changed.k = quantised(search.head.k);
        changed.v = quantised(search.head.v);
        return error_of_changed(search, changed) <= search.target.error;
    });
}

void search_rank(const NeedsSearch& search, HeadNeeds& needs) {
    const approx::Sizes& sizes = search.head.sizes;
    if (sizes.queries > approx::kMostDecomposedCells / std::max<std::size_t>(1, sizes.keys)) return;
    needs.singular_values = approx::singular_values(approx::whole_weights(search.head).view());
    needs.rank = smallest_budget(needs.singular_values.size(), [&](std::size_t rank) {
        return approx::rank_floor(needs.singular_values, rank) <= search.target.error;
    });
}

// What the last query reads, of what exact attention reads.
class ReadRatios {
  public:
    ReadRatios(const NeedsSearch& search, const PromptKeys* prompt)
        : search_(search), prompt_(prompt) {
        const approx::Sizes& sizes = search.head.sizes;
        // Where there are only weights, keys count as much as values.
        key_ = sizes.d_head == 0 ? 1 : static_cast<double>(sizes.d_head);
        value_ = sizes.d_head == 0 ? 1 : static_cast<double>(sizes.d_value);
        search.head.exact->visit(sizes.queries - 1, sizes.queries, [&](const Row& row) {
            for (std::size_t j = row.allowed.begin; j < row.allowed.end; ++j) {
                if (!row.may_attend(j)) continue;
                allowed_.push_back(j);
                away_.push_back(search.away(row, j));
            }
        });
    }

    double window(std::size_t window, std::size_t sinks) const {
        return share_of_keys(
            [&](std::size_t t) { return away_[t] < window || allowed_[t] < sinks; });
    }
    double prompt(std::size_t budget) const {
        return share_of_keys(
            [&](std::size_t t) { return prompt_->budget_of(allowed_[t]) <= budget; });
    }
    // All keys are scored, the chosen values read.
    double top(std::size_t count) const {
        const auto keys = static_cast<double>(search_.head.sizes.keys);
        const auto kept = static_cast<double>(std::min(count, allowed_.size()));
        return (keys * key_ + kept * value_) / (whole() * (key_ + value_));
    }
    double short_scores(std::size_t rank) const {
        return (static_cast<double>(rank) + value_) / (key_ + value_);
    }

  private:
    double whole() const { return static_cast<double>(allowed_.size()); }

    template <class Kept>
    double share_of_keys(const Kept& kept) const {
        std::size_t count = 0;
        for (std::size_t t = 0; t < allowed_.size(); ++t) count += kept(t);
        return static_cast<double>(count) / whole();
    }

    const NeedsSearch& search_;
    const PromptKeys* prompt_;
    double key_ = 1, value_ = 1;
    std::vector<std::size_t> allowed_, away_;  // of the last row
};

std::string verdict_of(const HeadNeeds& needs, const ReadRatios& ratios) {
    if (needs.prunable.value_or(false)) return "prune";
    std::string verdict = "full";
    double least = 0.5;
    const auto offer = [&](const char* name, const HeadNeeds::Count& budget, const auto& ratio) {
        if (!budget) return;
        const double read = ratio(*budget);
        if (!(read < least)) return;
        least = read;
        verdict = name;
    };
    using Budget = std::size_t;
    offer("local", needs.local, [&](Budget b) { return ratios.window(b, 0); });
    offer("sink+local", needs.local_sinks4,
          [&](Budget b) { return ratios.window(b, kNeedsSinks); });
    offer("sparse", needs.topk, [&](Budget b) { return ratios.top(b); });
    offer("short", needs.rank_scores, [&](Budget b) { return ratios.short_scores(b); });
    offer("few keys", needs.keys, [&](Budget b) { return ratios.prompt(b); });
    return verdict;
}

template <class Needs, class Visit>
void visit_parts(Needs& needs, const Visit& visit) {
    for (auto* count : {&needs.span_90, &needs.span_95, &needs.span_99,
                        &needs.span_95_without_first, &needs.local, &needs.local_sinks4,
                        &needs.topk, &needs.rank, &needs.rank_scores, &needs.keys, &needs.bits})
        visit(*count);
    visit(needs.prunable);
    visit(needs.verdict);
    for (auto* curve : {&needs.mass, &needs.mass_without_first, &needs.singular_values})
        visit(*curve);
}

}  // namespace

HeadNeeds find_needs(const HeadInput& head, const NeedsTarget& target,
                     const RecomputeRows& recompute) {
    HeadNeeds needs;
    needs.mass = approx::mass_by_distance(head);
    needs.mass_without_first = approx::mass_by_distance(head, true);
    needs.span_90 = approx::span_of(needs.mass, 0.90);
    needs.span_95 = approx::span_of(needs.mass, 0.95);
    needs.span_99 = approx::span_of(needs.mass, 0.99);
    needs.span_95_without_first = approx::span_of(needs.mass_without_first, 0.95);

    const NeedsSearch search(head, target, recompute);
    search_rows(search, needs);
    search_rank(search, needs);
    std::optional<PromptKeys> prompt;
    if (head.causal) {
        prompt.emplace(head);
        needs.keys = search_prompt(search, *prompt);
    }
    if (recompute && !head.q.empty()) {
        needs.rank_scores = search_short_scores(search);
        needs.bits = search_bits(search);
    }
    if (target.output_share) needs.prunable = *target.output_share <= target.error;
    needs.verdict = verdict_of(needs, ReadRatios(search, prompt ? &*prompt : nullptr));
    return needs;
}

void put_needs(const HeadNeeds& needs, ByteWriter& to) {
    visit_parts(needs, [&](const auto& part) { to.put(part); });
}

void take_needs(HeadNeeds& needs, ByteReader& from) {
    visit_parts(needs, [&](auto& part) { from.take(part); });
}

}  // namespace attn::analysis
