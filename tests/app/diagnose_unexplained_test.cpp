// What diagnose says of an observation that no mistake explains, or not all of it.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/diagnoses.hpp"
#include "support/npy_bytes.hpp"

using namespace attn::test;
using Json = nlohmann::json;

TEST_CASE("how much of the error a mistake explains is told") {
    const TempFolder folder;
    const std::string seen = observed(folder, join(kFourHeads, {"--scale", "1"}), "weights.npy");
    const auto result = run_diagnose(join(kFourHeads, {"--observed", seen}));
    CHECK_THAT(result.out,
               Catch::Contains("no scale") &&
                   Catch::Contains(" % of the largest error, the rest is float32 rounding"));
    const auto json =
        Json::parse(run_diagnose(join(kFourHeads, {"--observed", seen, "--json"})).out);
    CHECK(json["explanations"][0]["explains"].get<double>() > 0.999);
    CHECK(json["only"]["heads"].empty());
}

TEST_CASE("what nothing explains is said to be unexplained") {
    const TempFolder folder;
    const std::string noise =
        folder.write("noise.npy", npy_floats("(4, 49, 49)", std::vector<float>(4 * 49 * 49, 0.3F)));
    const auto result = run_diagnose(join(kFourHeads, {"--causal", "--observed", noise}));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Catch::StartsWith("none of these: "));
}

TEST_CASE("of what nothing explains the farthest number is shown") {
    const TempFolder folder;
    std::string bytes = read_file(observed(folder, join(kFourHeads, {"--causal"}), "weights.npy"));
    const std::size_t cells = 4 * 49 * 49, leak = 49 * 30 + 31;
    const float weight = 0x1p-13F;
    bytes.replace(bytes.size() - 4 * (cells - leak), 4, bytes_of(std::vector<float>{weight}));
    const std::string leaky = folder.write("leaky.npy", bytes);
    const auto result = run_diagnose(join(kFourHeads, {"--causal", "--observed", leaky}));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Catch::StartsWith("none of these: ") &&
                               Catch::EndsWith("1 of 9604 numbers differs from what was asked for, "
                                               "the farthest at head 0, query 30, key 31: "
                                               "0.00012207 instead of 0\n"));
    const auto json = Json::parse(
        run_diagnose(join(kFourHeads, {"--causal", "--observed", leaky, "--json"})).out);
    CHECK(json["verdict"] == "unexplained");
    CHECK(json["misfit"]["differing"] == 1);
    CHECK(json["misfit"]["place"] == Json{{"seq", 0}, {"head", 0}, {"query", 30}, {"key", 31}});
    CHECK(json["misfit"]["observed"] == weight);
}

TEST_CASE("NaN is reported first, with its place, and explained by nothing finite") {
    const TempFolder folder;
    std::string bytes = read_file(observed(folder, join(kFourHeads, {"--causal"}), "weights.npy"));
    constexpr std::size_t cells = 4 * 49 * 49, row = (49 * 2 + 20) * 49;
    const std::vector<float> nan(49, NAN);
    bytes.replace(bytes.size() - 4 * (cells - row), 4 * nan.size(), bytes_of(nan));
    const std::string seen = folder.write("nan.npy", bytes);
    const auto result = run_diagnose(join(kFourHeads, {"--causal", "--observed", seen}));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out,
               Catch::StartsWith("NaN: 49 of 9604 numbers of the observed weights, the first at "
                                 "head 2, query 20, key 0; 1 row is NaN as a whole: head 2, query "
                                 "20\nall other numbers are as asked for\nnone of these: "));
    const auto json =
        Json::parse(run_diagnose(join(kFourHeads, {"--causal", "--observed", seen, "--json"})).out);
    CHECK(json["verdict"] == "unexplained");
    CHECK(json["non_finite"]["nan"] == 49);
    CHECK(json["non_finite"]["rows"] == Json::parse(R"([{"seq": 0, "head": 2, "query": 20}])"));
    CHECK(json["explanations"].empty());
}

