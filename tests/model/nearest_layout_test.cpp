#include "model/nearest_layout.hpp"

#include <catch2/catch.hpp>

#include "model/layout_reading.hpp"

using namespace attn::model;

namespace {

std::string nearest_of(const std::vector<std::string>& keys) {
    attn::io::Container file;
    for (const std::string& key : keys) file.arrays[key].shape = {8, 8};
    return nearest_text(file, names_in(file));
}

}  // namespace

TEST_CASE("the nearest family is the one that has most of its arrays in the file") {
    const std::string text =
        nearest_of({"bert.encoder.layer.0.attention.self.query.weight",
                    "bert.encoder.layer.0.attention.self.key.weight",
                    "bert.encoder.layer.0.attention.output.dense.weight",
                    "bert.encoder.layer.0.output.dense.weight",
                    "bert.encoder.layer.0.intermediate.dense.weight", "bert.encoder.layer.0.gate"});
    CHECK_THAT(text, Catch::Contains("nearest is bert (5 of the 8 arrays") &&
                         Catch::Contains("lacks attention.self.value.weight") &&
                         Catch::Contains("has gate besides"));
}

TEST_CASE("what has less than half of a family's names is near to none") {
    CHECK_THAT(nearest_of({"h.0.ln_1.weight", "other"}),
               Catch::Contains("looked for the layers of") && !Catch::Contains("nearest"));
    CHECK_THAT(nearest_of({"a.in_proj_weight", "b.in_proj_weight"}),
               Catch::Contains("it holds 2 of torch.nn.MultiheadAttention"));
}
