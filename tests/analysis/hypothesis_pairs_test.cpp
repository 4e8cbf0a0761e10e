#include "analysis/hypothesis_pairs.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

using namespace attn::analysis;

namespace {

const Hypothesis& mistake_named(const std::string& name) {
    const auto& all = hypotheses();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Hypothesis& one) { return name == one.name; });
    INFO(name);
    REQUIRE(found != all.end());
    return *found;
}

}  // namespace

TEST_CASE("two mistakes are tried together in whatever order they are named") {
    std::size_t together = 0;
    for (const Hypothesis& a : hypotheses()) {
        for (const Hypothesis& b : hypotheses()) {
            INFO(a.name << ", " << b.name);
            CHECK(may_be_together(a, b) == may_be_together(b, a));
            if (a.part == b.part) CHECK_FALSE(may_be_together(a, b));
            together += may_be_together(a, b) ? 1 : 0;
        }
    }
    CHECK(together > hypotheses().size());
}

TEST_CASE("a search over all values and an estimate through all layers stand alone") {
    for (const Hypothesis& a : hypotheses()) {
        if (a.fit != Fit::theta && a.fit != Fit::epsilon_everywhere) continue;
        for (const Hypothesis& b : hypotheses()) CHECK_FALSE(may_be_together(a, b));
    }
}

TEST_CASE("mistakes that could not be told from one another beside each other are not paired") {
    const Hypothesis &unscaled = mistake_named("no scale"),
                     &estimated_scale = mistake_named("another scale"),
                     &sigmoid = mistake_named("sigmoid in place of softmax");
    CHECK(may_be_together(unscaled, mistake_named("W_O missing")));
    CHECK(may_be_together(unscaled, sigmoid));
    CHECK_FALSE(may_be_together(estimated_scale, sigmoid));  // no row sums to tell the number by
    CHECK_FALSE(may_be_together(unscaled, mistake_named("scaled twice")));
}
