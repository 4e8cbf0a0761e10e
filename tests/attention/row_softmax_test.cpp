#include "attention/row_softmax.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "kernels/kernel_sets.hpp"

namespace {

template <class T>
std::vector<T> random_row(std::size_t size, double spread) {
    std::mt19937 random(static_cast<unsigned>(size));
    std::normal_distribution<double> normal(0, spread);
    std::vector<T> row(size);
    for (T& value : row) value = static_cast<T>(normal(random));
    return row;
}

template <class T>
constexpr T kNoSink = -std::numeric_limits<T>::infinity();

// The whole row in one piece; false without a key.
template <class T>
bool softmax(const attn::Kernels<T>& kernels, T* row, std::size_t size, T sink) {
    attn::RowSoftmax<T> state(sink);
    state.add(kernels, row, size, kernels.largest(row, size));
    kernels.scale(row, size, state.factor(state.high()));
    return state.has_keys();
}

// The definition, in long double.
template <class T>
std::vector<long double> defined_softmax(const std::vector<T>& row) {
    const T high = *std::max_element(row.begin(), row.end());
    std::vector<long double> result;
    long double sum = 0;
    for (const T value : row) {
        result.push_back(
            std::exp(static_cast<long double>(value) - static_cast<long double>(high)));
        sum += result.back();
    }
    for (long double& value : result) value /= sum;
    return result;
}

}  // namespace

TEMPLATE_TEST_CASE("softmax agrees with its definition on every instruction set", "", float,
                   double) {
    const double eps = static_cast<double>(std::numeric_limits<TestType>::epsilon());
    for (const auto* kernels : attn::runnable_kernels<TestType>()) {
        for (const std::size_t size : {1, 2, 7, 15, 16, 17, 31, 33, 100, 511, 513, 4099}) {
            for (const double spread : {0.01, 1.0, 20.0}) {
                INFO(kernels->instruction_set << ", " << size << " scores, spread " << spread);
                std::vector<TestType> row = random_row<TestType>(size, spread);
                const std::vector<long double> expected = defined_softmax(row);
                softmax(*kernels, row.data(), size, kNoSink<TestType>);
                double worst = 0;
                double sum = 0;
                for (std::size_t i = 0; i < size; ++i) {
                    const auto difference = static_cast<double>(
                        std::abs(static_cast<long double>(row[i]) - expected[i]));
                    // A score is rounded before exp, so that the error grows with its distance from
                    // the largest.
                    const double distance =
                        -std::log(std::max(1e-30, static_cast<double>(expected[i])));
                    // Weights below float's normal range may be flushed to zero.
                    worst =
                        std::max(worst, difference / (static_cast<double>(expected[i]) + 1e-30) /
                                            (4 + distance));
                    sum += static_cast<double>(row[i]);
                }
                CHECK(worst <= eps);
                CHECK(std::abs(sum - 1) <= 4 * eps * std::sqrt(static_cast<double>(size)));
            }
        }
    }
}

TEMPLATE_TEST_CASE("a row sums to one at any length", "", float, double) {
    const double eps = static_cast<double>(std::numeric_limits<TestType>::epsilon());
    for (const auto* kernels : attn::runnable_kernels<TestType>()) {
        for (const std::size_t size : {std::size_t{1} << 17, std::size_t{1} << 20}) {
            std::vector<TestType> row = random_row<TestType>(size, 1.0);
            softmax(*kernels, row.data(), size, kNoSink<TestType>);
            const double sum = std::accumulate(row.begin(), row.end(), 0.0);
            CHECK(std::abs(sum - 1) <= 4 * eps * std::sqrt(static_cast<double>(size)));
        }
    }
}

