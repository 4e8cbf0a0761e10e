// When the page of report has rollout, and what it is.
#include "pipeline/report_rollout.hpp"

#include <catch2/catch.hpp>
#include <cstring>

#include "core/deflate.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::pipeline;
using namespace attn::test;

namespace {

// Two causal layers of four heads, computed.
ReportRequest trained_sample() {
    ReportRequest request;
    request.computed.weights = sample("model.json");
    return request;
}

struct Opened {
    explicit Opened(ReportRequest wanted)
        : request(std::move(wanted)), side(compute_report_side<float>(request, inputs, nullptr)) {}

    bool has_rollout() {
        return has_report_rollout<float>(request, side,
                                         [&](const std::string& text) { warning += text; });
    }

    io::Inputs inputs;
    ReportRequest request;
    ReportSide<float> side;
    std::string warning;
};

// Matrices of byte planes, the highest first.
std::vector<float> floats(const std::string& packed, std::size_t count) {
    const std::string planes = inflated(packed, 4 * count);
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        for (std::size_t plane = 0; plane < 4; ++plane)
            bits = bits << 8 | static_cast<std::uint8_t>(planes[plane * count + i]);
        std::memcpy(&values[i], &bits, sizeof bits);
    }
    return values;
}

}  // namespace

TEST_CASE("a page has rollout where several layers of self-attention can be multiplied") {
    Opened two(trained_sample());
    CHECK(two.has_rollout());
    two.side.is_crossed = true;
    CHECK_FALSE(two.has_rollout());
    ReportRequest unwanted = trained_sample();
    unwanted.rollout = false;
    CHECK_FALSE(Opened(unwanted).has_rollout());
    ReportRequest one = trained_sample();
    one.from.layers = std::vector<std::size_t>{1};
    CHECK_FALSE(Opened(one).has_rollout());
    CHECK(two.warning.empty());
}

TEST_CASE("computed attention that would not fit is left out with a word") {
    Opened many(trained_sample());
    const std::size_t tokens = many.side.outline().queries;
    // As many layers as fill a gibibyte.
    const std::size_t fit = (std::size_t{1} << 30) / (4 * tokens * tokens * sizeof(float));
    many.side.layers.resize(fit);
    CHECK(many.has_rollout());
    many.side.layers.resize(fit + 1);
    CHECK_FALSE(many.has_rollout());
    CHECK_THAT(many.warning,
               Catch::Contains("the page is without rollout, which would keep 1.1 GB"));
}

TEST_CASE("rows of the rollout in a page add up to one, and see no later token") {
    Opened opened(trained_sample());
    results::ReportPacking packing;
    packing.exact = true;
    results::ReportChunks chunks;
    add_report_rollout<float>(opened.request, opened.side, packing, nullptr, chunks);
    chunks.pack();
    const std::size_t tokens = opened.side.outline().queries;
    std::vector<std::vector<float>> layers;
    for (const char* const name : {"rollout/0/0", "rollout/0/1"}) {
        INFO(name);
        REQUIRE(chunks.all().count(name) == 1);
        layers.push_back(floats(chunks.all().at(name), tokens * tokens));
        for (std::size_t query = 0; query < tokens; ++query) {
            double sum = 0;
            for (std::size_t key = 0; key < tokens; ++key) {
                const float share = layers.back()[query * tokens + key];
                sum += static_cast<double>(share);
                if (key > query) CHECK(share == 0);
            }
            CHECK(sum == Approx(1).margin(1e-5));
        }
    }
    CHECK(layers[0] != layers[1]);
    CHECK(chunks.all().count("rollout_thumbs/0") == 1);
}
