#include "analysis/head_needs.hpp"

#include <catch2/catch.hpp>

#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// A head of given weights and nothing else.
HeadNeeds needs_of(const Matrix<double>& weights, NeedsTarget target) {
    const KeptRows rows(weights, true, 0);
    approx::HeadInput head;
    head.sizes = {weights.rows, weights.columns, 0, 0, 0};
    head.causal = head.masked = true;
    head.exact = &rows;
    head.group = {&rows};
    return find_needs(head, target, nullptr);
}

NeedsTarget mass_target(double error) {
    NeedsTarget target;
    target.measure = NeedsMeasure::mass;
    target.error = error;
    return target;
}

}  // namespace

TEST_CASE("a head that looks at the token before needs a window of two") {
    Matrix<double> weights(16, 16);
    for (std::size_t i = 0; i < 16; ++i) weights.at(i, i == 0 ? 0 : i - 1) = 1;
    const HeadNeeds needs = needs_of(weights, mass_target(0.05));
    CHECK(needs.span_95 == 2u);
    CHECK(needs.local == 2u);
    CHECK(needs.topk == 1u);
    CHECK(needs.rank == 15u);  // few keys are not a low rank
    CHECK_FALSE(needs.bits);
    CHECK(needs.verdict == "local");
}

TEST_CASE("a head that looks at the first token needs the sink") {
    Matrix<double> weights(16, 16);
    for (std::size_t i = 0; i < 16; ++i) {
        weights.at(i, 0) += 0.9;
        weights.at(i, i) += 0.1;
    }
    const HeadNeeds needs = needs_of(weights, mass_target(0.05));
    CHECK(needs.span_95 == 16u);
    CHECK(needs.span_95_without_first == 1u);
    CHECK(needs.local == 16u);
    CHECK(needs.local_sinks4 == 1u);
    CHECK(needs.topk == 2u);
    CHECK(needs.verdict == "sink+local");
    CHECK(needs.keys == 1u);
}

TEST_CASE("a head whose output hardly counts can be pruned") {
    Matrix<double> weights(4, 4);
    for (std::size_t i = 0; i < 4; ++i) weights.at(i, i) = 1;
    NeedsTarget target = mass_target(0.05);
    target.output_share = 0.01;
    CHECK(needs_of(weights, target).verdict == "prune");
    target.output_share = 0.06;
    CHECK_FALSE(*needs_of(weights, target).prunable);
}

TEST_CASE("one query and one key need one of everything") {
    const HeadNeeds needs = needs_of(test::random_matrix(1, 1, 1), mass_target(0));
    CHECK(needs.local == 1u);
    CHECK(needs.topk == 1u);
    CHECK(needs.rank == 1u);
}