TEMPLATE_TEST_CASE("rows without a key are zero, NaN and infinity are not hidden", "", float,
                   double) {
    const TestType inf = std::numeric_limits<TestType>::infinity();
    const TestType nan = std::numeric_limits<TestType>::quiet_NaN();
    for (const auto* kernels : attn::runnable_kernels<TestType>()) {
        for (const std::size_t size : {3, 40}) {
            INFO(kernels->instruction_set << ", " << size << " scores");
            std::vector<TestType> none(size, -inf);
            softmax(*kernels, none.data(), size, kNoSink<TestType>);
            CHECK(std::all_of(none.begin(), none.end(), [](TestType w) { return w == 0; }));

            std::vector<TestType> one(size, -inf);
            one[1] = 5;
            softmax(*kernels, one.data(), size, kNoSink<TestType>);
            CHECK(one[1] == 1);
            CHECK(std::count(one.begin(), one.end(), TestType{0}) == static_cast<long>(size) - 1);

            for (std::size_t place = 0; place < size; ++place) {
                for (const TestType bad : {nan, inf}) {
                    for (const TestType rest : {TestType{0}, -inf}) {
                        std::vector<TestType> row(size, rest);
                        row[place] = bad;
                        softmax(*kernels, row.data(), size, kNoSink<TestType>);
                        CHECK(std::any_of(row.begin(), row.end(),
                                          [](TestType w) { return std::isnan(w); }));
                        CHECK(std::isnan(row[place]));
                    }
                }
            }
        }
        std::vector<TestType> empty;
        CHECK_FALSE(softmax(*kernels, empty.data(), 0, -inf));
    }
}

TEST_CASE("huge scores do not overflow") {
    std::vector<float> row{3e38F, 3e38F, -3e38F};
    softmax(attn::kernels<float>(), row.data(), row.size(), kNoSink<float>);
    CHECK(row == std::vector<float>{0.5F, 0.5F, 0});
}

TEMPLATE_TEST_CASE("a sink takes its share of every row that has keys", "", float, double) {
    for (const auto* kernels : attn::runnable_kernels<TestType>()) {
        INFO(kernels->instruction_set);
        for (const TestType sink : {TestType{-2}, TestType{0}, TestType{5}}) {
            std::vector<TestType> row{1, 2, 3};
            CHECK(softmax(*kernels, row.data(), row.size(), sink));
            const double share = std::exp(static_cast<double>(sink));
            const double all = std::exp(1.0) + std::exp(2.0) + std::exp(3.0) + share;
            for (int i = 0; i < 3; ++i) {
                CHECK(static_cast<double>(row[static_cast<std::size_t>(i)]) ==
                      Approx(std::exp(i + 1.0) / all));
            }
        }
        std::vector<TestType> none(20, kNoSink<TestType>);
        CHECK_FALSE(softmax(*kernels, none.data(), none.size(), TestType{1}));
        CHECK(none == std::vector<TestType>(20, 0));
    }
}

TEMPLATE_TEST_CASE("the entropy of a row follows from its pieces", "", float, double) {
    const double eps = static_cast<double>(std::numeric_limits<TestType>::epsilon());
    const TestType inf = std::numeric_limits<TestType>::infinity();
    for (const auto* kernels : attn::runnable_kernels<TestType>()) {
        for (const TestType sink : {-inf, TestType{0}, TestType{3}}) {
            for (const double spread : {0.01, 1.0, 20.0}) {
                INFO(kernels->instruction_set << ", sink " << sink << ", spread " << spread);
                // Rising, so that each piece moves the maximum; some cells are masked.
                std::vector<TestType> row = random_row<TestType>(300, spread);
                for (std::size_t i = 0; i < row.size(); ++i)
                    row[i] = i % 7 == 3 ? -inf
                                        : row[i] + static_cast<TestType>(0.01 * spread *
                                                                         static_cast<double>(i));
                const std::vector<TestType> scores = row;
                attn::RowSoftmax<TestType> state(sink, /*with_entropy=*/true);
                for (std::size_t i = 0; i < row.size(); i += 100)
                    state.add(*kernels, row.data() + i, 100, kernels->largest(row.data() + i, 100));
                long double sum = std::exp(static_cast<long double>(sink));
                for (const TestType score : scores)
                    sum += std::exp(static_cast<long double>(score));
                long double expected = 0;
                for (const TestType score : scores) {
                    if (score == -inf) continue;
                    const long double weight = std::exp(static_cast<long double>(score)) / sum;
                    expected -= weight * std::log(weight);
                }
                CHECK(state.entropy() == Approx(static_cast<double>(expected)).epsilon(40 * eps));
            }
        }
        attn::RowSoftmax<TestType> none(TestType{1}, /*with_entropy=*/true);
        std::vector<TestType> masked(20, -inf);
        none.add(*kernels, masked.data(), masked.size(), -inf);
        CHECK(none.entropy() == 0);
    }
}
