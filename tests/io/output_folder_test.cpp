#include "io/output_folder.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <map>

#include "support/temp_folder.hpp"

using attn::io::OutputFolder;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

const std::string kManifest = R"({"tool": "attn-inspect", "files": ["a.npy", "layer00/b.png"]})";

// Path below the folder -> content, for everything in it.
std::map<std::string, std::string> contents(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = fs::relative(entry.path(), folder).string();
        files[name] = entry.is_directory() ? "(folder)" : read_file(entry.path());
    }
    return files;
}

void write_result(const fs::path& path, const std::string& mark) {
    OutputFolder folder(path);
    folder.write("a.npy", mark + "a");
    folder.write("layer00/b.png", mark + "b");
    folder.commit(kManifest);
}

}  // namespace

TEST_CASE("a result appears whole") {
    const TempFolder temp;
    write_result(temp / "deep/out", "1");
    CHECK(contents(temp / "deep/out") ==
          std::map<std::string, std::string>{{"a.npy", "1a"},
                                             {"layer00", "(folder)"},
                                             {"layer00/b.png", "1b"},
                                             {"manifest.json", kManifest}});
}

TEST_CASE("what is not committed leaves nothing behind") {
    const TempFolder temp;
    {
        OutputFolder folder(temp / "deep/out");
        folder.write("a.npy", "half");
    }
    CHECK(fs::is_empty(temp.path()));
}

TEST_CASE("an earlier result stays as it was until the new one is committed") {
    const TempFolder temp;
    write_result(temp / "out", "1");
    const auto before = contents(temp / "out");
    {
        OutputFolder folder(temp / "out");
        folder.write("a.npy", "2a");
    }
    CHECK(contents(temp / "out") == before);
    write_result(temp / "out", "2");
    CHECK(contents(temp / "out").at("layer00/b.png") == "2b");
}

TEST_CASE("files of the earlier result that the new one lacks go, those of others stay") {
    const TempFolder temp;
    write_result(temp / "out", "1");
    temp.write("out/notes.txt", "mine");
    OutputFolder folder(temp / "out");
    folder.write("c.npy", "3");
    folder.commit(R"({"tool": "attn-inspect", "files": ["c.npy"]})");
    const auto after = contents(temp / "out");
    CHECK(after.count("a.npy") == 0);
    CHECK(after.count("layer00") == 0);
    CHECK(after.at("notes.txt") == "mine");
    CHECK(after.at("c.npy") == "3");
}

TEST_CASE("a manifest cannot make us remove files elsewhere") {
    const TempFolder temp;
    const std::string victim = temp.write("victim", "precious");
    temp.write("out/manifest.json", R"({"tool": "attn-inspect", "files": ["../victim", ")" +
                                        victim + R"(", "x/../../victim"]})");
    write_result(temp / "out", "1");
    CHECK(read_file(victim) == "precious");
}

TEST_CASE("folders that are not ours are left alone") {
    const TempFolder temp;
    temp.write("theirs/data.txt", "theirs");
    CHECK_THROWS_WITH(OutputFolder(temp / "theirs"),
                      Catch::Contains("is not empty and has no manifest.json"));
    temp.write("other/manifest.json", R"({"name": "a web page"})");
    CHECK_THROWS_WITH(OutputFolder(temp / "other"), Catch::Contains("is not empty"));
    CHECK_THROWS_WITH(OutputFolder(temp.write("file", "x")), Catch::Contains("is a file"));
    CHECK_THROWS_WITH(OutputFolder("/proc/out"),
                      Catch::Contains("/proc/out: cannot create the folder"));
    CHECK(contents(temp / "theirs").size() == 1);
}

TEST_CASE("what a killed run left is cleared away, what a running one holds is not") {
    const TempFolder temp;
    temp.write("out/.attn-inspect-dead00/a.npy", "left");
    const std::string busy = temp / "out/.attn-inspect-busy00";
    fs::create_directories(busy);
    const int lock = ::open(busy.c_str(), O_RDONLY | O_DIRECTORY);
    REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);
    write_result(temp / "out", "1");
    CHECK_FALSE(fs::exists(temp / "out/.attn-inspect-dead00"));
    CHECK(fs::exists(busy));
    ::close(lock);
}

TEST_CASE("a disk that is too small is known before the first byte") {
    const TempFolder temp;
    const OutputFolder folder(temp / "out");
    CHECK_NOTHROW(folder.require_space(1000));
    CHECK_THROWS_WITH(folder.require_space(std::size_t{1} << 60),
                      Catch::Contains("needs 1.2 EB, the disk has") && Catch::Contains("--save"));
}

TEST_CASE("a single file is replaced whole or not at all") {
    const TempFolder temp;
    const std::string path = temp.write("p.png", "old");
    attn::io::write_file(path, "new");
    CHECK(read_file(path) == "new");
    CHECK_THROWS_WITH(attn::io::write_file(temp.path(), "x"), Catch::Contains("is a folder"));
    CHECK_THROWS_WITH(attn::io::write_file(temp / "none/p.png", "x"),
                      Catch::Contains("cannot create"));
    CHECK(contents(temp.path()).size() == 1);
}
