#include "io/folder.hpp"

#include <catch2/catch.hpp>

#include "support/npy_bytes.hpp"
#include "support/safetensors_bytes.hpp"
#include "support/temp_folder.hpp"
#include "support/zip_bytes.hpp"

using namespace attn::io;
using namespace attn::test;
using Catch::Contains;

namespace {

std::string one_number() {
    return npy_floats("(1,)", std::vector<float>{1});
}

std::vector<std::string> keys_of_folder(const TempFolder& folder) {
    std::vector<std::string> keys;
    for (const auto& [key, array] : read_folder(folder.path().string()).arrays) keys.push_back(key);
    return keys;
}

}  // namespace

TEST_CASE("arrays of a folder are called as their files; hidden ones are left alone") {
    const TempFolder folder;
    folder.write("W_Q.npy", one_number());
    folder.write("W_K.npy", one_number());
    folder.write(".W_V.npy", "nothing that could be read");
    folder.write("notes.txt", "text");
    CHECK(keys_of_folder(folder) == std::vector<std::string>{"W_K", "W_Q"});
    CHECK(read_folder(folder.path().string()).format == "folder of NPY");
}

TEST_CASE("one archive in a folder is read, of several one must be chosen") {
    const TempFolder folder;
    const std::string archive = zip_bytes({{"a.npy", one_number()}});
    folder.write("x.npz", archive);
    CHECK(keys_of_folder(folder) == std::vector<std::string>{"a"});
    folder.write("y.npz", archive);
    CHECK_THROWS_WITH(read_folder(folder.path().string()),
                      Contains("holds 2 .npz files; choose one, such as"));
    folder.write("z.npy", one_number());  // arrays side by side come first
    CHECK(keys_of_folder(folder) == std::vector<std::string>{"z"});
}

TEST_CASE("an index and a single file that it does not name are two checkpoints") {
    const TempFolder folder;
    const std::string one = safetensors_bytes(
        R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", "1234");
    folder.write("piece.safetensors", one);
    folder.write("model.safetensors.index.json", R"({"weight_map": {"a": "piece.safetensors"}})");
    CHECK(keys_of_folder(folder) == std::vector<std::string>{"a"});
    folder.write("consolidated.safetensors", one);  // the same in another format: Mistral's
    CHECK(keys_of_folder(folder) == std::vector<std::string>{"a"});
    folder.write("model.safetensors", one);
    CHECK_THROWS_WITH(read_folder(folder.path().string()),
                      Contains("holds model.safetensors and model.safetensors.index.json, which"));
    folder.write("model.safetensors.index.json", R"({"weight_map": {"a": "model.safetensors"}})");
    CHECK(keys_of_folder(folder) == std::vector<std::string>{"a"});
}

TEST_CASE("settings stand in the config.json beside the arrays") {
    const TempFolder folder;
    folder.write("a.npy", one_number());
    folder.write("config.json", R"({"num_attention_heads": 4})");
    CHECK(read_folder(folder.path().string()).settings.count("num_attention_heads") == 1);
}

TEST_CASE("a folder without arrays is refused, one of PyTorch's with how to convert it") {
    const TempFolder folder;
    folder.write("notes.txt", "text");
    CHECK_THROWS_WITH(read_folder(folder.path().string()),
                      Contains("is a folder without .safetensors, .npy or .npz files"));
    folder.write("pytorch_model.bin", "PK");
    CHECK_THROWS_WITH(read_folder(folder.path().string()),
                      Contains("holds only a PyTorch checkpoint") && Contains("convert it"));
}
