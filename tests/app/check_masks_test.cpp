// Zeros tell of masks: those that are inverted, nearly causal, or were not named.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/attention.hpp"
#include "support/program.hpp"

using namespace attn::test;
using Json = nlohmann::json;

namespace {

using MayAttend = std::function<bool(std::size_t query, std::size_t key)>;

constexpr std::size_t kHeads = 3, kMasked = 9;

// Rows of weights that are normalised over the keys that the mask leaves.
struct Masked {
    TempFolder folder;
    RandomAttention attention{kHeads, kMasked, false};

    explicit Masked(const MayAttend& may) {
        for (std::size_t row = 0; row < kHeads * kMasked; ++row) {
            float* const weights = attention.weights.data() + row * kMasked;
            float sum = 0;
            for (std::size_t key = 0; key < kMasked; ++key)
                sum += weights[key] = may(row % kMasked, key) ? weights[key] : 0;
            for (std::size_t key = 0; key < kMasked; ++key)
                weights[key] = sum > 0 ? weights[key] / sum : 0;
        }
    }
    Json check(const std::vector<std::string>& flags = {}) const {
        std::vector<std::string> arguments{"check", attention.write(folder), "--json"};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        const auto result = run_program(arguments);
        INFO(result.err);
        REQUIRE(result.err.empty());
        return Json::parse(result.out);
    }
};

Json line_of(const Json& checks, const std::string& name) {
    for (const Json& check : checks["checks"]) {
        if (check["name"] == name) return check;
    }
    FAIL("no line " << name);
    return {};
}

std::string message_of(const Json& checks, const std::string& name) {
    return line_of(checks, name)["message"];
}

std::string verdict_of(const Json& checks, const std::string& name) {
    return line_of(checks, name)["verdict"];
}

bool causal(std::size_t query, std::size_t key) {
    return key <= query;
}

}  // namespace

TEST_CASE("an inverted mask is called so, and not dropout") {
    const Masked inverted([](std::size_t i, std::size_t j) { return !causal(i, j); });
    for (const std::vector<std::string>& flags :
         {std::vector<std::string>{}, std::vector<std::string>{"--causal"}}) {
        const Json found = inverted.check(flags);
        CHECK_THAT(message_of(found, "row_sum"),
                   Catch::Contains("mask is inverted") && !Catch::Contains("dropout"));
    }
    CHECK_THAT(message_of(inverted.check({"--causal"}), "causal_leak"),
               Catch::Contains("mask is inverted"));
    CHECK_THAT(message_of(inverted.check(), "masked_keys"),
               Catch::Contains("no query attends a key before it"));

    const Masked padding([](std::size_t, std::size_t j) { return j >= 6; });
    CHECK_THAT(message_of(padding.check({"--key-lengths", "6"}), "padding_leak"),
               Catch::Contains("mask is inverted"));
    const std::string mask =
        write_array<char>(padding.folder, "mask.npy", {kMasked}, {1, 1, 1, 1, 1, 1, 0, 0, 0});
    CHECK_THAT(message_of(padding.check({"--mask", mask}), "mask_leak"),
               Catch::Contains("mask is inverted"));
    CHECK(verdict_of(padding.check({"--mask", mask}), "row_sum") == "ok");
}

TEST_CASE("rows without keys beside rows that sum to one are no dropout") {
    Masked holes([](std::size_t i, std::size_t j) { return i != 4 && (i + j) % 3 != 0; });
    holes.attention.at(0, 0, 1) += 2e-6F;  // rounding, on one side of one
    CHECK_THAT(message_of(holes.check(), "row_sum"),
               !Catch::Contains("dropout") && Catch::Contains("name the mask"));
}

TEST_CASE("a transposed causal mask is seen with and without --causal") {
    const Masked transposed([](std::size_t i, std::size_t j) { return causal(j, i); });
    CHECK(verdict_of(transposed.check(), "masked_keys") == "warning");
    CHECK_THAT(message_of(transposed.check(), "masked_keys"), Catch::Contains("transposed"));
    CHECK_THAT(message_of(transposed.check({"--causal"}), "causal_leak"),
               Catch::Contains("transposed"));
}