TEST_CASE("infinity is reported like NaN") {
    const TempFolder folder;
    std::string bytes = read_file(observed(folder, join(kFourHeads, {}), "weights.npy"));
    bytes.replace(bytes.size() - 4, 4, bytes_of(std::vector<float>{INFINITY}));
    const std::string seen = folder.write("infinite.npy", bytes);
    const auto result = run_diagnose(join(kFourHeads, {"--observed", seen}));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Catch::StartsWith("infinity: 1 of 9604 numbers of the observed weights, "
                                             "the first at head 3, query 48, key 48\n"));
}

TEST_CASE("a small error that is no rounding is said to be none") {
    const TempFolder folder;
    const std::string path = observed(folder, join(kFourHeads, {"--causal"}), "weights.npy");
    std::string bytes = read_file(path);
    constexpr std::size_t cells = 4 * 49 * 49;
    std::vector<float> weights(cells);
    std::memcpy(weights.data(), bytes.data() + bytes.size() - 4 * cells, 4 * cells);
    for (std::size_t i = 0; i < cells; ++i)
        weights[i] *= 1 + 0.002F * std::sin(static_cast<float>(i * i % 1000));
    bytes.replace(bytes.size() - 4 * cells, 4 * cells, bytes_of(weights));
    const std::string seen = folder.write("noisy.npy", bytes);
    const auto result =
        run_diagnose(join(kFourHeads, {"--causal", "--observed", seen, "--time-limit", "0"}));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Catch::StartsWith(
                               "small difference, size of bfloat16 rounding, but not rounding\n"));
    CHECK_THAT(result.out, !Catch::Contains("half-precision"));
    const auto json = Json::parse(run_diagnose(join(kFourHeads, {"--causal", "--observed", seen,
                                                                 "--json", "--time-limit", "0"}))
                                      .out);
    CHECK(json["verdict"] == "unexplained");
    CHECK(json["small_difference"] == "bfloat16");
}

TEST_CASE("where and how it differs is said when no mistake comes near") {
    const TempFolder folder;
    std::vector<float> values(4 * 49 * 49);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i * 7919 % 1009) / 1009;
    const std::string seen = folder.write("alien.npy", npy_floats("(4, 49, 49)", values));
    const auto result = run_diagnose(join(kFourHeads, {"--causal", "--observed", seen}));
    CHECK_THAT(result.out, Catch::Contains(", nor comes near\n") &&
                               Catch::Contains("where: 4 of 4 heads, 49 of 49 queries") &&
                               Catch::Contains("how much: typically ") &&
                               Catch::Contains("rows add up to "));
    CHECK_THAT(result.out, !Catch::Contains("residual"));
}

TEST_CASE("an array of one number is no attention") {
    const TempFolder folder;
    const std::string zeros =
        folder.write("zeros.npy", npy_floats("(4, 49, 49)", std::vector<float>(4 * 49 * 49)));
    const auto result = run_diagnose(join(kFourHeads, {"--causal", "--observed", zeros}));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Catch::Contains("all numbers are 0: nothing was written"));
}

TEST_CASE("when the time limit strikes, text and JSON say what was not tried") {
    const TempFolder folder;
    std::vector<float> values(4 * 49 * 49);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i * 7919 % 1009) / 1009;
    const std::string seen = folder.write("alien.npy", npy_floats("(4, 49, 49)", values));
    const auto flags = join(kFourHeads, {"--observed", seen, "--time-limit", "1e-6"});
    CHECK_THAT(run_diagnose(flags).out, Catch::Contains("stopped after 1e-06 s (--time-limit): ") &&
                                            Catch::Contains("mistakes and pairs not tried"));
    const auto json = Json::parse(run_diagnose(join(flags, {"--json"})).out);
    CHECK(json["verdict"] == "unexplained");
    CHECK(json["untried"].size() > 50);
    const auto whole = join(kFourHeads, {"--observed", seen, "--time-limit", "0", "--json"});
    CHECK(Json::parse(run_diagnose(whole).out)["untried"].empty());
    for (const char* wrong : {"-1", "nan", "inf", "1e9", "soon"})
        check_no_verdict(join(kFourHeads, {"--observed", seen, "--time-limit", wrong}),
                         "--time-limit");
}
