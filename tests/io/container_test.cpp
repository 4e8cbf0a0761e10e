#include "io/container.hpp"

#include <catch2/catch.hpp>

#include "io/array_name.hpp"
#include "io/foreign_file.hpp"
#include "io/inputs.hpp"
#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/safetensors_bytes.hpp"
#include "support/temp_folder.hpp"
#include "support/zip_bytes.hpp"

using namespace attn::test;
using attn::io::open_container;

TEST_CASE("an array name is a file and perhaps a key") {
    const auto name = attn::io::parse_array_name("run.json:layers/0/W_Q");
    CHECK(name.path == "run.json");
    CHECK(name.key == "layers/0/W_Q");
    CHECK(attn::io::parse_array_name("x.npy").key.empty());
    CHECK(attn::io::parse_array_name("-").path == "-");
    CHECK(attn::io::to_string(name) == "run.json:layers/0/W_Q");

    const TempFolder folder;
    const std::string odd = folder.write("a:b.npy", "x");
    CHECK(attn::io::parse_array_name(odd).path == odd);
}

TEST_CASE("files are told apart by their first bytes, not by their names") {
    const TempFolder folder;
    CHECK(open_container(folder.write("a.txt", npy_floats("(1,)", {1}))).format == "NPY");
    CHECK(open_container(folder.write("b.npy", "  [1, 2]")).format == "JSON");
}

TEST_CASE("files that cannot be read say why") {
    const TempFolder folder;
    CHECK_THROWS_WITH(open_container(folder / "none.npy"),
                      Catch::Contains("none.npy: cannot open"));
    CHECK_THROWS_WITH(open_container(folder.write("empty.npy", "")),
                      Catch::Contains("empty.npy: is empty"));
    folder.write("texts/a.txt", "text");
    CHECK_THROWS_WITH(open_container(folder / "texts"),
                      Catch::Contains("is a folder without .safetensors or .npy files"));
    CHECK_THROWS_WITH(open_container("/dev/zero"), Catch::Contains("not a plain file"));
}

TEST_CASE("formats that are not read are named, with what to do") {
    const TempFolder folder;
    const auto refused = [&](const std::string& bytes, const std::string& name = "x") {
        return open_container(folder.write(name, bytes));
    };
    CHECK_THROWS_WITH(refused("\x80\x04pickle"), Catch::Contains("pickle"));
    CHECK_THROWS_WITH(refused("GGUF...."),
                      Catch::Contains("GGUF") && Catch::Contains("save the arrays"));
    CHECK_THROWS_WITH(refused("\x89HDF\r\n"), Catch::Contains("HDF5"));
    CHECK_THROWS_WITH(refused("<!DOCTYPE html>"), Catch::Contains("is a web page"));
    CHECK_THROWS_WITH(refused("version https://git-lfs.github.com/spec/v1\noid sha256:1\n"),
                      Catch::Contains("is a Git LFS pointer") && Catch::Contains("git lfs pull"));
    CHECK_THROWS_WITH(refused("1 2 3\n"),
                      Catch::Contains("is neither NPY, NPZ, safetensors nor JSON"));
    CHECK_THROWS_WITH(refused("1 2 3\n", "x.safetensors"),
                      Catch::Contains("is no safetensors file"));
}

TEST_CASE("the command that converts a PyTorch file can be copied as it is") {
    CHECK_THAT(attn::io::torch_conversion("a b/model.bin"),
               Catch::Contains("torch.load('a b/model.bin', ") &&
                   Catch::EndsWith("'a b/model.safetensors')\""));
    for (const char* name : {"it's.bin", "$(x).bin", "a\"b.bin", "-"})
        CHECK_THAT(attn::io::torch_conversion(name), Catch::Contains("torch.load('FILE', "));
}

TEST_CASE("a folder is a container of its .npy files, with settings from config.json") {
    const TempFolder folder;
    folder.write("W_Q.npy", npy_floats("(1, 1)", {1}));
    folder.write("W_K.npy", npy_floats("(1, 1)", {2}));
    folder.write("notes.txt", "not an array");
    folder.write("config.json", R"({"heads": 1})");
    const auto container = open_container(folder.path().string());
    CHECK(container.arrays.size() == 2);
    CHECK(container.arrays.count("W_Q") == 1);
    CHECK(std::get<double>(container.settings.at("heads")) == 1);

    folder.write("names.npy", npy_bytes(npy_dictionary("<U2", "(1,)"), "textmore"));
    CHECK(open_container(folder.path().string()).unreadable.at("names") ==
          "holds text (<U2), expected numbers");

    folder.write("W_V.npy", "damaged");
    CHECK_THROWS_WITH(open_container(folder.path().string()),
                      Catch::Contains("W_V.npy: is not an NPY file"));
}

