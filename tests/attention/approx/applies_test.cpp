#include "attention/approx/applies.hpp"

#include <catch2/catch.hpp>

using namespace attn::approx;

namespace {

Spec spec_of(const std::string& text) {
    return parse_specs(text).front();
}

}  // namespace

TEST_CASE("caches need causal attention") {
    Circumstances is;
    CHECK_THAT(why_not(spec_of("h2o"), is), Catch::Contains("--causal"));
    is.causal = is.masked = true;
    CHECK(why_not(spec_of("h2o"), is).empty());
}

TEST_CASE("masks and top weights apply to weights alone") {
    Circumstances is;
    is.inputs = false;
    for (const char* name : {"local", "block", "strided", "fixed", "global", "span", "topk", "topp",
                             "threshold", "oracle-global"})
        CHECK(why_not(spec_of(name), is).empty());
}
