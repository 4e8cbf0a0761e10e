// Verdicts where chance and rounding are large: few rows, few keys, numbers of 16 bits.
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/rounding.hpp"
#include "support/attention.hpp"
#include "support/program.hpp"

using namespace attn::test;
using attn::analysis::round_to;
using attn::analysis::Rounding;
using Json = nlohmann::json;

namespace {

Json small_line(const Json& json, const std::string& name) {
    for (const Json& line : json["checks"]) {
        if (line["name"] == name) return line;
    }
    return {};
}

// What check says of a file.
Json check(std::vector<std::string> arguments, int exit_code) {
    arguments.insert(arguments.begin(), "check");
    arguments.emplace_back("--json");
    const auto result = run_program(arguments);
    INFO(result.out << result.err);
    CHECK(result.exit_code == exit_code);
    return Json::parse(result.out);
}

}  // namespace

TEST_CASE("rows that sum to one but for bfloat16's rounding pass, and the warning says so") {
    const TempFolder folder;
    RandomAttention attention(4, 40, true);
    for (float& weight : attention.weights)
        weight = static_cast<float>(round_to(Rounding::bfloat16, static_cast<double>(weight)));
    const std::string file = attention.write(folder);
    const Json found = check({file, "--causal"}, 0);
    const Json sums = small_line(found, "row_sum");
    CHECK(std::abs(sums["worst"].get<double>() - 1) > 1e-3);
    CHECK(sums["verdict"] == "ok");
    CHECK(sums["threshold"].get<double>() == Approx(1e-3 + 0x1p-8));
    CHECK(small_line(found, "half_precision")["verdict"] == "warning");
    // Who names a tolerance means it.
    CHECK(small_line(check({file, "--atol", "1e-3"}, 1), "row_sum")["verdict"] == "FAIL");
    // A row that is wrong is more so than rounding.
    for (std::size_t key = 0; key < 40; ++key) {
        float& weight = attention.at(2, 30, key);
        weight =
            static_cast<float>(round_to(Rounding::bfloat16, static_cast<double>(weight) * 1.01));
    }
    const Json bad = small_line(check({attention.write(folder), "--causal"}, 1), "row_sum");
    CHECK(bad["place"]["head"] == 2);
    CHECK(bad["place"]["query"] == 30);
}

TEST_CASE("weights of few decimals are named as the cause of sums and of zeros that they make") {
    const TempFolder folder;
    RandomAttention attention(2, 60, true);
    for (float& weight : attention.weights)
        weight = static_cast<float>(round_to(Rounding::decimals2, static_cast<double>(weight)));
    const std::string file = attention.write(folder);
    const Json found = check({file, "--causal"}, 0);
    CHECK(small_line(found, "row_sum")["message"].get<std::string>().find(
              "within rounding to 2 decimals") == 0);
    CHECK_THAT(small_line(found, "half_precision")["message"].get<std::string>(),
               Catch::Contains("of 2 decimals"));
    CHECK(small_line(found, "masked_keys")["verdict"] == "ok");
    // Who names a tolerance means it.
    CHECK_THAT(
        small_line(check({file, "--atol", "1e-3"}, 1), "row_sum")["message"].get<std::string>(),
        Catch::Contains("the values have 2 decimals: rounding"));
    for (std::size_t key = 0; key < 60; ++key)
        attention.at(1, 9, key) = static_cast<float>(
            round_to(Rounding::decimals2, 1.5 * static_cast<double>(attention.at(1, 9, key))));
    const Json wrong = small_line(check({attention.write(folder), "--causal"}, 1), "row_sum");
    CHECK(wrong["place"]["query"] == 9);
}

TEST_CASE("columns of bfloat16 that sum to one are a softmax over the queries") {
    const TempFolder folder;
    RandomAttention attention(2, 12, false);
    RandomAttention turned = attention;
    for (std::size_t head = 0; head < 2; ++head) {
        for (std::size_t query = 0; query < 12; ++query) {
            for (std::size_t key = 0; key < 12; ++key)
                turned.at(head, key, query) = static_cast<float>(round_to(
                    Rounding::bfloat16, static_cast<double>(attention.at(head, query, key))));
        }
    }
    CHECK_THAT(
        small_line(check({turned.write(folder)}, 1), "row_sum")["message"].get<std::string>(),
        Catch::Contains("the matrix is transposed"));
}

TEST_CASE("a negative cell of a small head is a weight out of range, not a raw score") {
    const TempFolder folder;
    for (const float value : {-1e-5F, -0.02F}) {
        RandomAttention attention(1, 5, false);
        attention.at(0, 2, 4) += attention.at(0, 2, 3) - value;
        attention.at(0, 2, 3) = value;
        const Json found = check({attention.write(folder)}, 1);
        CHECK(small_line(found, "range")["verdict"] == "FAIL");
        CHECK(small_line(found, "range")["place"]["key"] == 3);
    }
}

TEST_CASE("dropout is named in small heads, whose sums are far from one on the whole by chance") {
    const TempFolder folder;
    std::size_t named = 0;
    constexpr unsigned kTimes = 20;
    for (unsigned seed = 1; seed <= kTimes; ++seed) {
        RandomAttention attention(4, 8, true, seed);
        std::mt19937 random(seed);
        for (float& weight : attention.weights) weight = random() % 2 == 0 ? 2 * weight : 0;
        const Json found = check({attention.write(folder)}, 1);
        named += found.dump().find("dropout was left on") != std::string::npos;
    }
    CHECK(named >= kTimes - 1);
}

TEST_CASE("a second softmax is seen where every row sums to one") {
    const TempFolder folder;
    RandomAttention attention(3, 16, false);
    CHECK(small_line(check({attention.write(folder)}, 0), "dead_head")["verdict"] == "ok");
    for (std::size_t row = 0; row < 48; ++row) {
        float* const weights = attention.weights.data() + row * 16;
        float sum = 0;
        for (std::size_t key = 0; key < 16; ++key) sum += weights[key] = std::exp(weights[key]);
        for (std::size_t key = 0; key < 16; ++key) weights[key] /= sum;
    }
    const Json dead = small_line(check({attention.write(folder)}, 0), "dead_head");
    CHECK(dead["verdict"] == "warning");
    CHECK_THAT(dead["message"].get<std::string>(),
               Catch::Contains("3 of 3 heads") && Catch::Contains("softmax runs twice"));
}

TEST_CASE("two weights that are nearly even are chance, two that are even a dead head") {
    const TempFolder folder;
    const auto verdict = [&](const std::string& weights) {
        return small_line(check({folder.write("w.json", weights), "--causal"}, 0),
                          "dead_head")["verdict"];
    };
    CHECK(verdict("[[1, 0], [0.51, 0.49]]") == "ok");
    CHECK(verdict("[[1, 0], [0.5, 0.5]]") == "warning");
}

TEST_CASE("a uniform head of bfloat16 is a dead one, though its rows do not sum to one") {
    const TempFolder folder;
    RandomAttention attention(2, 66, true);
    for (std::size_t query = 0; query < 66; ++query) {
        for (std::size_t key = 0; key <= query; ++key)
            attention.at(1, query, key) = 1 / static_cast<float>(query + 1);
    }
    for (float& weight : attention.weights)
        weight = static_cast<float>(round_to(Rounding::bfloat16, static_cast<double>(weight)));
    const Json dead = small_line(check({attention.write(folder), "--causal"}, 0), "dead_head");
    CHECK(dead["verdict"] == "warning");
    CHECK(dead["place"]["head"] == 1);
}
