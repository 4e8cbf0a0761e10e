// Attention of real models, judged by the commands that users run.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pipeline/check.hpp"
#include "pipeline/stats.hpp"
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

pipeline::CheckLine line(const pipeline::CheckResult& result, const std::string& name) {
    for (const pipeline::CheckLine& found : result.lines) {
        if (found.name == name) return found;
    }
    FAIL("no line " << name);
    return result.lines.front();
}

}  // namespace

TEST_CASE("every measure of real heads agrees with NumPy in float64") {
    std::ifstream stream(ATTN_SOURCE_DIR "/tests/golden/stats/real.json");
    const auto models = nlohmann::json::parse(stream);
    for (const auto& [name, expected] : models.items()) {
        pipeline::StatsRequest request;
        request.from.source = std::string(ATTN_CASES_DIR) + "/real-attention/" + name + ".npy";
        request.from.tokens =
            std::string(ATTN_CASES_DIR) + "/real-attention/" + name + ".tokens.json";
        const auto found = pipeline::measure(request, {}, [](const std::string&) {});
        REQUIRE(found.heads.size() == expected.size());
        for (std::size_t head = 0; head < expected.size(); ++head) {
            for (const auto& [measure, value] : expected[head].items()) {
                INFO(name << ", head " << head << ", " << measure);
                CHECK(found.heads[head].*analysis::find_measure(measure, "").value ==
                      Approx(value.get<double>()).epsilon(1e-5).margin(2e-6));
            }
        }
    }
}

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
