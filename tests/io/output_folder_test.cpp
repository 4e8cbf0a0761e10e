#include "io/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "io/file_descriptor.hpp"
#include "io/pending_commit.hpp"
#include "support/folder_contents.hpp"
#include "support/killed_process.hpp"
#include "support/thread_ranks.hpp"

using namespace attn::io;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

const std::string kManifest =
    R"({"tool": "attn-inspect", "command": "run", "files": ["a.npy", "layer00/b.png"]})";

OutputGuard guard(bool force = false, const std::vector<std::string>& inputs = {}) {
    OutputPolicy policy;
    policy.force = force;
    return {"run", policy, inputs};
}

void write_result(const std::string& path, const std::string& mark) {
    OutputFolder folder(path, guard());
    folder.write("a.npy", mark + "a");
    folder.write("layer00/b.png", mark + "b");
    folder.commit(kManifest);
}

}  // namespace

TEST_CASE("a result without files never takes the place of an earlier one") {
    const TempFolder temp;
    write_result(temp / "out", "1");
    const auto before = contents(temp / "out");
    {
        OutputFolder folder(temp / "out", guard());
        CHECK_THROWS_WITH(folder.commit(R"({"tool": "attn-inspect", "files": []})"),
                          Catch::Contains("it stays as it was"));
    }
    CHECK(contents(temp / "out") == before);
}

TEST_CASE("a result appears whole") {
    const TempFolder temp;
    write_result(temp / "deep/out", "1");
    CHECK(contents(temp / "deep/out") ==
          std::map<std::string, std::string>{{"a.npy", "1a"},
                                             {"layer00", "(folder)"},
                                             {"layer00/b.png", "1b"},
                                             {"manifest.json", kManifest}});
}

TEST_CASE("paths are those of the files that stand there afterwards") {
    const TempFolder temp;
    OutputFolder folder(temp / "deep/out", guard());
    folder.write("layer00/b.png", "1b");
    folder.write("a.npy", "1a");
    folder.commit(kManifest);
    const std::vector<std::string> expected{temp / "deep/out/a.npy",
                                            temp / "deep/out/layer00/b.png"};
    CHECK(folder.paths() == expected);
    for (const std::string& path : folder.paths()) CHECK(fs::is_regular_file(path));
}

TEST_CASE("what is not committed leaves nothing behind") {
    const TempFolder temp;
    {
        OutputFolder folder(temp / "deep/out", guard());
        folder.write("a.npy", "half");
    }
    CHECK(fs::is_empty(temp.path()));
}

TEST_CASE("an earlier result stays as it was until the new one is committed") {
    const TempFolder temp;
    write_result(temp / "out", "1");
    const auto before = contents(temp / "out");
    {
        OutputFolder folder(temp / "out", guard());
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
    OutputFolder folder(temp / "out", guard());
    folder.write("c.npy", "3");
    folder.commit(R"({"tool": "attn-inspect", "command": "run", "files": ["c.npy"]})");
    const auto after = contents(temp / "out");
    CHECK(after.count("a.npy") == 0);
    CHECK(after.count("layer00") == 0);
    CHECK(after.at("notes.txt") == "mine");
    CHECK(after.at("c.npy") == "3");
}

TEST_CASE("a manifest cannot make us remove files elsewhere") {
    const TempFolder temp;
    const std::string victim = temp.write("victim", "precious");
    temp.write("out/manifest.json",
               R"({"tool": "attn-inspect", "command": "run", "files": ["../victim", ")" + victim +
                   R"(", "x/../../victim"]})");
    write_result(temp / "out", "1");
    CHECK(read_file(victim) == "precious");
}

