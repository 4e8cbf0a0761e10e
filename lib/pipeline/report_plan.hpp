// How the page of `report` keeps weights: exactly, as one byte a cell, or as the largest of each
// block of cells. A pure function of sizes, so that the page stays below its budget.
#pragma once

#include <cstddef>
#include <optional>

#include "core/divide_up.hpp"

namespace attn::pipeline {

// What the page is to hold.
struct ReportSize {
    std::size_t matrices = 1;  // heads of all layers and sequences, differences and rollouts too
    double cells = 0;          // that may be attended, in all matrices
    std::size_t queries = 0;
    std::size_t keys = 0;
    double other = 0;  // bytes of what is no matrix: code, tokens, statistics
    double each = 0;   // how many of these each matrix brings
};

enum class ReportValues { automatic, exact, compact };

struct ReportPlan {
    bool exact = false;
    std::size_t pool = 1;  // a cell is the largest of pool x pool weights
    std::size_t top = 0;   // exact entries a row, or a band of rows; 0: all are exact
    double bytes = 0;      // of the page, as estimated

    std::size_t rows(std::size_t queries) const { return divide_up(queries, pool); }
    std::size_t columns(std::size_t keys) const { return divide_up(keys, pool); }
};

// Bytes of weights up to which they are exact without being asked to; what else the page holds does
// not count, so that a picture under its patches makes no weights less exact.
constexpr double kExactWeights = 1.8e6;
// Sides that a browser draws as one picture, and below which there is nothing to see.
constexpr std::size_t kLongestSide = 2048;
constexpr std::size_t kShortestSide = 64;

// The most faithful plan that may be within `budget` bytes and that is coarser than `too_large`, a
// plan whose page turned out to be above it: bytes are an estimate, how many they are shows when
// the page is made. `top`: exact entries a row. Nothing where all were too large.
std::optional<ReportPlan> plan_report(const ReportSize& size, ReportValues values, double budget,
                                      std::size_t top,
                                      const std::optional<ReportPlan>& too_large = std::nullopt);

// What would do where no plan fits; estimates.
struct ReportRoom {
    std::size_t matrices = 0;  // so many have room in the budget; fewer than there are
    double bytes = 0;          // of a page that has room for all of them, at their coarsest
};
ReportRoom report_room(const ReportSize& size, ReportValues values, double budget, std::size_t top);

}  // namespace attn::pipeline
