#include "pipeline/look_sources.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/error.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using attn::test::npy_floats;
using attn::test::TempFolder;
using pipeline::sources_in;

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a folder stands for what is in it, a file for itself") {
    const TempFolder folder;
    const std::string b = folder.write("m/b.json", "[[1, 0], [0.5, 0.5]]");
    const std::string a = folder.write("m/a.json", "[[1, 0], [0.5, 0.5]]");
    folder.write("m/notes.txt", "hello");
    folder.write("m/config.json", "{}");
    CHECK(sources_in(folder / "m") == std::vector<std::string>{a, b});
    CHECK(sources_in(a) == std::vector<std::string>{a});
    folder.write("empty/notes.txt", "hello");
    CHECK_THROWS_AS(sources_in(folder / "empty"), Error);
}

TEST_CASE("files of several kinds in a folder are looked at one by one") {
    const TempFolder folder;
    const std::string npy = folder.write("m/a.npy", npy_floats("(1, 1)", {1}));
    CHECK(sources_in(folder / "m") == Names{folder / "m"});
    const std::string npz = folder.write("m/b.npz", "");
    CHECK(sources_in(folder / "m") == Names{npy, npz});
}

TEST_CASE("a mixed folder is opened at any depth that is looked at, and links lead nowhere") {
    const TempFolder folder;
    const std::string npy = folder.write("top/a/b/x.npy", npy_floats("(1, 1)", {1}));
    const std::string npz = folder.write("top/a/b/y.npz", "");
    std::filesystem::create_symlink("loop", folder / "top/a/loop");
    std::filesystem::create_directory_symlink(".", folder / "top/a/b/round");
    CHECK(sources_in(folder / "top") == Names{npy, npz});
}

TEST_CASE("the JSON of a checkpoint that is not read is no source") {
    const TempFolder folder;
    const std::string weights = folder.write("top/a.npz", "");
    for (const char* name : {"config.json", "tokenizer.json", "generation_config.json"})
        folder.write(std::string("top/bert/") + name, "{}");
    folder.write("top/bert/pytorch_model.bin", "PK");
    CHECK(sources_in(folder / "top") == Names{weights});
}

TEST_CASE("folders in a folder that are no source stand for what is in them") {
    const TempFolder folder;
    const std::string json = folder.write("m/a.json", "[[1, 0], [0.5, 0.5]]");
    const std::string first = folder.write("m/steps/1.npz", "");
    const std::string second = folder.write("m/steps/2.npz", "");
    folder.write("m/steps/deeper/3.npz", "");
    CHECK(sources_in(folder / "m") == Names{json, first, second});
}