TEST_CASE("the config.json beside a checkpoint belongs to it, that beside a lone array does not") {
    const TempFolder folder;
    folder.write("config.json", R"({"heads": 2, "name": null, "types": ["full"]})");
    const auto opened = [&](const std::string& name, const std::string& bytes) {
        return open_container(folder.write(name, bytes));
    };
    for (const auto& container :
         {opened("m.safetensors", safetensors_bytes("{}")),
          opened("w.npz", zip_bytes({{"W.npy", npy_floats("(1,)", {1})}}))}) {
        INFO(container.format);
        CHECK(std::get<double>(container.settings.at("heads")) == 2);
        CHECK(container.texts.count("types") == 1);
        REQUIRE(container.files.size() == 2);
        CHECK(container.files[1].path == folder / "config.json");
    }
    CHECK(opened("x.npy", npy_floats("(1,)", {1})).settings.empty());
    CHECK(opened("x.json", "[1]").settings.empty());
    folder.write("config.json", "{broken");
    CHECK_THROWS_WITH(open_container(folder / "m.safetensors"),
                      Catch::Contains("config.json:1:2: is not valid JSON"));
}

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
    for (const char* file : {"../1.safetensors", "/1.safetensors", "sub/1.safetensors", "..", ""}) {
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

TEST_CASE("a folder with only a PyTorch checkpoint says how to convert it") {
    const TempFolder folder;
    folder.write("config.json", "{}");
    folder.write("pytorch_model.bin", "PK");
    CHECK_THROWS_WITH(open_container(folder.path().string()),
                      Catch::Contains("holds only a PyTorch checkpoint") &&
                          Catch::Contains("torch.load('" + (folder / "pytorch_model.bin") + "'"));
}

TEST_CASE("an array of a type that is not read is refused by name, the others are not") {
    const TempFolder folder;
    const std::string file =
        folder.write("m.safetensors",
                     safetensors_bytes(R"({"new":)" + tensor_entry("F8_E5M2", "[4]", 0, 4) +
                                           R"(,"old":)" + tensor_entry("F32", "[1]", 4, 8) + "}",
                                       std::string(8, '\0')));
    attn::io::Inputs inputs;
    CHECK(inputs.find(file + ":old").shape == attn::Shape{1});
    CHECK_THROWS_WITH(inputs.find(file + ":new"),
                      file + ":new: has the dtype F8_E5M2, which is not read");
    CHECK_THROWS_WITH(inputs.find(file), Catch::Contains("holds new, old; choose one as"));
    CHECK_THROWS_WITH(inputs.find(file + ":nev"), Catch::Contains("did you mean new?"));
}

TEST_CASE("an array that is not there is answered with what is") {
    const TempFolder folder;
    const std::string file = folder.write("w.json", R"({"W_Q": [1], "W_K": [2]})");
    attn::io::Inputs inputs;
    CHECK(inputs.find(file + ":W_Q").shape == attn::Shape{1});
    CHECK_THROWS_WITH(inputs.find(file), Catch::Contains("holds W_K, W_Q; choose one as"));
    CHECK_THROWS_WITH(inputs.find(file + ":W_q"), Catch::Contains("did you mean W_Q?"));
    CHECK_THROWS_WITH(inputs.find(file + ":embeddings"), Catch::Contains("it holds W_K, W_Q"));
}

TEST_CASE("the record of an input names its file's digest") {
    const TempFolder folder;
    const std::string file = folder.write("w.json", R"({"x": [1, 2]})");
    attn::io::Inputs inputs;
    inputs.load<float>(file + ":x", attn::io::NonFinite::refuse);
    inputs.load<float>(file + ":x", attn::io::NonFinite::refuse);
    const auto records = inputs.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].name == file + ":x");
    CHECK(records[0].shape == attn::Shape{2});
    CHECK_FALSE(records[0].digest_of_array);
    // sha256sum of {"x": [1, 2]}
    CHECK(records[0].sha256 == "3bb3eda9ae6433fd94e9e35945500b88f252602d7c62034bc782cfdabd944053");
}

TEST_CASE("the record of an array of a large file names the digest of its own bytes") {
    attn::io::Inputs inputs;
    for (const char* name : {"files/model.safetensors:h.0.attn.bias", "files/stored.npz:float32",
                             "files/deflated.npz:float32"}) {
        inputs.load<float>(golden(name), attn::io::NonFinite::refuse);
    }
    const auto records = inputs.records();
    REQUIRE(records.size() == 3);
    for (const auto& record : records) {
        INFO(record.name);
        CHECK(record.digest_of_array);
        // sha256sum of the six float32 0, 0.5, … 2.5
        CHECK(record.sha256 == "03b8e98a10217e51d8ecef7919de69ba80c52b25ee49ce0886ecfe0ddeacd4ac");
    }
}

TEST_CASE("a checkpoint comes over standard input too") {
    for (const char* name : {"files/model.safetensors", "files/deflated.npz"}) {
        const auto result = run_program({"info", "-", "--json"}, read_file(golden(name)));
        INFO(name << result.err);
        CHECK(result.exit_code == 0);
        CHECK_THAT(result.out, Catch::Contains("\"float32\""));
    }
}
