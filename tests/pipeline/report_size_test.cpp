#include "pipeline/report_size.hpp"

#include <catch2/catch.hpp>

using namespace attn::pipeline;
using attn::results::ReportFacts;
using Catch::Contains;

namespace {

ReportFacts two_layers_of_three_heads() {
    ReportFacts facts;
    facts.layers = {0, 1};
    facts.heads = {0, 1, 2};
    facts.sequences = {0};
    facts.queries = facts.keys = 100;
    return facts;
}

ReportRequest with_budget(double bytes) {
    ReportRequest request;
    request.budget = bytes;
    return request;
}

}  // namespace

TEST_CASE("a second source makes three matrices of each") {
    const ReportFacts facts = two_layers_of_three_heads();
    const ReportSize alone = estimate_report_size(facts, {60000});
    const ReportSize compared = estimate_report_size(facts, {60000, true});
    CHECK(alone.matrices == 6);
    CHECK(alone.cells == 60000);
    CHECK(compared.matrices == 18);
    CHECK(compared.cells == 180000);
}

TEST_CASE("rollout is one matrix more of each layer") {
    ReportFacts facts = two_layers_of_three_heads();
    facts.rollout_layers = {0, 1};
    const ReportSize size = estimate_report_size(facts, {60000});
    CHECK(size.matrices == 8);
    CHECK(size.cells == 80000);
}

TEST_CASE("labels, the plane and a photograph take what is left of a page") {
    ReportFacts facts = two_layers_of_three_heads();
    const double bare = estimate_report_size(facts, {60000}).other;
    CHECK(bare > bytes_of_page_code());
    CHECK(estimate_report_size(facts, {60000, false, true}).other == Approx(bare + 5.4 * 200 * 6));
    CHECK(estimate_report_size(facts, {60000, false, false, 3000}).other == Approx(bare + 4000));
    facts.tokens = {{"four", "of"}};
    CHECK(estimate_report_size(facts, {60000}).other == Approx(bare + 8 + 6));
}

TEST_CASE("who asks for too small a page hears what would do") {
    const ReportFacts facts = two_layers_of_three_heads();
    const ReportSize size = estimate_report_size(facts, {60000});
    CHECK_THROWS_WITH(refuse_for_budget(with_budget(1000), "w.npy", facts, size),
                      Contains("w.npy: a page of 1.0 kB has no room for weights"));
    const ReportRequest tight = with_budget(bytes_of_page_code() + 30e3);
    CHECK_THROWS_WITH(refuse_for_budget(tight, "w.npy", facts, size),
                      Contains("6 matrices of 100 x 100 do not fit into a page of") &&
                          Contains("choose some with --layer, --head"));
    ReportRequest exact = tight;
    exact.values = ReportValues::exact;
    CHECK_THROWS_WITH(refuse_for_budget(exact, "w.npy", facts, size),
                      Contains("do not fit exactly") && Contains("give --values auto or"));
}
