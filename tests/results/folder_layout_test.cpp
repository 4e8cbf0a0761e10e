#include "results/folder_layout.hpp"

#include <catch2/catch.hpp>

using namespace attn::results;

TEST_CASE("names in a folder of results are a promise") {
    CHECK(layer_folder(3) == "layer03");
    CHECK(layer_folder(120) == "layer120");
    CHECK(array_file(0, "weights") == "layer00/weights.npy");
    CHECK(array_name(0, "q", ArrayFormat::npy) == "layer00/q.npy");
    CHECK(array_name(0, "q", ArrayFormat::npz) == "layer00/arrays.npz:q");
    CHECK(array_name(11, "q", ArrayFormat::safetensors) == "layer11/arrays.safetensors:q");
    CHECK(head_picture(0, 3, {}) == "layer00/head03.png");
    CHECK(head_picture(0, 3, {1, 2}, "svg") == "layer00/seq01-head03.svg");
    CHECK(heads_picture(1, {}) == "layer01/heads.png");
    CHECK(layers_picture({0, 2}) == "seq00-layers.png");
}
