#include "analysis/estimates.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn::analysis;

namespace {

std::vector<double> curve(double number) {
    return {number * number, std::exp(-number), 1};
}

}  // namespace

TEST_CASE("a number is found by least squares, whatever the curve") {
    for (const double right : {0.7, 1.01, 1.3})
        CHECK(fit_number(curve, curve(right), 1) == Approx(right).epsilon(1e-7));
}

TEST_CASE("cells that are not finite take no part") {
    std::vector<double> seen = curve(1.2);
    seen.push_back(NAN);
    const auto compute = [](double number) {
        std::vector<double> values = curve(number);
        values.push_back(-INFINITY);
        return values;
    };
    CHECK(fit_number(compute, seen, 1) == Approx(1.2).epsilon(1e-7));
}

TEST_CASE("dropout is told by its factor, and by as many zeros as that promises") {
    Faced faced;
    for (int i = 0; i < 1000; ++i) {
        faced.expected.push_back(0.2);
        faced.seen.push_back(i % 4 == 0 ? 0 : 0.2 / 0.75);
    }
    DropoutEstimate right(Rounding::none);
    right.add(faced);
    CHECK(right.factor() == Approx(1 / 0.75));
    for (int i = 0; i < 400; ++i) faced.seen[static_cast<std::size_t>(2 * i + 1)] = 0;
    DropoutEstimate wrong(Rounding::none);
    wrong.add(faced);
    CHECK(wrong.factor() == 0);
}

TEST_CASE(
    "dropout in some of the rows is told by those, and it is said whether others are spared") {
    Faced faced;
    faced.width = 100;
    for (int i = 0; i < 1000; ++i) {
        const bool dropped = i >= 600;
        faced.expected.push_back(0.2);
        faced.seen.push_back(!dropped ? 0.2 : i % 4 == 0 ? 0 : 0.2 / 0.75);
    }
    DropoutEstimate in_rows(Rounding::none, true), in_all(Rounding::none);
    in_rows.add(faced);
    in_all.add(faced);
    CHECK(in_rows.factor() == Approx(1 / 0.75));
    CHECK(in_rows.spares_rows());
    CHECK(in_all.factor() == 0);
}

TEST_CASE("zeros beside numbers that are as expected are no dropout") {
    for (const double factor : {1.0, 1 + 2.3e-16, 1 + 1e-6}) {
        for (const int zeros : {1, 2, 5}) {
            Faced faced;
            for (int i = 0; i < 40; ++i) {
                faced.expected.push_back(0.2);
                faced.seen.push_back(i < zeros ? 0 : 0.2 * factor);
            }
            DropoutEstimate estimate(Rounding::none);
            estimate.add(faced);
            INFO(factor << ", " << zeros << " zeros");
            CHECK(estimate.factor() == 0);
        }
    }
}
