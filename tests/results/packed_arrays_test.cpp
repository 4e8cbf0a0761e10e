#include "results/packed_arrays.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "pipeline/run.hpp"
#include "source/stored_source.hpp"
#include "support/arrays.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using attn::pipeline::RunRequest;
using attn::results::ArrayFormat;
namespace fs = std::filesystem;

namespace {

// The sample, with its arrays in one file a folder.
std::string run_as(const TempFolder& folder, ArrayFormat format) {
    RunRequest request;
    request.input.weights = golden("models/gpt2/model.safetensors");
    request.input.token_ids = golden("models/gpt2/token_ids.npy");
    request.save = attn::results::parse_save("weights,hidden,logits,heatmaps");
    request.format = format;
    request.output = folder / attn::results::name_of(format);
    attn::pipeline::run(request, {}, {});
    return request.output;
}

}  // namespace

TEST_CASE("one file a folder holds the same arrays as one file each") {
    const TempFolder folder;
    const std::string plain = run_as(folder, ArrayFormat::npy);
    for (const ArrayFormat format : {ArrayFormat::npz, ArrayFormat::safetensors}) {
        const std::string packed = run_as(folder, format);
        const std::string ending = attn::results::name_of(format);
        INFO(ending);
        for (const char* name : {"weights", "hidden"}) {
            const std::string array = packed + "/layer01/arrays." + ending + ":" + name;
            CHECK(max_difference(load(array), load(plain + "/layer01/" + name + ".npy")) == 0);
        }
        CHECK(max_difference(load(packed + "/arrays." + ending + ":logits"),
                             load(plain + "/logits.npy")) == 0);
        CHECK(fs::exists(packed + "/layer01/heads.png") == false);  // a batch has one a sequence
        CHECK(fs::exists(packed + "/layer01/seq00-heads.png"));
        CHECK_FALSE(fs::exists(packed + "/layer01/weights.npy"));
    }
}

TEST_CASE("a packed folder is read back like any other") {
    const TempFolder folder;
    attn::io::Inputs inputs;
    const auto plain =
        attn::source::open_stored_attention<float>(inputs, run_as(folder, ArrayFormat::npy));
    for (const ArrayFormat format : {ArrayFormat::npz, ArrayFormat::safetensors}) {
        const auto packed =
            attn::source::open_stored_attention<float>(inputs, run_as(folder, format));
        REQUIRE(packed.layers.size() == plain.layers.size());
        CHECK(packed.structure.causal);
        REQUIRE(packed.shape() == plain.shape());
        const std::size_t cells = plain.shape()[2] * plain.shape()[3];
        for (std::size_t head = 0; head < plain.shape()[1]; ++head) {
            const float* const ours = packed.layers[1].weights.matrix(0, head).data;
            CHECK(std::equal(ours, ours + cells, plain.layers[1].weights.matrix(0, head).data));
        }
    }
}

TEST_CASE("a packed folder without weights says so") {
    const TempFolder folder;
    RunRequest request;
    request.input.weights = sample("model.json");
    request.save = attn::results::parse_save("output");
    request.format = ArrayFormat::npz;
    request.output = folder / "out";
    attn::pipeline::run(request, {}, {});
    attn::io::Inputs inputs;
    CHECK_THROWS_WITH(
        attn::source::open_stored_attention<float>(inputs, request.output),
        Catch::Contains("this run saved no weights; run it again with --save weights"));
}