TEST_CASE("causal but for one cell is said without --causal, with the place") {
    Masked leaky(causal);
    leaky.attention.at(1, 2, 5) = 1e-5F;
    const Json found = leaky.check();
    CHECK(found["passed"] == true);
    const Json line = line_of(found, "almost_causal");
    CHECK(line["verdict"] == "warning");
    CHECK(line["worst"] == 1);
    CHECK(line["place"] == Json{{"layer", 0}, {"head", 1}, {"query", 2}, {"key", 5}});
    CHECK_THAT(line["message"].get<std::string>(),
               Catch::Contains("1 cell of 1 head (query 2, key 5)") && Catch::Contains("--causal"));
    CHECK(verdict_of(leaky.check({"--causal"}), "almost_causal") == "skipped");
    CHECK(verdict_of(leaky.check({"--causal"}), "causal_leak") == "FAIL");
    CHECK(verdict_of(leaky.check({"--no-causal"}), "almost_causal") == "skipped");
    CHECK(leaky.check({"--strict"})["passed"] == false);
}

TEST_CASE("padding leaves most cells left of the diagonal, which is no causal mask") {
    const Masked padding([](std::size_t, std::size_t j) { return j < 3; });
    CHECK(verdict_of(padding.check({"--key-lengths", "3"}), "almost_causal") == "ok");
}

TEST_CASE("one head of many that is not causal, and a mask off by one, are almost causal") {
    Masked mixed(causal);
    const RandomAttention free(1, kMasked, false, 7);
    std::copy(free.weights.begin(), free.weights.end(),
              mixed.attention.weights.begin() + kMasked * kMasked);
    const Json line = line_of(mixed.check(), "almost_causal");
    CHECK(line["place"]["head"] == 1);
    CHECK_THAT(line["message"].get<std::string>(),
               Catch::Contains("heads are causal, 1 is not (the first: query 0, key 1;") &&
                   Catch::Contains("was the mask left out there?"));
    const Masked shifted([](std::size_t i, std::size_t j) { return j <= i + 1; });
    CHECK_THAT(message_of(shifted.check(), "almost_causal"), Catch::Contains("off by one"));
}

TEST_CASE("beside a head that leaks one cell, the one without a mask is named") {
    Masked mixed(causal);
    float* const leak = mixed.attention.weights.data() + 2 * kMasked;
    leak[0] /= 2, leak[4] = leak[0];
    const RandomAttention free(1, kMasked, false, 7);
    std::copy(free.weights.begin(), free.weights.end(),
              mixed.attention.weights.begin() + kMasked * kMasked);
    const Json line = line_of(mixed.check(), "almost_causal");
    CHECK(line["place"]["head"] == 1);
    CHECK(line["place"]["query"] == 0);
    CHECK_THAT(
        line["message"].get<std::string>(),
        Catch::Contains("1 is not (the first: query 0, key 1;") &&
            Catch::Contains(" ...): was the mask left out there?; 1 more leaks a few cells"));
}

TEST_CASE("what is causal, or far from it, is not almost causal") {
    CHECK(verdict_of(Masked(causal).check(), "almost_causal") == "skipped");
    const auto all = [](std::size_t, std::size_t) { return true; };
    const auto padded = [](std::size_t, std::size_t j) { return j < 3; };
    const auto window = [](std::size_t i, std::size_t j) { return i < j + 2 && j < i + 2; };
    CHECK(verdict_of(Masked(all).check(), "almost_causal") == "ok");
    CHECK(verdict_of(Masked(all).check(), "masked_keys") == "ok");
    CHECK(verdict_of(Masked(padded).check(), "almost_causal") == "ok");
    CHECK(verdict_of(Masked(window).check(), "almost_causal") == "ok");
}

