#include "pipeline/report_plan.hpp"

#include <algorithm>
#include <cmath>

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

ReportPlan pooled_plan(const ReportSize& size, std::size_t pool, double budget) {
    ReportPlan plan{false, pool, 0, 0};
    const auto bands = static_cast<double>(size.matrices * plan.rows(size.queries));
    const double entries = std::clamp(std::floor(budget / 3 / (kBandEntry * bands)), 1.0,
                                      4.0 * static_cast<double>(pool));
    plan.top = static_cast<std::size_t>(entries);
    const auto side = static_cast<double>(pool);
    // A block at the edge of what may be attended is a whole cell.
    const double cells = std::min(size.cells / (side * side) + bands,
                                  bands * static_cast<double>(plan.columns(size.keys)));
    plan.bytes = kCompactCell * cells + kBandEntry * bands * entries + size.other;
    return plan;
}

}  // namespace

std::optional<ReportPlan> plan_report(const ReportSize& size, ReportValues values, double budget,
                                      std::size_t top, const std::optional<ReportPlan>& too_large) {
    const std::size_t longest = std::max(size.queries, size.keys);
    if (!too_large && values != ReportValues::compact) {
        const ReportPlan exact = exact_plan(size);
        const double limit = values == ReportValues::exact ? budget : std::min(budget, kExactPage);
        if (exact.bytes <= limit) return exact;
    }
    if (values == ReportValues::exact) return std::nullopt;
    if ((!too_large || too_large->exact) && longest <= kLongestSide) {
        const ReportPlan whole = whole_plan(size, top);
        if (whole.bytes <= budget) return whole;
    }
    const std::size_t coarser = too_large ? too_large->pool + 1 : 2;
    const std::size_t drawable = (longest + kLongestSide - 1) / kLongestSide;
    for (std::size_t pool = std::max({coarser, drawable, std::size_t{2}});; ++pool) {
        if ((longest + pool - 1) / pool < kShortestSide) return std::nullopt;
        const ReportPlan pooled = pooled_plan(size, pool, budget);
        if (pooled.bytes <= budget) return pooled;
    }
}

}  // namespace attn::pipeline
