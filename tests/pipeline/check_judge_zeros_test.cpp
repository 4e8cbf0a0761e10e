// Verdicts on weights that are exactly zero: masks that nobody named.
#include <catch2/catch.hpp>
#include <functional>

#include "pipeline/check.hpp"
#include "support/attention.hpp"

using namespace attn::pipeline;
using attn::test::RandomAttention;
using attn::test::TempFolder;

namespace {

using MayAttend = std::function<bool(std::size_t query, std::size_t key)>;

// Two heads of nine tokens whose weights are normalised over the keys that the mask leaves.
CheckLine line_of(const MayAttend& may, const std::string& name,
                  std::optional<bool> causal = std::nullopt) {
    RandomAttention attention(2, 9, false);
    for (std::size_t row = 0; row < 18; ++row) {
        float* const weights = attention.weights.data() + row * 9;
        float sum = 0;
        for (std::size_t key = 0; key < 9; ++key)
            sum += weights[key] = may(row % 9, key) ? weights[key] : 0;
        for (std::size_t key = 0; key < 9; ++key) weights[key] /= sum;
    }
    const TempFolder folder;
    CheckRequest request;
    request.from.source = attention.write(folder);
    request.attention.causal = causal;
    request.only = {name};
    return check(request, {}, [](const std::string&) {}).lines.at(0);
}

bool everyone(std::size_t, std::size_t) {
    return true;
}

}  // namespace

TEST_CASE("causal but for one cell is almost causal, with the cell") {
    const auto leaks = [](std::size_t query, std::size_t key) {
        return key <= query || (query == 2 && key == 6);
    };
    const CheckLine line = line_of(leaks, "almost_causal");
    CHECK(line.verdict == Verdict::warning);
    CHECK(line.place->query == 2U);
    CHECK(line.place->key == 6U);
    CHECK(line.worst == 2.0);  // one in each head
    CHECK_THAT(line.message, Catch::Contains("--causal makes it a failure"));
    CHECK(line_of(leaks, "almost_causal", false).verdict == Verdict::skipped);
}

TEST_CASE("a causal mask that is off by one is called so") {
    const auto next = [](std::size_t query, std::size_t key) { return key <= query + 1; };
    CHECK_THAT(line_of(next, "almost_causal").message, Catch::Contains("is the mask off by one?"));
}

TEST_CASE("what sees everything is not almost causal and misses no key") {
    CHECK(line_of(everyone, "almost_causal").verdict == Verdict::ok);
    CHECK(line_of(everyone, "masked_keys").verdict == Verdict::ok);
}

TEST_CASE("last keys that nobody attends are padding, and the flag names their number") {
    const auto padded = [](std::size_t, std::size_t key) { return key < 7; };
    const CheckLine line = line_of(padded, "masked_keys");
    CHECK(line.verdict == Verdict::warning);
    CHECK(line.worst == 2.0);
    CHECK_THAT(line.message, Catch::Contains("no query attends keys 7 to 8 in all 2 heads") &&
                                 Catch::Contains("--key-lengths 7 names it"));
}

TEST_CASE("a window is recognised by its zeros, and the flag names its sides") {
    const auto window = [](std::size_t query, std::size_t key) {
        return key + 2 >= query && key <= query + 3;
    };
    CHECK_THAT(line_of(window, "masked_keys").message, Catch::Contains("--window=2,3 names it"));
}

TEST_CASE("a causal mask upside down is called inverted or transposed") {
    const auto transposed = [](std::size_t query, std::size_t key) { return key >= query; };
    CHECK_THAT(line_of(transposed, "masked_keys").message,
               Catch::Contains("is the causal mask inverted or transposed?"));
}

TEST_CASE("zeros of no pattern are counted") {
    const auto holes = [](std::size_t query, std::size_t key) {
        return !(query == 4 && key == 1) && !(query == 7 && key == 3);
    };
    const CheckLine line = line_of(holes, "masked_keys");
    CHECK(line.verdict == Verdict::warning);
    CHECK_THAT(line.message, Catch::Contains("2 weights are exactly 0"));
}