TEST_CASE("keys that nobody attends though they may be are padding that was not named") {
    const Masked padded([](std::size_t, std::size_t j) { return j < 6; });
    const Json found = padded.check();
    const Json line = line_of(found, "masked_keys");
    CHECK(found["passed"] == true);
    CHECK(line["verdict"] == "warning");
    CHECK(line["worst"] == 3);
    CHECK(line["place"]["key"] == 6);
    CHECK_THAT(line["message"].get<std::string>(),
               Catch::Contains("keys 6 to 8") && Catch::Contains("--key-lengths 6"));
    CHECK(verdict_of(padded.check({"--key-lengths", "6"}), "masked_keys") == "ok");
    const Masked both([](std::size_t i, std::size_t j) { return causal(i, j) && j < 6; });
    CHECK_THAT(message_of(both.check({"--causal"}), "masked_keys"),
               Catch::Contains("keys 6 to 8") && Catch::Contains("--key-lengths 6"));
    const Masked front([](std::size_t, std::size_t j) { return j > 1; });
    CHECK_THAT(message_of(front.check(), "masked_keys"),
               Catch::Contains("keys 0 to 1") && Catch::Contains("--mask"));
}

TEST_CASE("windows, causal masks behind a cache and parts of rows are recognised by their zeros") {
    const Masked window([](std::size_t i, std::size_t j) { return causal(i, j) && i < j + 3; });
    CHECK_THAT(message_of(window.check({"--causal"}), "masked_keys"),
               Catch::Contains("--window=2,-1"));
    CHECK(verdict_of(window.check({"--causal", "--window=2,-1"}), "masked_keys") == "ok");

    Masked part([](std::size_t i, std::size_t j) { return i != 4 || j < 2 || j > 5; });
    CHECK_THAT(message_of(part.check(), "masked_keys"), Catch::Contains("exactly 0"));
    CHECK(line_of(part.check(), "masked_keys")["place"]["query"] == 4);
    CHECK(line_of(part.check(), "masked_keys")["place"]["key"] == 2);

    const TempFolder folder;
    const std::string cache =
        write_array<float>(folder, "w.npy", {2, 4}, {0.2F, 0.3F, 0.5F, 0, 0.1F, 0.2F, 0.3F, 0.4F});
    const auto found = run_program({"check", cache, "--json", "--key-lengths", "4"});
    CHECK_THAT(found.out, Catch::Contains("exactly 0"));
}

TEST_CASE("zeros beside the smallest numbers, and beside a single weight, are underflow") {
    Masked sharp([](std::size_t, std::size_t) { return true; });
    for (std::size_t head = 0; head < kHeads; ++head) {
        for (std::size_t i = 0; i < kMasked; ++i) {
            for (std::size_t j = 0; j < kMasked; ++j) sharp.attention.at(head, i, j) = 0;
            sharp.attention.at(head, i, (i + head) % kMasked) = 1;
            if (i % 2 == 0) sharp.attention.at(head, i, (i + head + 1) % kMasked) = 1e-30F;
        }
    }
    CHECK(verdict_of(sharp.check(), "masked_keys") == "ok");
}

TEST_CASE("dropout leaves zeros, and no mask is made of them") {
    Masked dropped([](std::size_t, std::size_t) { return true; });
    std::mt19937 random(5);
    for (float& weight : dropped.attention.weights) weight = random() % 5 == 0 ? 0 : weight / 0.8F;
    CHECK(verdict_of(dropped.check(), "masked_keys") == "ok");
    CHECK(verdict_of(dropped.check(), "row_sum") == "FAIL");
}

