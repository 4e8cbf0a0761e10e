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

TEST_CASE("svd takes weights of 8,192 by 8,192 whole, and no more") {
    Circumstances is;
    is.cells = std::size_t{1} << 26;
    CHECK(why_not(spec_of("svd"), is).empty());
    ++is.cells;
    CHECK(why_not(spec_of("svd"), is) == "holds all 67108865 weights of a head, at most 67108864");
    CHECK(why_not(spec_of("topk"), is).empty());
}
