#include "io/container.hpp"

#include <catch2/catch.hpp>

#include "io/array_name.hpp"
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
    CHECK(attn::io::full_name(name) == "run.json:layers/0/W_Q");

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
                      Catch::Contains("is a folder without .safetensors, .npy or .npz files"));
    CHECK_THROWS_WITH(open_container("/dev/zero"), Catch::Contains("not a plain file"));
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
          "holds text that is not Unicode");
    folder.write("names.npy", npy_bytes(npy_dictionary("|S2", "(2,)"), "abcd"));
    CHECK(open_container(folder.path().string()).texts.at("names").at(0).at(1) == "cd");

    folder.write("W_V.npy", "damaged");
    CHECK_THROWS_WITH(open_container(folder.path().string()),
                      Catch::Contains("W_V.npy: is not an NPY file"));
}

TEST_CASE("a folder with one .npz is that file, with settings from config.json") {
    const TempFolder folder;
    const std::string bytes = zip_bytes({{"W.npy", npy_floats("(1,)", {1})}});
    folder.write("w/model.npz", bytes);
    folder.write("w/config.json", R"({"n_head": 2})");
    const auto container = open_container(folder / "w");
    CHECK(container.format == "NPZ");
    CHECK(container.arrays.count("W") == 1);
    CHECK(std::get<double>(container.settings.at("n_head")) == 2);
    folder.write("w/other.npz", bytes);
    CHECK_THROWS_WITH(
        open_container(folder / "w"),
        Catch::Contains("holds 2 .npz files; choose one, such as") && Catch::Contains("model.npz"));
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

TEST_CASE("a folder with only a PyTorch checkpoint says how to convert it") {
    const TempFolder folder;
    folder.write("config.json", "{}");
    folder.write("pytorch_model.bin", "PK");
    CHECK_THROWS_WITH(open_container(folder.path().string()),
                      Catch::Contains("holds only a PyTorch checkpoint") &&
                          Catch::Contains("torch.load('" + (folder / "pytorch_model.bin") + "'"));
}

TEST_CASE("a checkpoint comes over standard input too") {
    for (const char* name : {"files/model.safetensors", "files/deflated.npz"}) {
        const auto result = run_program({"info", "-", "--json"}, read_file(golden(name)));
        INFO(name << result.err);
        CHECK(result.exit_code == 0);
        CHECK_THAT(result.out, Catch::Contains("\"float32\""));
    }
}
