// The ONNX backend tests of the operator RotaryEmbedding.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "attention/rotary.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

void check_rotary_case(const fs::path& folder) {
    std::ifstream stream(folder / "case.json");
    const Json test = Json::parse(stream);
    const auto array = [&](const char* name) {
        return load((folder / (std::string(name) + ".npy")).string());
    };
    const Array<double> input = array("input");
    const HeadsView<double> heads =
        input.rank() == 4 ? separate_heads(input)
                          : packed_heads(input, test["attributes"]["num_heads"].get<std::size_t>());

    // The caches are [positions, pairs], or already one row a token: [batch, tokens, pairs].
    const auto rows_of = [](const Array<double>& cache) {
        const std::size_t pairs = cache.shape().back();
        return cache.reshaped({cache.size() / pairs, pairs});
    };
    const RotaryTable<double> table{rows_of(array("cos_cache")), rows_of(array("sin_cache"))};
    std::vector<std::size_t> rows;
    if (test["inputs"].contains("position_ids")) {
        const Array<double> positions = array("position_ids");
        for (const double position : positions.values())
            rows.push_back(static_cast<std::size_t>(position));
    } else {
        for (std::size_t row = 0; row < heads.batch * heads.tokens; ++row) rows.push_back(row);
    }
    const bool interleaved = test["attributes"].value("interleaved", 0) != 0;
    const Array<double> rotated = rotate(
        heads, table, rows, interleaved ? RotaryPairs::interleaved : RotaryPairs::half_split);

    const Array<double> expected = array("output");
    const HeadsView<double> wanted =
        expected.rank() == 4 ? separate_heads(expected) : packed_heads(expected, heads.heads);
    const HeadsView<double> found = separate_heads(rotated);
    double worst = 0;
    for (std::size_t b = 0; b < heads.batch; ++b) {
        for (std::size_t h = 0; h < heads.heads; ++h) {
            for (std::size_t token = 0; token < heads.tokens; ++token) {
                for (std::size_t i = 0; i < heads.width; ++i) {
                    worst = std::max(worst, std::abs(found.head(b, h).row(token)[i] -
                                                     wanted.head(b, h).row(token)[i]));
                }
            }
        }
    }
    INFO(folder.filename().string());
    CHECK(worst < 1e-5);
}

}  // namespace

TEST_CASE("every ONNX RotaryEmbedding case has the expected output") {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(ATTN_CASES_DIR) / "onnx-rotary")) {
        check_rotary_case(entry.path());
        ++count;
    }
    CHECK(count >= 4);
}
