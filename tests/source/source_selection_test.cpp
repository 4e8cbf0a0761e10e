#include "source/source_selection.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "support/program.hpp"
#include "support/stored_windows.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::source;
using attn::test::attention_with_windows;
using attn::test::TempFolder;
using Catch::Contains;

namespace {

using Picked = std::vector<std::size_t>;
using Lists = std::vector<std::vector<std::string>>;

Picked layer_numbers(const StoredAttention<double>& attention) {
    Picked numbers;
    for (const StoredLayer<double>& layer : attention.layers) numbers.push_back(layer.layer);
    return numbers;
}

SourceRequest request_of(const std::string& source) {
    SourceRequest request;
    request.source = source;
    return request;
}

// One layer and head of so many queries and keys.
StoredAttention<double> attention_of(std::size_t queries, std::size_t keys,
                                     std::vector<double> weights) {
    StoredAttention<double> attention;
    StoredLayer<double> layer;
    layer.weights =
        HeadMatrices<double>(Array<double>({1, 1, queries, keys}, std::move(weights)), false);
    attention.layers.push_back(std::move(layer));
    attention.heads = {0};
    return attention;
}

}  // namespace

TEST_CASE("layers are chosen by number, in rising order") {
    StoredAttention<double> attention = attention_with_windows();
    SourceRequest request = request_of("w.npy");
    request.layers = Picked{5, 1};
    select_layers(attention, request);
    CHECK(layer_numbers(attention) == Picked{1, 5});
    request.layers = Picked{4};
    CHECK_THROWS_WITH(select_layers(attention, request), "--layer 4: w.npy has no such layer");
}

TEST_CASE("heads and sequences are chosen by number, and shared by place") {
    const StoredAttention<double> attention = attention_with_windows();
    SourceRequest request = request_of("w.npy");
    CHECK(select_heads(attention, request) == Picked{0, 1});
    CHECK_FALSE(choose_share(attention, request).heads);
    request.heads = Picked{2};
    request.sequences = Picked{0};
    const Share share = choose_share(attention, request);
    CHECK(share.heads == Picked{1});
    CHECK(share.sequences == Picked{0});
    request.heads = Picked{1};
    CHECK_THROWS_WITH(choose_share(attention, request), "--head 1: w.npy has no such head");
    request.heads.reset();
    request.sequences = Picked{1};
    CHECK_THROWS_WITH(choose_share(attention, request), Contains("--seq"));
}

TEST_CASE("tokens label both axes of square attention, else the one that is as long") {
    const TempFolder folder;
    SourceRequest request = request_of("w.npy");
    request.tokens = folder.write("tokens.json", R"(["a", "b", "c"])");
    const AxisLabels square = choose_labels(attention_of(3, 3, std::vector<double>(9)), request);
    CHECK(square.queries == Lists{{"a", "b", "c"}});
    CHECK(square.keys == square.queries);
    const AxisLabels wide = choose_labels(attention_of(1, 3, std::vector<double>(3)), request);
    CHECK(wide.queries.empty());
    CHECK(wide.keys == Lists{{"a", "b", "c"}});
    CHECK_THROWS_WITH(choose_labels(attention_of(4, 4, std::vector<double>(16)), request),
                      Contains("has 3 tokens, the attention has 4 queries"));
}

TEST_CASE("labels of the source stand where no flag names others") {
    StoredAttention<double> attention = attention_of(1, 2, {0.5, 0.5});
    attention.tokens = {{"b"}};
    attention.key_tokens = {{"a", "b"}};
    const AxisLabels own = choose_labels(attention, request_of("run"));
    CHECK(own.queries == Lists{{"b"}});
    CHECK(own.keys == Lists{{"a", "b"}});
    const TempFolder folder;
    SourceRequest request = request_of("run");
    request.key_tokens = folder.write("keys.json", R"(["x", "y"])");
    CHECK(choose_labels(attention, request).keys == Lists{{"x", "y"}});
    CHECK(choose_labels(attention, request).queries == Lists{{"b"}});
}

TEST_CASE("a few cells right of the diagonal are told, of an array alone") {
    std::vector<double> weights(64, 0);
    for (std::size_t row = 0; row < 8; ++row) std::fill_n(&weights[row * 8], row + 1, 0.125);
    weights[3] = 1e-3;  // query 0, key 3
    StoredAttention<double> attention = attention_of(8, 8, weights);
    std::vector<std::string> told;
    const Warn warn = [&](const std::string& text) { told.push_back(text); };
    warn_of_causal_leak(attention, "w.npy", warn);
    REQUIRE(told.size() == 1);
    CHECK_THAT(told[0], Contains("w.npy: is taken as not causal") && Contains("query 0, key 3"));
    attention.run = results::RunManifest();
    warn_of_causal_leak(attention, "w.npy", warn);
    CHECK(told.size() == 1);
}

TEST_CASE("whether arrays are causal is told by what was asked for") {
    StoredAttention<double> attention;
    for (const std::size_t number : {0, 1}) {
        StoredLayer<double> layer;
        layer.layer = number;
        std::vector<double> weights{1, 0, 0.5, 0.5, 1, 0, 0.5, 0.5};
        if (number == 1) weights[5] = 1e-30;  // of head 1
        layer.weights =
            HeadMatrices<double>(Array<double>({1, 2, 2, 2}, std::move(weights)), false);
        attention.layers.push_back(std::move(layer));
    }
    attention.heads = {0, 1};
    const auto is_causal = [&](std::optional<Picked> layers, std::optional<Picked> heads) {
        StoredAttention<double> some = attention;
        SourceRequest request = request_of("weights.npy");
        request.layers = std::move(layers);
        request.heads = std::move(heads);
        select_layers(some, request);
        return some.structure.causal;
    };
    CHECK(is_causal(Picked{0}, std::nullopt));
    CHECK(is_causal(std::nullopt, Picked{0}));
    CHECK(is_causal(Picked{1}, Picked{0}));
    CHECK_FALSE(is_causal(Picked{1}, std::nullopt));
    CHECK_FALSE(is_causal(std::nullopt, Picked{1}));
}

TEST_CASE("tokens are those of each sequence, or of all") {
    const test::TempFolder folder;
    const std::string attention = folder.write("a.json", "[[[1, 0], [0, 1]]]");
    const std::string tokens = folder.write("t.json", R"([["a", "b"], ["c", "d"], ["e", "f"]])");
    const auto result = test::run_program({"stats", attention, "--tokens", tokens});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains(tokens + ": has tokens for 3 sequences, the attention has 1"));
}