TEST_CASE("folders that are not ours are left alone") {
    const TempFolder temp;
    temp.write("theirs/data.txt", "theirs");
    CHECK_THROWS_WITH(OutputFolder(temp / "theirs", guard()),
                      Catch::Contains("is not empty and has no manifest.json"));
    temp.write("other/manifest.json", R"({"name": "a web page"})");
    CHECK_THROWS_WITH(OutputFolder(temp / "other", guard()), Catch::Contains("is not empty"));
    CHECK_THROWS_WITH(OutputFolder(temp.write("file", "x"), guard()), Catch::Contains("is a file"));
    CHECK_THROWS_WITH(OutputFolder("/proc/out", guard()),
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
    const OutputFolder folder(temp / "out", guard());
    CHECK_NOTHROW(folder.require_space(1000));
    CHECK_THROWS_WITH(folder.require_space(std::size_t{1} << 60),
                      Catch::Contains("needs 1.2 EB, the disk has") && Catch::Contains("--save"));
}

TEST_CASE("links in an earlier result lead nobody out of it") {
    const TempFolder temp;
    const std::string victim = temp.write("outside/b.png", "precious");
    write_result(temp / "out", "1");
    fs::remove_all(temp / "out/layer00");
    fs::create_directory_symlink(temp.path() / "outside", temp.path() / "out/layer00");
    CHECK_THROWS_WITH(write_result(temp / "out", "2"),
                      Catch::Contains("out/layer00: is a symbolic link, expected a folder"));
    CHECK(read_file(temp / "out/a.npy") == "1a");

    OutputFolder folder(temp / "out", guard());
    folder.write("c.npy", "3");
    folder.commit(R"({"tool": "attn-inspect", "command": "run", "files": ["c.npy"]})");
    CHECK(read_file(victim) == "precious");
    CHECK_FALSE(fs::exists(temp / "out/a.npy"));
}

TEST_CASE("a result that is a link is replaced, and not what it leads to") {
    const TempFolder temp;
    const std::string victim = temp.write("victim", "precious");
    write_result(temp / "out", "1");
    fs::remove(temp / "out/a.npy");
    fs::create_symlink(victim, temp.path() / "out/a.npy");
    write_result(temp / "out", "2");
    CHECK(read_file(victim) == "precious");
    CHECK(read_file(temp / "out/a.npy") == "2a");
}

TEST_CASE("a file that we did not write is not overwritten by a result") {
    const TempFolder temp;
    temp.write("out/manifest.json", R"({"tool": "attn-inspect", "command": "run", "files": []})");
    temp.write("out/layer00/b.png", "theirs");
    const auto before = contents(temp / "out");
    CHECK_THROWS_WITH(write_result(temp / "out", "1"),
                      Catch::Contains("out/layer00/b.png: was not written by attn-inspect") &&
                          Catch::Contains("--force"));
    CHECK(contents(temp / "out") == before);

    fs::remove(temp / "out/layer00/b.png");
    fs::create_directories(temp / "out/a.npy");
    CHECK_THROWS_WITH(write_result(temp / "out", "1"),
                      Catch::Contains("out/a.npy: is a folder, expected a file"));
    fs::remove(temp / "out/a.npy");
    fs::remove(temp / "out/layer00");
    temp.write("out/layer00", "theirs");
    CHECK_THROWS_WITH(write_result(temp / "out", "1"),
                      Catch::Contains("out/layer00: is a file, expected a folder"));
}

TEST_CASE("by force a folder of another command is replaced, one of others only written into") {
    const TempFolder temp;
    temp.write("out/manifest.json",
               R"({"tool": "attn-inspect", "command": "heatmap", "files": ["old.png"]})");
    temp.write("out/old.png", "old");
    temp.write("out/a.npy", "theirs");
    const auto write_by_force = [&](const std::string& path) {
        OutputFolder folder(path, guard(true));
        folder.write("a.npy", "a");
        folder.commit(kManifest);
    };
    write_by_force(temp / "out");
    CHECK(contents(temp / "out") ==
          std::map<std::string, std::string>{{"a.npy", "a"}, {"manifest.json", kManifest}});

    temp.write("theirs/notes.txt", "mine");
    write_by_force(temp / "theirs");
    CHECK(contents(temp / "theirs").size() == 3);
}

TEST_CASE("by force nothing is removed from a folder that the command reads") {
    const TempFolder temp;
    write_result(temp / "out", "1");
    OutputFolder folder(temp / "out", guard(true, {temp / "out/a.npy"}));
    folder.write("a.npy", "2");
    folder.commit(R"({"tool": "attn-inspect", "command": "run", "files": ["a.npy"]})");
    CHECK(read_file(temp / "out/a.npy") == "2");
    CHECK(read_file(temp / "out/layer00/b.png") == "1b");
}

TEST_CASE("results on the disk for certain are the same results") {
    const TempFolder temp;
    OutputPolicy durable;
    durable.durable = true;
    for (const std::string mark : {"1", "2"}) {
        OutputFolder folder(temp / "out", {"run", durable, {}});
        folder.write("a.npy", mark + "a");
        folder.write("layer00/b.png", mark + "b");
        folder.commit(kManifest);
    }
    CHECK(contents(temp / "out").at("layer00/b.png") == "2b");
    CHECK(contents(temp / "out").size() == 4);
}

TEST_CASE("where few files may be open an earlier result is replaced whole or stays") {
    const TempFolder temp;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int next = ::dup(STDIN_FILENO);
    ::close(next);
    std::size_t refused = 0;
    for (rlim_t more = 0; more < 20; ++more) {
        const std::string out = temp / ("out" + std::to_string(more));
        write_result(out, "1");
        const auto old = contents(out);
        const rlimit few{static_cast<rlim_t>(next) + more, before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
        bool thrown = false;
        try {
            write_result(out, "2");
        } catch (const attn::Error&) {
            thrown = true;
        }
        ::setrlimit(RLIMIT_NOFILE, &before);
        INFO(more);
        // Whoever reads it finishes what was begun.
        const FileDescriptor folder(::open(out.c_str(), O_RDONLY | O_DIRECTORY));
        finish_commit(folder.number(), out, false);
        CHECK((contents(out) == old) == thrown);
        refused += thrown ? 1 : 0;
    }
    CHECK(refused > 0);
    CHECK(refused < 20);
}

TEST_CASE("errors name the file as the user will see it") {
    const TempFolder temp;
    OutputFolder folder(temp / "out/", guard());
    folder.write("layer00", "a file");
    CHECK_THROWS_WITH(folder.stage("layer00/x.npy"),
                      Catch::StartsWith((temp / "out/layer00/x.npy") + ": cannot create") &&
                          !Catch::Contains(".attn-inspect"));
    const OutputPath path = folder.stage("y.npy");
    CHECK(path.shown == temp / "out/y.npy");
    fs::create_directories(path.path);
    CHECK_THROWS_WITH(folder.write("y.npy", "1"),
                      Catch::StartsWith((temp / "out/y.npy") + ": cannot create"));
}

TEST_CASE("two commands that end at once leave the result of one") {
    const TempFolder temp;
    std::vector<int> processes;
    for (const std::string name : {"one", "two", "three"}) {
        processes.push_back(start_process([&, name] {
            for (int i = 0; i < 15; ++i) {
                OutputFolder folder(temp / "out", guard());
                folder.write("both.npy", name);
                folder.write("layer00/" + name + ".png", name);
                folder.write(name + "/only.npy", name);
                folder.commit(R"({"tool": "attn-inspect", "command": "run", "files": ["both.npy",
                              "layer00/)" +
                              name + R"(.png", ")" + name + R"(/only.npy"]})");
            }
        }));
    }
    for (const int process : processes) CHECK(wait_for_process(process) == 0);
    const auto after = contents(temp / "out");
    const std::string last = after.at("both.npy");
    CHECK(after ==
          std::map<std::string, std::string>{{"both.npy", last},
                                             {"layer00", "(folder)"},
                                             {"layer00/" + last + ".png", last},
                                             {last, "(folder)"},
                                             {last + "/only.npy", last},
                                             {"manifest.json", after.at("manifest.json")}});
    CHECK_THAT(after.at("manifest.json"), Catch::Contains(last + "/only.npy"));
}

TEST_CASE("files are those of all ranks, without what one of them took back") {
    const TempFolder folder;
    const std::string path = folder / "out";
    ThreadRanks world(3);
    const auto errors = world.run([&](const attn::Communicator& ranks) {
        OutputFolder out(path, guard(), "a folder", ranks);
        if (ranks.rank() == 2) out.write("late.json", "{}");
        if (ranks.rank() != 0) out.stage("layer00/one.npy");
        out.stage("packed.npy");
        if (ranks.is_root()) out.discard("packed.npy");
        out.gather_files();
        if (out.files() != std::vector<std::string>{"late.json", "layer00/one.npy"})
            attn::fail("rank ", ranks.rank(), " knows others");
    });
    CHECK(errors == std::vector<std::string>(3));
}
