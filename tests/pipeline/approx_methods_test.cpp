#include "pipeline/approx_methods.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;
using namespace attn::pipeline;

namespace {

ApproxChoice named(const std::string& methods) {
    ApproxChoice choice;
    choice.methods = methods;
    return choice;
}

ApproxSurroundings of_inputs() {
    ApproxSurroundings around;
    around.sizes = {16, 16, 4, 4, 0};
    around.is.causal = true;
    around.is.masked = true;
    around.is.cells = 256;
    return around;
}

ChosenMethods chosen(const ApproxChoice& choice, const Warn& warn = nullptr) {
    return ChosenMethods(choice, of_inputs(), warn);
}

}  // namespace

TEST_CASE("exact attention is the first row, and the only one where no method is named") {
    const ChosenMethods none = chosen(named(""));
    REQUIRE(none.rows().size() == 1);
    CHECK(none.rows()[0].group == approx::group_name(approx::Group::exact));
    CHECK_FALSE(none.takes_budget());
    const ChosenMethods again = chosen(named("exact,local:window=4"));
    REQUIRE(again.rows().size() == 2);
    CHECK(again.rows()[1].spec == "local:window=4");
    CHECK(again.rows()[1].budget == "window=4");
}

TEST_CASE("methods that --budget leaves open run once for each of its shares") {
    const ChosenMethods open = chosen({"local", {0.25, 0.5}, 0, 1});
    CHECK(open.takes_budget());
    CHECK(open.rows().size() == 3);
    CHECK_FALSE(chosen(named("local:window=4")).takes_budget());
}

TEST_CASE("a random method runs with so many seeds, others once") {
    const ChosenMethods both = chosen({"local:window=4,performer:features=8", {}, 7, 3});
    REQUIRE(both.rows().size() == 3);
    REQUIRE(both.methods().size() == 5);
    REQUIRE(both.runs().size() == 3);
    CHECK(both.runs()[1].count == 1);
    CHECK(both.runs()[2].count == 3);
    for (std::size_t run = 0; run < 3; ++run)
        CHECK(both.methods()[2 + run].options().real("seed") == static_cast<double>(7 + run));
}

TEST_CASE("a method that is named twice or does not apply is refused, one of many is skipped") {
    CHECK_THROWS_WITH(chosen(named("topk:k=2,topk:k=2")), Catch::Contains("is named twice"));
    ApproxSurroundings weights = of_inputs();
    weights.is.inputs = false;
    CHECK_THROWS_AS(ChosenMethods(named("performer"), weights, nullptr), Error);
    const ChosenMethods all(named("all"), weights, nullptr);
    std::size_t skipped = 0;
    for (const results::ApproxRow& row : all.rows()) skipped += row.skipped.empty() ? 0 : 1;
    CHECK(skipped > 0);
    CHECK(all.specs().size() == all.rows().size() - skipped);
}

TEST_CASE("an option beyond the size of the input is cut, and the caller is told") {
    std::string told;
    const ChosenMethods cut =
        chosen(named("local:window=99"), [&](const std::string& text) { told = text; });
    CHECK_THAT(told, Catch::Contains("window=99 is cut to 16"));
    CHECK(cut.rows()[1].budget == "window=16");
}

TEST_CASE("rows know their budget, and whether the exact weights choose") {
    const auto row = [](const char* text) { return chosen(named(text)).rows()[1]; };
    CHECK(row("topp:p=0.5").budget == "p=0.5");
    CHECK(row("topp").budget.empty());
    CHECK(row("quant:bits=4").budget == "bits=4");
    CHECK(row("quant:kind=nf4").budget.empty());
    CHECK(row("topk:k=2").oracle);
    CHECK_FALSE(row("block-topk:block=4").oracle);
    CHECK(row("block-topk:block=4:estimate=oracle").oracle);
}
