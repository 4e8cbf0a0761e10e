#include "io/inner_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/folder_contents.hpp"

using namespace attn::io;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

FileDescriptor open_inner(const fs::path& path) {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY));
}

}  // namespace

TEST_CASE("only paths that stay inside are paths of results") {
    CHECK(inner_path("layer00/weights.npy") == fs::path("layer00/weights.npy"));
    CHECK(inner_path("./a//b/../c.npy") == fs::path("a/c.npy"));
    for (const std::string path : {"", ".", "..", "/etc/passwd", "../x", "a/../../x", "a/",
                                   "manifest.json", "./manifest.json", ".attn-inspect-commit/x"}) {
        INFO(path);
        CHECK_FALSE(inner_path(path));
    }
    CHECK_FALSE(inner_path(std::string("a\0b", 3)));
}

TEST_CASE("no link is followed, whatever is done") {
    const TempFolder temp;
    temp.write("outside/file", "precious");
    fs::create_directories(temp.path() / "in/real");
    fs::create_directory_symlink(temp.path() / "outside", temp.path() / "in/link");
    fs::create_symlink(temp.path() / "outside/file", temp.path() / "in/file-link");
    const FileDescriptor in = open_inner(temp.path() / "in");
    CHECK_FALSE(open_inner(in.number(), "link").is_open());
    CHECK_FALSE(make_inner(in.number(), "link/new").is_open());
    CHECK(make_inner(in.number(), "real/new").is_open());
    CHECK(entry_kind(in.number(), "link") == EntryKind::link);
    CHECK(entry_kind(in.number(), "link/file") == EntryKind::missing);
    CHECK_FALSE(read_inner(in.number(), "file-link"));
    remove_inner(in.number(), "link/file");
    remove_entry(in.number(), "link");
    remove_entry(in.number(), "file-link");
    CHECK(contents(temp.path()) ==
          std::map<std::string, std::string>{{"in", "(folder)"},
                                             {"in/real", "(folder)"},
                                             {"in/real/new", "(folder)"},
                                             {"outside", "(folder)"},
                                             {"outside/file", "precious"}});
}

TEST_CASE("a file goes with the folders that it leaves empty") {
    const TempFolder temp;
    temp.write("in/a/b/x", "1");
    temp.write("in/a/y", "2");
    const FileDescriptor in = open_inner(temp.path() / "in");
    remove_inner(in.number(), "a/b/x");
    CHECK(contents(temp.path() / "in") ==
          std::map<std::string, std::string>{{"a", "(folder)"}, {"a/y", "2"}});
    remove_inner(in.number(), "a/y");
    CHECK(fs::is_empty(temp.path() / "in"));
}

TEST_CASE("a pipe in the place of a file is not waited for") {
    const TempFolder temp;
    REQUIRE(::mkfifo((temp / "manifest.json").c_str(), 0600) == 0);
    const FileDescriptor in = open_inner(temp.path());
    CHECK_FALSE(read_inner(in.number(), "manifest.json"));
    CHECK(entry_kind(in.number(), "manifest.json") == EntryKind::other);
}
