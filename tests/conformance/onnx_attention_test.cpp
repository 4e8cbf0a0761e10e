// The ONNX backend tests of the operator Attention (opset 23-25), through the library.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pipeline/run.hpp"
#include "support/arrays.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// An attribute, or `absent` where it is missing or null.
template <class T>
T attribute(const Json& attributes, const char* name, T absent) {
    const auto found = attributes.find(name);
    return found == attributes.end() || found->is_null() ? absent : found->get<T>();
}

// Where ONNX places query 0 when the keys are padded: nonpad_kv_seqlen - queries.
std::string offsets_from_lengths(const fs::path& folder, const Json& q_shape) {
    const std::size_t queries = q_shape.size() == 4 ? q_shape[2] : q_shape[1];
    const Array<double> lengths = load((folder / "nonpad_kv_seqlen.npy").string());
    std::string text;
    for (const double length : lengths.values()) {
        text += (text.empty() ? "" : ",") +
                std::to_string(static_cast<long>(length) - static_cast<long>(queries));
    }
    return text;
}

pipeline::RunRequest request_for(const fs::path& folder, const Json& test) {
    const Json& attributes = test["attributes"];
    const Json& inputs = test["inputs"];
    const auto path = [&](const char* name) {
        return (folder / (std::string(name) + ".npy")).string();
    };
    pipeline::RunRequest request;
    request.input.query = path("Q");
    request.input.key = path("K");
    request.input.value = path("V");
    source::AttentionRequest& attention = request.input.attention;
    const auto heads = attribute<std::size_t>(attributes, "q_num_heads", 0);
    if (heads > 0) {
        attention.heads = heads;
        attention.kv_heads = attribute<std::size_t>(attributes, "kv_num_heads", heads);
    }
    attention.causal = attribute<int>(attributes, "is_causal", 0) != 0;
    const auto scale = attribute<double>(attributes, "scale", 0);
    if (scale != 0) attention.scale = scale;
    const auto softcap = attribute<double>(attributes, "softcap", 0);
    if (softcap != 0) attention.softcap = softcap;
    const int left = attribute<int>(attributes, "left_window_size", -1);
    const int right = attribute<int>(attributes, "right_window_size", -1);
    const bool window = left >= 0 || right >= 0;
    if (window) attention.window = std::to_string(left) + "," + std::to_string(right);
    if (inputs.contains("attn_mask")) attention.mask = path("attn_mask");
    if (inputs.contains("past_key")) attention.past_key = path("past_key");
    if (inputs.contains("past_value")) attention.past_value = path("past_value");
    if (inputs.contains("nonpad_kv_seqlen")) {
        attention.key_lengths = path("nonpad_kv_seqlen");
        if (*attention.causal || window)
            attention.query_offset = offsets_from_lengths(folder, inputs["Q"]["shape"]);
    }
    const ScoreStage stages[] = {ScoreStage::scaled, ScoreStage::softcapped, ScoreStage::biased,
                                 ScoreStage::biased};
    attention.scores_at = stages[attribute<int>(attributes, "qk_matmul_output_mode", 0)];
    request.save = results::parse_save("scores,weights,context,output,present");
    return request;
}

// Which of our files holds an output of the operator.
std::string file_for(const std::string& output, const Json& test) {
    if (output == "Y") return test["inputs"]["Q"]["shape"].size() == 4 ? "context" : "output";
    if (output != "qk_matmul_output") return output;
    return attribute<int>(test["attributes"], "qk_matmul_output_mode", 0) == 3 ? "weights"
                                                                               : "scores";
}

void check_case(const fs::path& folder) {
    std::ifstream stream(folder / "case.json");
    const Json test = Json::parse(stream);
    const TempFolder temp;
    pipeline::RunRequest request = request_for(folder, test);
    request.output = temp / "out";
    pipeline::run(request, {}, [](const std::string&) {});
    for (const auto& [output, meta] : test["outputs"].items()) {
        INFO(folder.filename().string() << ": " << output);
        const bool half = meta["dtype"] == "float16" || test["inputs"]["Q"]["dtype"] == "float16";
        const Array<double> expected = load((folder / (output + ".npy")).string());
        const Array<double> found = load(temp / ("out/layer00/" + file_for(output, test) + ".npy"));
        CHECK(max_difference(found, expected) < (half ? 4e-3 : 2e-5));
    }
}

}  // namespace

TEST_CASE("every ONNX Attention case has the expected outputs") {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(fs::path(ATTN_CASES_DIR) / "onnx-attention"))
        folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    REQUIRE(folders.size() >= 40);
    for (const fs::path& folder : folders) check_case(folder);
}
