// The sizes of a layer, and projections that do not fit each other.
#include <catch2/catch.hpp>

#include "model/weight_bundle.hpp"
#include "support/array_files.hpp"

using namespace attn;
using namespace attn::test;

namespace {

std::string json_zeros(std::size_t rows, std::size_t columns) {
    std::string text = "[";
    for (std::size_t row = 0; row < rows; ++row) {
        text += row == 0 ? "[0" : ", [0";
        for (std::size_t column = 1; column < columns; ++column) text += ", 0";
        text += "]";
    }
    return text + "]";
}

// The sizes of a layer of these projections, each of d_model = 4 by so many columns.
model::LayerSizes sizes_of_columns(std::size_t q, std::size_t k, std::optional<std::size_t> heads,
                                   std::optional<std::size_t> kv_heads = {}) {
    const TempFolder folder;
    const std::string file =
        folder.write("w.json", "{\"W_Q\": " + json_zeros(4, q) + ", \"W_K\": " + json_zeros(4, k) +
                                   ", \"W_V\": " + json_zeros(4, k) + "}");
    return model::check_layer(model::read_weight_bundle(io::open_container(file)), 0,
                              {4, 4, heads, kv_heads});
}

}  // namespace

TEST_CASE("keys are heads as wide as those of the queries, and queries share them evenly") {
    CHECK(sizes_of_columns(8, 4, 4).kv_heads == 2);
    CHECK_THROWS_WITH(sizes_of_columns(4, 3, 2),
                      Catch::Contains("W_K [4, 3]: 3 columns are not heads of 2 columns"));
    CHECK_THROWS_WITH(
        sizes_of_columns(6, 4, 3),
        Catch::Contains("3 heads are not a multiple of 2 key/value heads (--heads, --kv-heads)"));
    CHECK_THROWS_WITH(sizes_of_columns(4, 4, 2, 1),
                      Catch::Contains("W_K [4, 4]: expected 2 columns, 1 head of 2"));
}

TEST_CASE("projections in one matrix read one input") {
    const TempFolder folder;
    const std::string file =
        folder.write("w.json", "{\"n_head\": 2, \"h.0.attn.c_attn.weight\": " + json_zeros(4, 12) +
                                   ", \"wte.weight\": " + json_zeros(5, 4) + "}");
    CHECK_THROWS_WITH(
        model::check_layer(model::read_weight_bundle(io::open_container(file)), 0, {4, 8, {}, {}}),
        Catch::Contains("c_attn.weight [4, 12]: queries, keys and values read inputs of one width "
                        "(--context)"));
}

TEST_CASE("heads that do not share the width among them need a head_dim") {
    const TempFolder folder;
    std::string text = "{\"num_attention_heads\": 2";
    for (const char* name : {"q", "k", "v"})
        text += std::string(", \"model.layers.0.self_attn.") + name +
                "_proj.weight\": " + json_zeros(6, 4);
    const std::string file = folder.write("w.json", text + "}");
    const auto bundle = model::read_weight_bundle(io::open_container(file), "llama");
    CHECK_THROWS_WITH(model::check_layer(bundle, 0, {4, 4, {}, {}}),
                      Catch::Contains("its 2 heads (num_attention_heads) have 3 columns") &&
                          Catch::EndsWith("config.json has no head_dim"));
}
