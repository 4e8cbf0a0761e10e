// Layer 0 of a trained GPT, step by step, against what PyTorch computed.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "attention/layer.hpp"
#include "support/arrays.hpp"
#include "support/recorder.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;

namespace {

const std::string kFolder = ATTN_CASES_DIR "/nano-gpt/";

// A float32 tensor of model.safetensors: the length of a JSON header, the header, the bytes.
Array<double> tensor(const std::string& name) {
    const std::string file = read_file(kFolder + "model.safetensors");
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), sizeof length);
    const auto header = nlohmann::json::parse(file.substr(8, length));
    const auto& meta = header.at("transformer.h.0." + name);
    const auto shape = meta["shape"].get<Shape>();
    std::vector<float> values(element_count(shape, name));
    std::memcpy(values.data(),
                file.data() + 8 + length + meta["data_offsets"][0].get<std::size_t>(),
                values.size() * sizeof(float));
    return {shape, std::vector<double>(values.begin(), values.end())};
}

Array<double> reference(const std::string& name) {
    return load(kFolder + "reference/" + name + ".npy");
}

Array<double> layer_norm(const Array<double>& x, const Array<double>& weight,
                         const Array<double>& bias) {
    const std::size_t width = x.shape().back();
    std::vector<double> values(x.size());
    for (std::size_t row = 0; row < x.size(); row += width) {
        double mean = 0, variance = 0;
        for (std::size_t i = 0; i < width; ++i)
            mean += x.data()[row + i] / static_cast<double>(width);
        for (std::size_t i = 0; i < width; ++i)
            variance += std::pow(x.data()[row + i] - mean, 2) / static_cast<double>(width);
        for (std::size_t i = 0; i < width; ++i) {
            values[row + i] =
                (x.data()[row + i] - mean) / std::sqrt(variance + 1e-5) * weight.data()[i] +
                bias.data()[i];
        }
    }
    return {x.shape(), values};
}

// Rows first … first + count - 1 of an nn.Linear's matrix [out, in], as [in, count].
Array<double> columns(const Array<double>& linear, std::size_t first, std::size_t count) {
    const std::size_t inner = linear.extent(1);
    std::vector<double> values(inner * count);
    for (std::size_t i = 0; i < inner; ++i) {
        for (std::size_t j = 0; j < count; ++j)
            values[i * count + j] = linear.data()[(first + j) * inner + i];
    }
    return {{inner, count}, values};
}

Array<double> part(const Array<double>& vector, std::size_t first, std::size_t count) {
    return {{count}, std::vector<double>(vector.data() + first, vector.data() + first + count)};
}

}  // namespace

TEST_CASE("nano-gpt's first layer agrees with PyTorch at every step") {
    const Array<double> x = reference("x");
    const Array<double> ln1 = layer_norm(x, tensor("ln_1.weight"), tensor("ln_1.bias"));
    CHECK(max_difference(ln1, reference("ln1")) < 1e-5);

    const Array<double> c_attn = tensor("attn.c_attn.weight");
    const Array<double> bias = tensor("attn.c_attn.bias");
    ProjectionWeights<double> weights;
    weights.heads = weights.kv_heads = 3;
    weights.W_Q = columns(c_attn, 0, 48);
    weights.W_K = columns(c_attn, 48, 48);
    weights.W_V = columns(c_attn, 96, 48);
    weights.b_Q = part(bias, 0, 48);
    weights.b_K = part(bias, 48, 48);
    weights.b_V = part(bias, 96, 48);
    weights.W_O = columns(tensor("attn.c_proj.weight"), 0, 48);
    weights.b_O = tensor("attn.c_proj.bias");

    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    Recorder<double> recorder;
    const auto result = compute_layer(0, ln1, ln1, weights, options, {&recorder});
    const auto heads = [](const Heads<double>& h) {
        return join_tokens(
            HeadsView<double>{h.view.data, h.view.batch, h.view.heads, 0, h.view.width}, h.view);
    };
    CHECK(max_difference(heads(result.q), reference("q")) < 1e-5);
    CHECK(max_difference(heads(result.k), reference("k")) < 1e-5);
    CHECK(max_difference(heads(result.v), reference("v")) < 1e-5);
    CHECK(max_difference(recorder.score_array(), reference("att")) < 1e-5);
    CHECK(max_difference(recorder.weight_array(), reference("attSm")) < 1e-5);
    CHECK(max_difference(result.output, reference("yProj")) < 1e-5);

    weights.W_O = weights.b_O = {};
    CHECK(max_difference(compute_layer(0, ln1, ln1, weights, options, {}).output, reference("y")) <
          1e-5);
}
