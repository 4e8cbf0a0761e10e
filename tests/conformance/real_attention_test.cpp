// Attention of real models, judged by the commands that users run.
#include <catch2/catch.hpp>

#include "pipeline/check.hpp"
#include "support/arrays.hpp"

using namespace attn;
using pipeline::Verdict;

namespace {

pipeline::CheckResult check(const std::string& file, bool causal) {
    pipeline::CheckRequest request;
    request.from.source = std::string(ATTN_CASES_DIR) + "/real-attention/" + file;
    if (causal) request.attention.causal = true;
    return pipeline::check(request, {}, [](const std::string&) {});
}

const pipeline::CheckLine& line(const pipeline::CheckResult& result, const std::string& name) {
    for (const pipeline::CheckLine& found : result.lines) {
        if (found.name == name) return found;
    }
    FAIL("no line " << name);
    return result.lines.front();
}

}  // namespace

TEST_CASE("GPT-2's attention is sane and causal") {
    for (const char* file : {"gpt2-small-layer2.npy", "gpt2-small-layer5.npy"}) {
        const auto result = check(file, true);
        CHECK_FALSE(result.failed());
        CHECK(line(result, "causal_leak").verdict == Verdict::ok);
    }
}

TEST_CASE("quantized LLaMA passes, and its rounding is named") {
    const auto result = check("llama-7b-quantized-layer0.npy", true);
    CHECK_FALSE(result.failed());
    CHECK(line(result, "half_precision").verdict == Verdict::warning);
    CHECK_THAT(line(result, "half_precision").message, Catch::Contains("float16"));
}

TEST_CASE("T5's raw scores fail as raw scores") {
    const auto result = check("t5-raw-scores.npy", false);
    CHECK(result.failed());
    CHECK(line(result, "not_probabilities").verdict == Verdict::fail);
    CHECK_THAT(line(result, "not_probabilities").message, Catch::Contains("raw scores"));
}
