#include "io/foreign_file.hpp"

#include <catch2/catch.hpp>

#include "io/container.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using attn::io::open_container;

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
    for (const std::string& text : {std::string("\xff\xfe[\0", 4), std::string("\xfe\xff\0[", 4)})
        CHECK_THROWS_WITH(refused(text), Catch::Contains("is text in UTF-16"));
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
