#include "pipeline/report_plan.hpp"

#include <algorithm>
#include <cmath>

#include "core/divide_up.hpp"

namespace attn::pipeline {
namespace {

// Bytes in the page, deflated and in base64, as measured on heads of six kinds.
constexpr double kExactCell = 5.0;
constexpr double kCompactCell = 1.1;
constexpr double kRowEntry = 6.5;   // weight and key
constexpr double kBandEntry = 9.0;  // weight, query and key

ReportPlan exact_plan(const ReportSize& size) {
    return {true, 1, 0, kExactCell * size.cells + size.other};
}

ReportPlan whole_plan(const ReportSize& size, std::size_t top) {
    const std::size_t entries = std::min(top, size.keys);
    const auto rows = static_cast<double>(size.matrices * size.queries);
    return {
        false, 1, entries,
        kCompactCell * size.cells + kRowEntry * rows * static_cast<double>(entries) + size.other};
}

ReportPlan pooled_plan(const ReportSize& size, std::size_t pool, double budget, std::size_t top) {
    ReportPlan plan{false, pool, 0, 0};
    const auto bands = static_cast<double>(size.matrices * plan.rows(size.queries));
    const double most = static_cast<double>(pool * std::min(top, size.keys));
    plan.top = static_cast<std::size_t>(
        std::clamp(std::floor(budget / 3 / (kBandEntry * bands)), 1.0, std::max(most, 1.0)));
    const auto side = static_cast<double>(pool);
    // A block at the edge of what may be attended is a whole cell.
    const double cells = std::min(size.cells / (side * side) + bands,
                                  bands * static_cast<double>(plan.columns(size.keys)));
    plan.bytes =
        kCompactCell * cells + kBandEntry * bands * static_cast<double>(plan.top) + size.other;
    return plan;
}

// Whether a page of whole matrices is worth being made: cells of half a matrix are often zeros.
bool may_be_whole(const ReportSize& size, double budget) {
    constexpr double kLeastCell = 0.4;
    return kLeastCell * size.cells + size.other <= budget;
}

// Sides of kShortestSide cells at least.
std::size_t coarsest_pool(const ReportSize& size) {
    return (std::max(size.queries, size.keys) - 1) / (kShortestSide - 1);
}

ReportPlan coarsest_plan(const ReportSize& size, ReportValues values, std::size_t top) {
    if (values == ReportValues::exact) return exact_plan(size);
    const std::size_t pool = coarsest_pool(size);
    return pool > 1 ? pooled_plan(size, pool, /*budget=*/0, top) : whole_plan(size, top);
}

}  // namespace

ReportRoom report_room(const ReportSize& size, ReportValues values, double budget,
                       std::size_t top) {
    // Noise takes about a tenth more than the heads that the bytes of a cell were measured on.
    constexpr double kMargin = 1.1;
    const auto matrices = static_cast<double>(size.matrices);
    const double fixed = size.other - size.each * matrices;
    const double all = fixed + kMargin * (coarsest_plan(size, values, top).bytes - fixed);
    const double fitting = std::floor((budget - fixed) * matrices / std::max(all - fixed, 1.0));
    return {static_cast<std::size_t>(std::clamp(fitting, 0.0, matrices - 1)), all};
}

std::optional<ReportPlan> plan_report(const ReportSize& size, ReportValues values, double budget,
                                      std::size_t top, const std::optional<ReportPlan>& too_large) {
    const std::size_t longest = std::max(size.queries, size.keys);
    if (values == ReportValues::exact)
        return too_large ? std::nullopt : std::optional(exact_plan(size));
    if (!too_large && values == ReportValues::automatic) {
        const ReportPlan exact = exact_plan(size);
        if (exact.bytes <= budget && kExactCell * size.cells <= kExactWeights) return exact;
    }
    const std::size_t coarsest = coarsest_pool(size);
    const bool pools = coarsest > 1;
    if ((!too_large || too_large->exact) && longest <= kLongestSide &&
        (may_be_whole(size, budget) || !pools))
        return whole_plan(size, top);
    const std::size_t drawable = divide_up(longest, kLongestSide);
    const std::size_t finest =
        std::max({too_large ? too_large->pool + 1 : 2, drawable, std::size_t{2}});
    for (std::size_t pool = finest; pool <= coarsest; ++pool) {
        const ReportPlan pooled = pooled_plan(size, pool, budget, top);
        // The coarsest is tried in any case: estimates are no reason to refuse a page.
        if (pooled.bytes <= budget || pool == coarsest) return pooled;
    }
    return std::nullopt;
}

}  // namespace attn::pipeline
