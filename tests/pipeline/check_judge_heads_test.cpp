// Verdicts on heads that do nothing, or the same as another one.
#include <catch2/catch.hpp>

#include "pipeline/check.hpp"
#include "support/attention.hpp"

using namespace attn::pipeline;
using attn::test::RandomAttention;
using attn::test::TempFolder;

namespace {

CheckLine line_of(const RandomAttention& attention, const std::string& name) {
    const TempFolder folder;
    CheckRequest request;
    request.from.source = attention.write(folder);
    request.only = {name};
    return check(request, {}, [](const std::string&) {}).lines.at(0);
}

// All rows of a head are these weights.
void set_rows(RandomAttention& attention, std::size_t head, const std::vector<float>& weights) {
    for (std::size_t query = 0; query < attention.n; ++query) {
        for (std::size_t key = 0; key < attention.n; ++key)
            attention.at(head, query, key) = weights[key];
    }
}

}  // namespace

TEST_CASE("heads that differ and choose have no fault") {
    const RandomAttention attention(3, 8, false);
    for (const char* name : {"dead_head", "collapsed_head", "saturated", "duplicate_heads"}) {
        INFO(name);
        CHECK(line_of(attention, name).verdict == Verdict::ok);
    }
}

TEST_CASE("a head whose rows are all uniform is dead, and its place is told") {
    RandomAttention attention(3, 8, false);
    set_rows(attention, 1, std::vector<float>(8, 0.125F));
    const CheckLine line = line_of(attention, "dead_head");
    CHECK(line.verdict == Verdict::warning);
    CHECK(line.place->head == 1);
    CHECK(line.message == "1 of 3 heads: every row is uniform over its keys");
}

TEST_CASE("where every head is uniform the weights were probably not loaded") {
    RandomAttention attention(2, 8, false);
    for (const std::size_t head : {0, 1}) set_rows(attention, head, std::vector<float>(8, 0.125F));
    CHECK_THAT(line_of(attention, "dead_head").message,
               Catch::Contains("2 of 2 heads") && Catch::Contains("not loaded"));
}

TEST_CASE("a head all of whose rows look at one key is collapsed, and saturated") {
    RandomAttention attention(2, 4, false);
    set_rows(attention, 1, {0, 0, 1, 0});
    const CheckLine collapsed = line_of(attention, "collapsed_head");
    CHECK(collapsed.verdict == Verdict::warning);
    CHECK(collapsed.place->head == 1);
    CHECK(line_of(attention, "saturated").verdict == Verdict::warning);
}

TEST_CASE("rows that each look at another key are saturated, but not collapsed") {
    RandomAttention attention(2, 4, false);
    set_rows(attention, 1, {0, 0, 0, 0});
    for (std::size_t query = 0; query < 4; ++query) attention.at(1, query, (query + 1) % 4) = 1;
    CHECK(line_of(attention, "saturated").verdict == Verdict::warning);
    CHECK(line_of(attention, "collapsed_head").verdict == Verdict::ok);
}

TEST_CASE("two heads with the same weights are told with both numbers") {
    RandomAttention attention(4, 6, false);
    for (std::size_t cell = 0; cell < 36; ++cell)
        attention.weights[3 * 36 + cell] = attention.weights[1 * 36 + cell];
    const CheckLine line = line_of(attention, "duplicate_heads");
    CHECK(line.verdict == Verdict::warning);
    CHECK(line.message == "head 3 is the same as head 1");
    attention.weights[3 * 36] += 1e-3F;
    CHECK(line_of(attention, "duplicate_heads").verdict == Verdict::ok);
}

TEST_CASE("scores are judged where there are any") {
    const CheckLine line = line_of(RandomAttention(2, 6, false), "constant_scores");
    CHECK(line.verdict == Verdict::skipped);
    CHECK_THAT(line.message, Catch::Contains("needs the scores"));
}