TEST_CASE("every column of the table has a name, every check its limit and its meaning") {
    const Masked good([](std::size_t, std::size_t) { return true; });
    const auto table = run_program({"check", good.attention.write(good.folder)}).out;
    const std::string header = table.substr(0, table.find('\n'));
    for (const char* column : {"check", "verdict", "worst", "limit", "where", "meaning"})
        CHECK_THAT(header, Catch::Contains(column));
    CHECK_THAT(table, Catch::Contains("1 +/- 0.001") &&
                          Catch::Contains("the weights of every query sum to 1") &&
                          Catch::Contains("at most 0.5 of the rows"));
    const Json found = good.check({"--causal"});
    for (const Json& line : found["checks"]) {
        INFO(line["name"]);
        CHECK_FALSE(line["meaning"].get<std::string>().empty());
        CHECK(line.contains("threshold"));
    }
    CHECK(line_of(found, "row_sum")["threshold"] == 1e-3);
    CHECK(line_of(found, "range")["threshold"].get<double>() == Approx(1.001));
    CHECK(line_of(found, "causal_leak")["threshold"] == 0);
}

TEST_CASE("commands that look at an array say that a few cells keep it from being causal") {
    Masked leaky(causal);
    leaky.attention.at(1, 2, 5) = 1e-5F;
    const std::string file = leaky.attention.write(leaky.folder);
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"stats", file},
          std::vector<std::string>{"heatmap", file, "-o", leaky.folder / "maps"}}) {
        const auto result = run_program(command);
        CHECK(result.exit_code == 0);
        CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: warning: ") &&
                                   Catch::Contains("only 1 cell right of the diagonal") &&
                                   Catch::Contains("head 1, query 2, key 5"));
    }
    const auto all = [](std::size_t, std::size_t) { return true; };
    const auto padded = [](std::size_t, std::size_t j) { return j < 3; };
    for (const MayAttend& may : {MayAttend(causal), MayAttend(all), MayAttend(padded)}) {
        const Masked other(may);
        CHECK(run_program({"stats", other.attention.write(other.folder)}).err.empty());
    }
}

TEST_CASE("a mask of numbers forbids by whatever leaves a key nothing, not by -inf alone") {
    const std::size_t banned = 2, empty = 5;  // a key of all queries; a query without keys
    Masked right([&](std::size_t i, std::size_t j) { return i != empty && j != banned; });
    const RandomAttention kept = right.attention;
    for (const float lowest : {-INFINITY, -std::numeric_limits<float>::max(), -1e9F, -1e4F}) {
        INFO(lowest);
        std::vector<float> mask(kMasked * kMasked, 0);
        for (std::size_t i = 0; i < kMasked; ++i) {
            for (std::size_t j = 0; j < kMasked; ++j)
                if (i == empty || j == banned) mask[i * kMasked + j] = lowest;
        }
        const std::string file =
            write_array<float>(right.folder, "mask.npy", {kMasked, kMasked}, mask);
        const Json sane = right.check({"--mask", file});
        CHECK(sane["passed"] == true);
        CHECK(verdict_of(sane, "masked_keys") == "ok");
        // Nothing is left to a key, or as much to each.
        if (std::isfinite(lowest)) {
            for (std::size_t j = 0; j < kMasked; ++j)
                right.attention.at(1, empty, j) = 1.0F / kMasked;
            CHECK(right.check({"--mask", file})["passed"] == true);
        }
        right.attention.at(1, 3, banned) = 1e-5F;
        const Json found = right.check({"--mask", file});
        right.attention = kept;
        CHECK(verdict_of(found, "mask_leak") == "FAIL");
        CHECK(line_of(found, "mask_leak")["place"]["key"] == banned);
        CHECK(line_of(found, "mask_leak")["place"]["query"] == 3);
    }
    // A bias that only makes a key small forbids nothing.
    std::vector<float> bias(kMasked * kMasked, 0);
    bias[3 * kMasked + 4] = -50;
    const Masked whole([](std::size_t, std::size_t) { return true; });
    CHECK(whole.check({"--mask", write_array<float>(whole.folder, "mask.npy", {kMasked, kMasked},
                                                    bias)})["passed"] == true);
}
