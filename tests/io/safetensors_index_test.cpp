#include "io/safetensors_index.hpp"

#include <catch2/catch.hpp>

#include "support/npy_bytes.hpp"
#include "support/safetensors_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using attn::io::open_container;

namespace {

// A file of one float32 tensor.
std::string tensor_file(const std::string& key, float value) {
    return safetensors_bytes("{\"" + key + "\":" + tensor_entry("F32", "[1]", 0, 4) + "}",
                             bytes_of<float>({value}));
}

float value_of(const attn::io::Container& container, const std::string& key) {
    return attn::io::convert<float>(container.arrays.at(key), attn::io::NonFinite::refuse)
        .data()[0];
}

}  // namespace

TEST_CASE("an index stands for the files that it names") {
    const TempFolder folder;
    const std::string index = folder.write("model.safetensors.index.json", R"({
        "metadata": {"total_size": 8},
        "weight_map": {"h.0/a": "1.safetensors", "b": "2.safetensors"}})");
    folder.write("1.safetensors", tensor_file("h.0/a", 1));
    // `h.0/a` is in both: the index decides. `c` it does not list.
    folder.write("2.safetensors",
                 safetensors_bytes(R"({"h.0/a":)" + tensor_entry("F32", "[1]", 0, 4) + R"(,"b":)" +
                                       tensor_entry("F32", "[1]", 4, 8) + R"(,"c":)" +
                                       tensor_entry("F32", "[1]", 8, 12) + "}",
                                   bytes_of<float>({3, 2, 3})));
    folder.write("config.json", R"({"n_head": 1})");
    for (const std::string& path : {index, folder.path().string()}) {
        const auto container = open_container(path);
        CHECK(container.format == "sharded safetensors");
        CHECK(container.path == path);
        CHECK(container.arrays.size() == 2);
        CHECK(value_of(container, "h.0/a") == 1);
        CHECK(value_of(container, "b") == 2);
        CHECK(container.arrays.at("b").name == folder / "2.safetensors:b");
        CHECK(container.settings.count("n_head") == 1);
        CHECK(container.files.size() == 4);
    }
}

TEST_CASE("an index that does not fit its files is refused") {
    const TempFolder folder;
    folder.write("1.safetensors", tensor_file("a", 1));
    const auto with_map = [&](const std::string& map) {
        return open_container(
            folder.write("model.safetensors.index.json", "{\"weight_map\": " + map + "}"));
    };
    const std::string index = folder / "model.safetensors.index.json";
    CHECK_NOTHROW(with_map(R"({"a": "1.safetensors"})"));
    CHECK_THROWS_WITH(with_map(R"({"b": "1.safetensors"})"),
                      index + ":b: is not in 1.safetensors, where the index puts it");
    CHECK_THROWS_WITH(with_map(R"({"a": "2.safetensors"})"),
                      (folder / "2.safetensors") + ": is missing; " + index + " names it");
    for (const char* file : {"../1.safetensors", "/1.safetensors", "sub/1.safetensors", "..", "",
                             "1.safetensors\\u0000.txt"}) {
        INFO(file);
        CHECK_THROWS_WITH(with_map("{\"a\": \"" + std::string(file) + "\"}"),
                          Catch::Contains("expected a file in the same folder"));
    }
    CHECK_THROWS_WITH(with_map(R"({"a": 1})"), index + ": weight_map/a is not the name of a file");
    CHECK_THROWS_WITH(with_map("{}"), Catch::Contains("has no weight_map"));
    CHECK_THROWS_WITH(with_map("{"), Catch::Contains("index.json:1:17: is not valid JSON"));
    folder.write("1.safetensors", "version https://git-lfs.github.com/spec/v1\n");
    CHECK_THROWS_WITH(with_map(R"({"a": "1.safetensors"})"),
                      Catch::Contains("1.safetensors: is a Git LFS pointer"));
}

TEST_CASE("a checkpoint folder without an index is all its safetensors files together") {
    const TempFolder folder;
    folder.write("x.npy", npy_floats("(1,)", {1}));
    folder.write("a.safetensors", tensor_file("a", 1));
    folder.write(".hidden.safetensors", "a copy that some system left");
    CHECK(open_container(folder.path().string()).format == "safetensors");
    folder.write("b.safetensors", tensor_file("b", 2));
    const auto container = open_container(folder.path().string());
    CHECK(container.format == "sharded safetensors");
    CHECK(container.arrays.size() == 2);
    CHECK(value_of(container, "b") == 2);
    folder.write("c.safetensors", tensor_file("a", 3));
    CHECK_THROWS_WITH(open_container(folder.path().string()),
                      (folder / "c.safetensors") + ":a: is also in " + (folder / "a.safetensors") +
                          "; name one of the files");
}
