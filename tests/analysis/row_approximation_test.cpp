#include "analysis/row_approximation.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "kernels/kept_kernels.hpp"
#include "support/approx_head.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

struct Kept {
    KeptRow by_sums;
    RowError by_cells;
};

// A row that keeps random keys, measured from sums and cell by cell.
Kept measure(const RandomHead& head, std::size_t query, double missing, unsigned seed) {
    ExactRow exact;
    exact.row = head.row(query);
    std::vector<double> weights(exact.row.weights.begin(), exact.row.weights.end());
    for (double& weight : weights) weight *= 1 - missing;
    exact.row.weights = {weights.data(), weights.size()};
    exact.row.missing = missing;
    look_at_row(exact, 8);
    std::mt19937 random(seed);
    std::vector<std::uint8_t> keep(exact.row.allowed.size());
    for (auto& bit : keep) bit = random() % 3 == 0;
    std::vector<std::uint32_t> places(keep.size() + kPlacesBehind);
    const KeptRow kept = keep_row(exact, exact.row.allowed, keep.data(), places.data());
    std::vector<double> implied(keep.size());
    for (std::size_t key = 0; key < keep.size(); ++key)
        implied[key] = keep[key] ? weights[exact.row.allowed.begin + key] * kept.factor : 0;
    return {kept, compare_row(exact, exact.row.allowed, {implied.data(), implied.size()})};
}

bool both(double a, double b) {
    return std::isnan(a) ? std::isnan(b) : std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b));
}

}  // namespace

TEST_CASE("what follows from sums of kept weights is what the cells say") {
    const RandomHead head(30, 40, 10, true, 2);
    for (const double missing : {0.0, 0.25}) {
        for (std::size_t query = 0; query < 30; ++query) {
            const Kept row = measure(head, query, missing, static_cast<unsigned>(query));
            const RowError &a = row.by_sums.error, &b = row.by_cells;
            INFO("query " << query << " missing " << missing);
            CHECK(both(a.weights_squares, b.weights_squares));
            CHECK(both(a.weights_error_squares, b.weights_error_squares));
            CHECK(both(a.kept_mass, b.kept_mass));
            CHECK(both(a.tv, b.tv));
            CHECK(both(a.kl, b.kl));
            CHECK(both(a.js, b.js));
            CHECK(a.top1 == b.top1);
            CHECK(a.top == b.top);
            CHECK(both(a.row_sum_error, b.row_sum_error));
        }
    }
}

TEST_CASE("total variation is 1 - kept mass, and divergence its negative logarithm") {
    const RandomHead head(30, 30, 0, false, 12);
    for (std::size_t query = 0; query < 30; ++query) {
        const RowError error = measure(head, query, 0, static_cast<unsigned>(query)).by_sums.error;
        CHECK(error.tv == Approx(1 - error.kept_mass).margin(1e-13));
        CHECK(error.kl == Approx(-std::log(error.kept_mass)).margin(1e-13));
    }
}

TEST_CASE("a row that keeps all is exact, and one that keeps nothing is a row of zeros") {
    const RandomHead head(5, 9, 3, true, 1);
    ExactRow exact;
    exact.row = head.row(4);
    look_at_row(exact, 8);
    std::vector<std::uint8_t> all(8, 1), none(8, 0);
    std::vector<std::uint32_t> places(8 + kPlacesBehind);
    const RowError whole = keep_row(exact, exact.row.allowed, all.data(), places.data()).error;
    CHECK(whole.weights_error_squares == 0);
    CHECK(whole.kl == 0);
    CHECK(whole.js == Approx(0).margin(1e-15));
    CHECK(whole.top1 == 1);
    CHECK(whole.top == 1);
    const KeptRow empty = keep_row(exact, exact.row.allowed, none.data(), places.data());
    CHECK(empty.factor == 0);
    CHECK(empty.error.tv == Approx(0.5));
    CHECK(empty.error.row_sum_error == 1);
    CHECK(empty.error.kept_mass == 0);
    CHECK(std::isnan(empty.error.kl));
}

TEST_CASE("a row that loses next to nothing tells how much that is") {
    // What is left of the squares of a row would be rounding.
    std::vector<double> weights(400, 1e-12);
    for (std::size_t key = 0; key < 2; ++key) weights[100 + key] = 0.5 - 199e-12;
    ExactRow exact;
    exact.row.weights = {weights.data(), weights.size()};
    exact.row.allowed = {0, weights.size()};
    look_at_row(exact, 8);
    std::vector<std::uint8_t> keep(400, 0);
    keep[100] = keep[101] = 1;
    std::vector<std::uint32_t> places(400 + kPlacesBehind);
    const KeptRow row = keep_row(exact, exact.row.allowed, keep.data(), places.data());
    const double lost = 398e-24;
    const double grown = (row.factor - 1) * (row.factor - 1) * 0.5;
    CHECK(row.error.weights_error_squares == Approx(lost + grown).epsilon(1e-6));
    CHECK(row.error.kept == 2);
    CHECK(places[0] == 100);
}

TEST_CASE("the largest weights of a row are the same, found for one method or for all") {
    const RandomHead head(6, 200, 0, false, 3);
    for (std::size_t query = 0; query < 6; ++query) {
        ExactRow alone, shared;
        alone.row = shared.row = head.row(query);
        look_at_row(alone, 8);
        look_at_row(shared, 8, 50);
        CHECK(alone.top == shared.top);
        REQUIRE(shared.row.largest_count == 50);
        std::vector<double> sorted(shared.row.weights.begin(), shared.row.weights.end());
        std::sort(sorted.begin(), sorted.end(), std::greater<>());
        sorted.resize(50);
        std::vector<double> largest(shared.row.largest.begin(), shared.row.largest.end());
        std::sort(largest.begin(), largest.end(), std::greater<>());
        CHECK(largest == sorted);
    }
}

TEST_CASE("weights below zero leave divergences undefined") {
    const RandomHead head(1, 3, 0, false, 1);
    ExactRow exact;
    exact.row = head.row(0);
    look_at_row(exact, 8);
    const std::vector<double> implied{1.2, -0.2, 0};
    const RowError error = compare_row(exact, {0, 3}, {implied.data(), 3});
    CHECK(error.negative_mass == Approx(0.2));
    CHECK(std::isnan(error.kl));
    CHECK(std::isnan(error.js));
}

TEST_CASE("the cosine of contexts leaves out those that are zero") {
    const std::vector<double> exact{3, 4}, turned{-4, 3}, zero{0, 0};
    RowError error;
    compare_context(error, Span<const double>(exact), Span<const double>(turned));
    CHECK(error.cosine == Approx(0).margin(1e-15));
    CHECK(error.context_error_squares == Approx(50));
    compare_context(error, Span<const double>(exact), Span<const double>(zero));
    CHECK(error.cosine == 0);
    RowError none;
    compare_context(none, Span<const double>(zero), Span<const double>(exact));
    CHECK(std::isnan(none.cosine));
}
