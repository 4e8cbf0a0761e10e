#include "attention/approx/mask_cells.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/spec.hpp"

using namespace attn::approx;

namespace {

struct Resolved {
    std::vector<Options> options;
    std::vector<MethodUse> parts;

    explicit Resolved(const std::string& text) {
        const Spec spec = parse_specs(text).front();
        options.reserve(spec.parts.size());
        for (const SpecPart& part : spec.parts) {
            options.push_back(resolve(part, {1000, 1000, 64, 64, 0}, 0, {}));
            parts.push_back({part.row, &options.back()});
        }
    }
};

std::optional<std::uint64_t> from(const std::string& text, bool causal = true) {
    return pays_from(Resolved(text).parts, {0, 0, 64, 64, 0}, causal);
}

}  // namespace

TEST_CASE("local windows keep as many cells as one counts, at the edges and with sinks") {
    for (const std::uint64_t window : {1, 3, 8, 40}) {
        for (const std::uint64_t sinks : {0, 2, 50}) {
            for (const std::uint64_t dilation : {1, 3}) {
                Options options;
                options.set("window", static_cast<double>(window));
                options.set("sinks", static_cast<double>(sinks));
                options.set("dilation", static_cast<double>(dilation));
                for (const std::uint64_t n : {1, 2, 7, 24, 33}) {
                    std::uint64_t causal = 0, both = 0;
                    for (std::uint64_t p = 0; p < n; ++p) {
                        for (std::uint64_t j = 0; j < n; ++j) {
                            const std::uint64_t away = p > j ? p - j : j - p;
                            const bool kept =
                                j < sinks || (away % dilation == 0 && away / dilation < window);
                            both += kept;
                            causal += kept && j <= p;
                        }
                    }
                    CAPTURE(window, sinks, dilation, n);
                    CHECK(local_cells(options, n, true) == causal);
                    CHECK(local_cells(options, n, false) == both);
                }
            }
        }
    }
}

TEST_CASE("masks pay as soon as one key is left out") {
    CHECK(from("local:window=64") == 65U);
    CHECK(from("local:window=64:sinks=4") == 69U);
    CHECK(from("block:size=16") == 17U);
    CHECK(from("strided:stride=8") == 10U);
    CHECK(from("global:window=5", false) == 7U);
    CHECK(from("local:window=4/strided:stride=3") == 5U);
    CHECK_FALSE(from("fixed:stride=4:columns=4"));
    CHECK_FALSE(from("strided:stride=1"));
}

TEST_CASE("sums and kernels pay from where their formula says") {
    // 2(n + m) d M + 2 M d (n + m) + 2 n M = 8 n d M + 2 n M, against 4 n² d.
    CHECK(from("performer:features=256", false) == 515U);
    CHECK(from("performer:features=256") == 1028U);
    CHECK(from("linear", false) == 65U);
    CHECK(from("svd:rank=8", false) == 9U);
    // As long as exact attention, whatever the length, with every column.
    CHECK_FALSE(from("lowrank-scores:rank=64"));
    CHECK(from("lowrank-scores:rank=8", false) == 19U);
}

TEST_CASE("methods that look at the data pay nowhere in advance") {
    for (const char* spec : {"exact", "topk", "lsh", "h2o", "span", "quant", "evict", "quest"})
        CHECK_FALSE(from(spec));
}
