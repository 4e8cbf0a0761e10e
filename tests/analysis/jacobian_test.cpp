#include "analysis/jacobian.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

using attn::analysis::Jacobian;
using attn::analysis::measure_jacobian;

namespace {

Jacobian measured(const std::vector<double>& weights, double sink = 0) {
    return measure_jacobian<double>(weights, sink, true);
}

// diag(p) - p pᵀ as a matrix, measured cell by cell; its largest eigenvalue by powers.
Jacobian by_matrix(const std::vector<double>& p) {
    Jacobian jacobian;
    const std::size_t m = p.size();
    std::vector<double> cells(m * m);
    for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < m; ++j) {
            const double cell = (i == j ? p[i] : 0) - p[i] * p[j];
            cells[i * m + j] = cell;
            jacobian.norm += cell * cell;
            if (i == j) jacobian.trace += cell;
        }
    }
    jacobian.norm = std::sqrt(jacobian.norm);
    std::vector<double> vector(m);
    for (std::size_t i = 0; i < m; ++i) vector[i] = 1 / (1.0 + static_cast<double>(i));
    for (int step = 0; step < 4000; ++step) {
        std::vector<double> next(m);
        double size = 0;
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < m; ++j) next[i] += cells[i * m + j] * vector[j];
            size += next[i] * next[i];
        }
        jacobian.spectral = std::sqrt(size);
        for (double& value : next) value /= jacobian.spectral;
        vector = next;
    }
    return jacobian;
}

std::vector<double> softmax_of(std::size_t m, double spread, unsigned seed, double sink) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::vector<double> p(m);
    double sum = sink;
    for (double& value : p) sum += value = std::exp(spread * normal(random));
    for (double& value : p) value /= sum;
    return p;
}

}  // namespace

TEST_CASE("the Jacobian of softmax is measured as its matrix would be") {
    for (const double sink : {0.0, 0.7}) {
        for (const std::size_t m : {2, 3, 7, 20}) {
            for (const double spread : {0.3, 1.0, 3.0}) {
                const std::vector<double> p = softmax_of(m, spread, static_cast<unsigned>(m), sink);
                double rest = 1;
                for (const double value : p) rest -= value;
                const Jacobian found = measured(p, sink > 0 ? rest : 0), expected = by_matrix(p);
                INFO(m << " keys, spread " << spread << ", sink " << sink);
                CHECK(found.norm == Approx(expected.norm).epsilon(1e-12));
                CHECK(found.trace == Approx(expected.trace).epsilon(1e-12));
                CHECK(found.spectral == Approx(expected.spectral).epsilon(1e-7));
            }
        }
    }
}

TEST_CASE("a row with one weight of all but 1 keeps what it lets through") {
    // Σp² - 2Σp³ + (Σp²)² would be 0 here.
    const double small = 1e-20;
    const Jacobian row = measured({1.0, small});
    CHECK(row.norm == Approx(2 * small).epsilon(1e-12));
    CHECK(row.trace == Approx(2 * small).epsilon(1e-12));
    CHECK(row.spectral == Approx(2 * small).epsilon(1e-12));
    const float tiny = 1e-10F;
    const std::vector<float> narrow{tiny, 1.0F, tiny};
    CHECK(measure_jacobian<float>(narrow, 0, true).norm ==
          Approx(std::sqrt(10.0) * 1e-10).epsilon(1e-6));
    CHECK(measure_jacobian<float>(narrow, 0, true).spectral == Approx(3e-10).epsilon(1e-6));
}

TEST_CASE("two weights p and 1 - p have one eigenvalue, 2 p (1 - p)") {
    for (const double p : {0.5, 0.3, 1e-3, 1e-9})
        CHECK(measured({p, 1 - p}).spectral == Approx(2 * p * (1 - p)).epsilon(1e-9));
}

TEST_CASE("uniform rows have an eigenvalue of 1 / m and a trace near 1") {
    const Jacobian row = measured(std::vector<double>(8, 0.125));
    CHECK(row.spectral == Approx(0.125));
    CHECK(row.trace == Approx(0.875));
    CHECK(row.norm == Approx(std::sqrt(7.0) / 8));
}

TEST_CASE("one key beside a sink shares with it") {
    const Jacobian row = measured({0.25}, 0.75);
    CHECK(row.norm == Approx(0.1875));
    CHECK(row.spectral == Approx(0.1875));
    CHECK(measured({1.0}).norm == 0);
}

TEST_CASE("a row of NaN has no Jacobian, which is not one of 0") {
    const double nan = std::nan("");
    for (const std::vector<double>& row : {std::vector<double>{nan, nan, nan}, {nan, 0.5}}) {
        CHECK(std::isnan(measured(row).norm));
        CHECK(std::isnan(measured(row).trace));
    }
    CHECK(std::isnan(measured({nan, nan}).spectral));
    CHECK(std::isnan(measured({nan, nan}).largest));
}
