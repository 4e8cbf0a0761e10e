#include "analysis/discard.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace attn::analysis;

namespace {

using Rows = std::vector<std::vector<double>>;

RowCells cells_of(const Rows& rows) {
    return [&rows](std::size_t row, std::vector<double>& cells) { cells = rows[row]; };
}

// What a stable sort of all cells puts first.
std::vector<std::vector<bool>> by_sorting(const Rows& rows, std::size_t count) {
    struct Cell {
        double value;
        std::size_t row, place;
    };
    std::vector<Cell> all;
    std::vector<std::vector<bool>> first;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        first.emplace_back(rows[row].size());
        for (std::size_t place = 0; place < rows[row].size(); ++place)
            all.push_back({rows[row][place], row, place});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Cell& a, const Cell& b) { return a.value < b.value; });
    for (std::size_t i = 0; i < count; ++i) first[all[i].row][all[i].place] = true;
    return first;
}

std::vector<std::vector<bool>> by_rule(const Rows& rows, const Discard& rule) {
    std::vector<std::vector<bool>> first;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        first.emplace_back();
        std::size_t ties = rule.ties_of(row);
        for (const double value : rows[row]) {
            const bool tied = value == rule.threshold && ties > 0;
            if (tied) --ties;
            first.back().push_back(tied || value < rule.threshold);
        }
    }
    return first;
}

}  // namespace

TEST_CASE("the smallest cells are those that sorting finds, whatever the number of them") {
    std::mt19937 random(3);
    Rows rows(40);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        for (std::size_t i = 0; i <= row; ++i)
            rows[row].push_back(std::ldexp(static_cast<double>(random()), -40));
    }
    for (const std::size_t count : {0, 1, 2, 17, 400, 819, 820})
        CHECK(by_rule(rows, find_discard(rows.size(), count, cells_of(rows))) ==
              by_sorting(rows, count));
}

TEST_CASE("among cells that are alike those of lower rows and keys go first") {
    const Rows rows{{0, 0.5, 0.5}, {0.5}, {0.25, 0.5, 1}};
    for (std::size_t count = 0; count <= 7; ++count)
        CHECK(by_rule(rows, find_discard(3, count, cells_of(rows))) == by_sorting(rows, count));
}

TEST_CASE("a matrix of one number is cut where its places say") {
    const Rows rows(1100, std::vector<double>(1000, 0.125));  // more than are held to be sorted
    CHECK(by_rule(rows, find_discard(rows.size(), 700123, cells_of(rows))) ==
          by_sorting(rows, 700123));
}

TEST_CASE("a row by itself is cut like a matrix of one row") {
    const Rows rows{{0.5, 0.25, 0.5, 0.25, 0.1}};
    for (std::size_t count = 0; count <= 5; ++count)
        CHECK(by_rule(rows, find_row_discard(rows[0], count)) == by_sorting(rows, count));
}
