#include "core/temporary_path.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/temp_folder.hpp"

using attn::NewFolder;
using attn::TemporaryPath;
using attn::test::TempFolder;
namespace fs = std::filesystem;

TEST_CASE("a temporary path goes with all that is in it, one that is kept stays") {
    const TempFolder temp;
    temp.write("going/deep/a", "a");
    temp.write("staying/b", "b");
    {
        const TemporaryPath going(temp / "going");
        TemporaryPath staying(temp / "staying");
        staying.keep();
    }
    CHECK_FALSE(fs::exists(temp / "going"));
    CHECK(fs::exists(temp / "staying/b"));
}

TEST_CASE("a new folder goes with those that it needed, unless somebody uses them") {
    const TempFolder temp;
    { const NewFolder folder(temp / "a/b/c"); }
    CHECK(fs::is_empty(temp.path()));
    {
        const NewFolder folder(temp / "a/b/c");
        temp.write("a/notes.txt", "mine");
    }
    CHECK_FALSE(fs::exists(temp / "a/b"));
    CHECK(fs::exists(temp / "a/notes.txt"));
    {
        NewFolder folder(temp / "a/b/c");
        folder.keep();
    }
    CHECK(fs::is_directory(temp / "a/b/c"));
    { const NewFolder folder(temp / "a/b/c"); }
    CHECK(fs::is_directory(temp / "a/b/c"));
    CHECK_THROWS_WITH(NewFolder("/proc/out"),
                      "/proc/out: cannot create the folder: " +
                          std::make_error_code(std::errc{ENOENT}).message());
}

TEST_CASE("what is temporary at the end of the process is removed, what was kept is not") {
    const TempFolder temp;
    const pid_t child = ::fork();
    if (child == 0) {
        NewFolder kept(temp / "kept/results");
        kept.keep();
        const NewFolder made(temp / "made/results");
        const TemporaryPath staging(temp.write("made/results/staging/a", "a"));
        const TemporaryPath folder(temp / "made/results/staging");
        attn::remove_temporary_paths();
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    CHECK(fs::is_directory(temp / "kept/results"));
    CHECK_FALSE(fs::exists(temp / "made"));
}
