#include "pipeline/approx_rows.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace attn;
using namespace attn::pipeline;

namespace {

// A method in two layers.
ApproxResult with_context_errors(double first, double second) {
    results::ApproxRow row;
    row.spec = "local:window=4";
    row.layers.resize(2);
    row.layers[0].measures.context_error = first;
    row.layers[1].layer = 7;
    row.layers[1].measures.context_error = second;
    ApproxResult result;
    result.report.methods = {row};
    return result;
}

ApproxRequest with_limit(double limit) {
    ApproxRequest request;
    request.max_error = limit;
    return request;
}

}  // namespace

TEST_CASE("each target of approx has its error") {
    analysis::ApproxMeasures measures;
    measures.context_error = 0.1;
    measures.weights_error = 0.2;
    measures.output_error = 0.3;
    measures.lost_mass = 0.25;
    CHECK(error_of(measures, ApproxTarget::context) == 0.1);
    CHECK(error_of(measures, ApproxTarget::weights) == 0.2);
    CHECK(error_of(measures, ApproxTarget::output) == 0.3);
    CHECK(error_of(measures, ApproxTarget::mass) == 0.25);
}

TEST_CASE("layers above the limit are named, those at it are not") {
    ApproxResult result = with_context_errors(0.25, 0.5);
    compare_with_limit(with_limit(0.25), ApproxTarget::context, result);
    CHECK(result.above ==
          std::vector<std::string>{"local:window=4, layer 7: error of context is 0.5"});
}

TEST_CASE("an error that was not measured is below no limit") {
    ApproxResult result = with_context_errors(0.25, std::numeric_limits<double>::quiet_NaN());
    CHECK_THROWS_WITH(compare_with_limit(with_limit(1), ApproxTarget::context, result),
                      "--max-error: local:window=4 has no error of --target context here");
}

TEST_CASE("without a limit nothing is too much") {
    ApproxResult result = with_context_errors(100, 100);
    compare_with_limit(ApproxRequest(), ApproxTarget::context, result);
    CHECK(result.above.empty());
}
