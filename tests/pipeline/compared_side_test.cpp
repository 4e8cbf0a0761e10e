#include "pipeline/compared_side.hpp"

#include <catch2/catch.hpp>

#include "support/array_files.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::pipeline;
using attn::test::TempFolder;

TEST_CASE("two types are compared in the steps of the coarser one") {
    CHECK(coarser(DType::float64, DType::float64) == DType::float64);
    CHECK(coarser(DType::float64, DType::float32) == DType::float32);
    CHECK(coarser(DType::float16, DType::float64) == DType::float16);
    CHECK(coarser(DType::float16, DType::bfloat16) == DType::bfloat16);
}

TEST_CASE("an array takes the axes of what it is compared with, where nobody named its own") {
    const TempFolder folder;
    const std::string name =
        attn::test::write_array<float>(folder, "a.npy", {2, 3, 3}, std::vector<float>(18, 0.5F));
    io::Inputs inputs;
    CHECK(stored_type(inputs, name) == DType::float32);
    CHECK(stored_type(inputs, folder / "none.npy") == DType::float32);
    source::ArraySource layers{name};
    std::string said;
    CHECK_FALSE(knows_axes(inputs, layers));
    take_axes(inputs, layers, {2, 1, 1, 3, 3}, "B", [&](const std::string& text) { said = text; });
    CHECK(layers.axes == "layers,q,k");
    CHECK_THAT(said, Catch::Contains("to match B") && Catch::Contains("--axes"));
    source::ArraySource named{name, "batch,q,k"};
    take_axes(inputs, named, {2, 1, 1, 3, 3}, "B", nullptr);
    CHECK(named.axes == "batch,q,k");
    CHECK(head_text(1, 2) == "layer 1, head 2");
}
