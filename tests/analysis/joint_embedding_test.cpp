#include "analysis/joint_embedding.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using attn::MatrixView;
using attn::analysis::joint_embedding;
using attn::analysis::JointEmbedding;

namespace {

// Rows that look random.
std::vector<double> rows_of(std::size_t rows, std::size_t columns, double shift, double scale,
                            std::uint32_t seed) {
    std::vector<double> values;
    for (std::size_t i = 0; i < rows * columns; ++i) {
        seed = seed * 1664525U + 1013904223U;
        values.push_back(shift + scale * (static_cast<double>(seed >> 8) / (1 << 23) - 1));
    }
    return values;
}

JointEmbedding embedded(const std::vector<double>& q, const std::vector<double>& k,
                        std::size_t columns) {
    return joint_embedding<double>({q.data(), q.size() / columns, columns},
                                   {k.data(), k.size() / columns, columns});
}

}  // namespace

TEST_CASE("queries and keys of two columns keep all of their variance, about one centre") {
    const auto q = rows_of(30, 2, 5, 1, 1), k = rows_of(40, 2, -3, 4, 2);
    const JointEmbedding found = embedded(q, k, 2);
    CHECK(found.variance == Approx(1));
    double spread_q = 0, spread_k = 0;
    std::array<double, 2> mean_q{}, mean_k{};
    for (const auto& point : found.queries) {
        spread_q += (point[0] * point[0] + point[1] * point[1]) / 30;
        for (const std::size_t i : {0U, 1U}) mean_q[i] += point[i] / 30;
    }
    for (const auto& point : found.keys) {
        spread_k += (point[0] * point[0] + point[1] * point[1]) / 40;
        for (const std::size_t i : {0U, 1U}) mean_k[i] += point[i] / 40;
    }
    CHECK(spread_q == Approx(spread_k));
    for (const std::size_t i : {0U, 1U}) {
        CHECK(mean_q[i] == Approx(0).margin(1e-12));
        CHECK(mean_k[i] == Approx(0).margin(1e-12));
    }
}

TEST_CASE("what softmax does not see moves no point") {
    const auto q = rows_of(20, 6, 0, 1, 1), k = rows_of(20, 6, 0, 1, 2);
    std::vector<double> shifted = k;  // by the same vector
    for (std::size_t i = 0; i < k.size(); ++i) shifted[i] += static_cast<double>(i % 6) * 10;
    const JointEmbedding found = embedded(q, k, 6), moved = embedded(q, shifted, 6);
    for (std::size_t i = 0; i < 20; ++i) {
        for (const std::size_t axis : {0U, 1U}) {
            CHECK(moved.queries[i][axis] == Approx(found.queries[i][axis]).margin(1e-9));
            CHECK(moved.keys[i][axis] == Approx(found.keys[i][axis]).margin(1e-9));
        }
    }
}

TEST_CASE("near points have high scores where the plane tells") {
    // Queries and keys on a circle: each query's score is largest for the key at its own angle.
    std::vector<double> circle;
    for (int i = 0; i < 36; ++i) {
        circle.push_back(std::cos(i * 0.1745));
        circle.push_back(std::sin(i * 0.1745));
        circle.push_back(0.001 * i);
    }
    const JointEmbedding found = embedded(circle, circle, 3);
    CHECK(found.variance > 0.99);
    CHECK(found.correlation < -0.9);
}

TEST_CASE("rows that are all alike, and heads of one column, have points too") {
    const std::vector<double> same(12, 1.0);
    const JointEmbedding found = embedded(same, same, 3);
    CHECK(found.queries.front()[0] == 0);
    CHECK(std::isnan(found.correlation));
    const JointEmbedding narrow = embedded(rows_of(5, 1, 0, 1, 3), rows_of(6, 1, 0, 1, 4), 1);
    CHECK(narrow.keys.size() == 6);
    CHECK(narrow.keys.front()[1] == 0);
    CHECK(narrow.variance == Approx(1));
}
