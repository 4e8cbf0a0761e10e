#include "io/container.hpp"

#include <catch2/catch.hpp>

#include "io/array_name.hpp"
#include "io/inputs.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

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
                      Catch::Contains("a folder without .npy files"));
    CHECK_THROWS_WITH(open_container("/dev/zero"), Catch::Contains("not a plain file"));
}

TEST_CASE("formats that are not read are named, with what to do") {
    const TempFolder folder;
    const auto refused = [&](const std::string& bytes) {
        return open_container(folder.write("x", bytes));
    };
    CHECK_THROWS_WITH(refused("PK\x03\x04rest"),
                      Catch::Contains("ZIP archive") && Catch::Contains("save the arrays"));
    CHECK_THROWS_WITH(refused(std::string("\x02\0\0\0\0\0\0\0{}", 10)),
                      Catch::Contains("safetensors"));
    CHECK_THROWS_WITH(refused("\x80\x04pickle"), Catch::Contains("pickle"));
    CHECK_THROWS_WITH(refused("GGUF...."), Catch::Contains("GGUF"));
    CHECK_THROWS_WITH(refused("\x89HDF\r\n"), Catch::Contains("HDF5"));
    CHECK_THROWS_WITH(refused("1 2 3\n"), Catch::Contains("neither NPY nor JSON"));
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

    folder.write("W_V.npy", "damaged");
    CHECK_THROWS_WITH(open_container(folder.path().string()),
                      Catch::Contains("W_V.npy: is not an NPY file"));
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
    // sha256sum of {"x": [1, 2]}
    CHECK(records[0].sha256 == "3bb3eda9ae6433fd94e9e35945500b88f252602d7c62034bc782cfdabd944053");
}
