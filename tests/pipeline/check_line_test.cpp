#include "pipeline/check_line.hpp"

#include <catch2/catch.hpp>

using namespace attn::pipeline;

TEST_CASE("every check has a meaning, and a limit where it has a worst value") {
    for (const std::string& name : check_names()) {
        INFO(name);
        CheckLine line = line_of(name.c_str(), Verdict::ok);
        describe(line, 1e-3);
        CHECK_FALSE(line.meaning.empty());
        CHECK(line.threshold.has_value() == !line.limit.empty());
    }
}

TEST_CASE("the tolerance of sums is in their limit") {
    CheckLine line = line_of("row_sum", Verdict::ok);
    describe(line, 0.02);
    CHECK(line.threshold == 0.02);
    CHECK(line.limit == "1 +/- 0.02");
}
