// Two results are the same, or the first cell that differs is named.
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/attention.hpp"
#include "support/program.hpp"

using namespace attn::test;
using Json = nlohmann::json;

namespace {

Json compare(const std::vector<std::string>& arguments, int exit_code) {
    std::vector<std::string> all{"compare"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.emplace_back("--json");
    const auto result = run_program(all);
    INFO(result.err);
    REQUIRE(result.exit_code == exit_code);
    return Json::parse(result.out);
}

void check_compare_refused(const std::vector<std::string>& arguments, const std::string& text) {
    std::vector<std::string> all{"compare"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto result = run_program(all);
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::Contains(text));
}

// Two sequences of three tokens, two heads.
std::string run_of_batch(const TempFolder& folder) {
    std::vector<float> values(24);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i * i));
    const std::string rows = folder.write("rows.npy", npy_floats("(2, 3, 4)", values));
    const auto result = run_program({"run", "-q", rows, "-k", rows, "-v", rows, "--heads", "2",
                                     "--save", "weights", "-o", folder / "run"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return folder / "run";
}

}  // namespace

TEST_CASE("the same is the same") {
    const TempFolder folder;
    const std::string file = RandomAttention(2, 6, true).write(folder);
    const Json result = compare({file, file}, 0);
    CHECK(result["same"] == true);
    CHECK(result["heads"][1]["max_ulp"] == 0);
    CHECK(result["heads"][1]["cosine"].get<double>() == Approx(1));
    CHECK(result["heads"][1]["first"].is_null());
    const auto table = run_program({"compare", file, file});
    CHECK(table.out == "the same: all 2 heads are close\n");
}

TEST_CASE("only heads that differ are printed, and one line for all; --all prints the rest") {
    const TempFolder folder;
    RandomAttention attention(4, 6, true);
    const std::string a = attention.write(folder, "a.npy");
    attention.at(2, 4, 1) += 0.5F;
    const std::string b = attention.write(folder, "b.npy");
    const auto brief = run_program({"compare", a, b});
    CHECK(brief.exit_code == 1);
    CHECK(std::count(brief.out.begin(), brief.out.end(), '\n') == 3);  // header, head 2, totals
    CHECK_THAT(brief.out, Catch::Contains("1 of 36  ") &&
                              Catch::EndsWith("they differ: 1 of 4 heads, 1 of 144 cells, "
                                              "max_abs 0.5\n"));
    const auto all = run_program({"compare", a, b, "--all"});
    CHECK(std::count(all.out.begin(), all.out.end(), '\n') == 6);
    CHECK_THAT(run_program({"compare", a, a, "--all"}).out, Catch::Contains("0 of 36"));
}

TEST_CASE("a divergence is never negative, and scores have none") {
    const TempFolder folder;
    const std::string exact = folder.write("a.json", "[[0.3333333, 0.6666667]]");
    const std::string rounded = folder.write("b.json", "[[0.3335, 0.667]]");
    const std::string scores = folder.write("c.json", "[[-1.5, 0.667]]");
    CHECK(compare({exact, rounded}, 1)["heads"][0]["mean_kl"].get<double>() > 0);
    CHECK(compare({rounded, exact}, 1)["heads"][0]["mean_kl"].get<double>() > 0);
    CHECK(compare({scores, rounded}, 1)["heads"][0]["mean_kl"].is_null());
}

TEST_CASE("the first cell that differs is named, with every distance") {
    const TempFolder folder;
    RandomAttention attention(2, 6, false);
    const std::string a = attention.write(folder, "a.npy");
    attention.at(1, 4, 2) *= 1.5F;
    attention.at(1, 4, 5) = std::nextafter(attention.at(1, 4, 5), 1.0F);
    const std::string b = attention.write(folder, "b.npy");
    const Json result = compare({a, b}, 1);
    CHECK(result["heads"][0]["differing"] == 0);
    const Json& head = result["heads"][1];
    CHECK(head["differing"] == 1);
    CHECK(head["first"] == Json::parse("[4, 2]"));
    const double original = static_cast<double>(attention.at(1, 4, 2)) / 1.5;
    CHECK(head["max_abs"].get<double>() == Approx(original / 2));
    CHECK(head["max_rel"].get<double>() == Approx(1.0 / 3));
    CHECK(head["max_ulp"].get<double>() > 1e6);
    // KL(a, b) of the one row that differs, over six rows; b's does not sum to one.
    CHECK(head["mean_kl"].get<double>() ==
          Approx(original * (std::log(1 / 1.5) + 0.5) / 6).epsilon(1e-3));
    CHECK(compare({a, b, "--rtol", "0.4"}, 0)["same"] == true);
    CHECK(compare({a, b, "--atol", "1"}, 0)["same"] == true);
}

TEST_CASE("neighbouring numbers are one ulp apart, across zero too") {
    const TempFolder folder;
    const float tiny = std::numeric_limits<float>::denorm_min();
    const std::string a = folder.write("a.npy", npy_floats("(1, 2)", {1, -tiny}));
    const std::string b =
        folder.write("b.npy", npy_floats("(1, 2)", {std::nextafter(1.0F, 2.0F), tiny}));
    CHECK(compare({a, b}, 0)["heads"][0]["max_ulp"] == 2);
}

TEST_CASE("float64 is compared as float64, and with float32 too") {
    const TempFolder folder;
    const std::vector<double> values{0.25, 0.75};
    const std::vector<double> others{0.25, 0.75 + 1e-12};
    const auto file = [&](const std::string& name, const std::vector<double>& numbers) {
        return folder.write(name, npy_bytes(npy_dictionary("<f8", "(1, 2)"), bytes_of(numbers)));
    };
    const std::string a = file("a.npy", values), b = file("b.npy", others);
    CHECK(compare({a, b, "--rtol", "0", "--atol", "0"}, 1)["heads"][0]["max_abs"].get<double>() ==
          Approx(1e-12).epsilon(1e-3));
    CHECK(compare({a, b}, 0)["same"] == true);
    const std::string narrow = folder.write("c.npy", npy_floats("(1, 2)", {0.25F, 0.75F}));
    CHECK(compare({narrow, a, "--rtol", "0", "--atol", "0"}, 0)["same"] == true);
}

TEST_CASE("steps are those of the coarser type") {
    const TempFolder folder;
    // 0.5 and its neighbour in float16, as float16 and as float32.
    const std::vector<std::uint16_t> a{0x3800, 0x3400}, b{0x3801, 0x3400};
    const auto half = [&](const std::string& name, const std::vector<std::uint16_t>& bits) {
        return folder.write(name, npy_bytes(npy_dictionary("<f2", "(1, 2)"), bytes_of(bits)));
    };
    const std::string x = half("x.npy", a), y = half("y.npy", b);
    CHECK(compare({x, y}, 1)["heads"][0]["max_ulp"] == 1);
    const float next = 0.5F + std::exp2(-11.0F);
    const std::string wide = folder.write("wide.npy", npy_floats("(1, 2)", {next, 0.25F}));
    CHECK(compare({y, wide}, 0)["heads"][0]["max_ulp"] == 0);
    const std::string between =
        folder.write("between.npy", npy_floats("(1, 2)", {0.5F + std::exp2(-12.0F), 0.25F}));
    CHECK(compare({x, between, "--atol", "1"}, 0)["heads"][0]["max_ulp"] == 0.5);
    const auto doubles = [&](const std::string& name, double value) {
        return folder.write(
            name, npy_bytes(npy_dictionary("<f8", "(1, 1)"), bytes_of(std::vector<double>{value})));
    };
    CHECK(compare({doubles("p.npy", 1), doubles("q.npy", std::nextafter(1.0, 2.0))},
                  0)["heads"][0]["max_ulp"] == 1);
}

TEST_CASE("NaN is never close, equal infinities are") {
    const TempFolder folder;
    const float inf = std::numeric_limits<float>::infinity();
    const std::string a = folder.write("a.npy", npy_floats("(1, 3)", {-inf, 1, 2}));
    CHECK(compare({a, a}, 0)["same"] == true);
    const std::string b = folder.write("b.npy", npy_floats("(1, 3)", {-inf, std::nanf(""), 2}));
    CHECK(compare({b, b}, 1)["heads"][0]["first"] == Json::parse("[0, 1]"));
}

TEST_CASE("runs are matched by the numbers of layers and heads, and what is missing is said") {
    const TempFolder folder;
    for (const auto& [name, heads] : {std::pair("all", "0-3"), std::pair("some", "1,3")}) {
        run_program({"run", "-w", sample("model.json"), "--save", "weights", "--head", heads, "-o",
                     folder / name});
    }
    const Json result = compare({folder / "all", folder / "some"}, 1);
    CHECK(result["heads"].size() == 4);
    CHECK(result["heads"][3]["head"] == 3);
    CHECK(result["heads"][3]["differing"] == 0);
    CHECK(result["missing"].size() == 4);
    CHECK_THAT(result["missing"][0].get<std::string>(), Catch::StartsWith("layer 0, head 0: only"));
    CHECK(compare({folder / "all", folder / "all"}, 0)["same"] == true);
}

TEST_CASE("what cannot be compared is refused with both shapes") {
    const TempFolder folder;
    const std::string a = RandomAttention(2, 6, true).write(folder, "a.npy");
    const std::string b = RandomAttention(2, 7, true).write(folder, "b.npy");
    check_compare_refused({a, b}, "[1, 2, 6, 6]");
    check_compare_refused({a, b}, "[1, 2, 7, 7]");
    CHECK_THAT(run_program({"compare", a, b}).err, !Catch::Contains("--axes"));  // none would help
    check_compare_refused({"-", "-"}, "standard input, which is read once");
    check_compare_refused({a, a, "--rtol=-1"}, "--rtol -1");
    check_compare_refused({a, a, "--atol=-1"}, "--atol -1");
    check_compare_refused({a, folder / "nothing.npy"}, "nothing.npy");
    check_compare_refused({a}, "b");
}

TEST_CASE("an array takes its axes from the run it is compared with, and says so") {
    const TempFolder folder;
    const std::string run = run_of_batch(folder);
    const std::string array = folder.write("w.npy", read_file(run + "/layer00/weights.npy"));
    for (const auto& [a, b, flag] :
         {std::tuple(run, array, "--axes-b"), std::tuple(array, run, "--axes"),
          std::tuple(run + "/layer00/weights.npy", array, "--axes-b")}) {
        const auto result = run_program({"compare", a, b, "--json"});
        INFO(result.err);
        const Json json = Json::parse(result.out);
        CHECK(json["heads"].size() == 4);
        CHECK(json["heads"][3]["seq"] == 1);
        CHECK(json["heads"][3]["differing"] == 0);
        CHECK_THAT(result.err, Catch::Contains("w.npy [2, 2, 3, 3]: read as [batch, heads, q, k] "
                                               "to match"));
        CHECK_THAT(result.err, Catch::Contains(std::string("; ") + flag + " names other axes"));
    }
}

TEST_CASE("a batch that does not fit is refused with the flag that names its axes") {
    const TempFolder folder;
    const std::string run = run_of_batch(folder);
    const std::string other =
        folder.write("w.npy", npy_floats("(3, 2, 3, 3)", std::vector<float>(54, 1.0F / 3)));
    check_compare_refused({run, other}, "w.npy, such as --axes-b batch,heads,q,k");
    check_compare_refused({other, run}, "w.npy, such as --axes batch,heads,q,k");
}

TEST_CASE("where only the other side is 0 the relative difference is infinite") {
    const TempFolder folder;
    const std::string a = write_array<float>(folder, "a.npy", {1, 2, 2}, {0.5F, 0.5F, 1, 0.25F});
    const std::string b = write_array<float>(folder, "b.npy", {1, 2, 2}, {0.5F, 0.5F, 1, 0});
    const auto result = run_program({"compare", a, b, "--json"});
    CHECK(result.exit_code == 1);
    const auto json = nlohmann::json::parse(result.out);
    CHECK(json["heads"][0]["max_abs"] == 0.25);
    CHECK(json["heads"][0]["max_rel"].is_null());
    CHECK_THAT(run_program({"compare", a, b}).out, Catch::Contains("inf"));
}
