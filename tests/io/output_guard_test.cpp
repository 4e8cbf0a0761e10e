#include "io/output_guard.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "core/error.hpp"
#include "io/file_descriptor.hpp"
#include "support/temp_folder.hpp"

using namespace attn::io;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

void check_folder(const OutputGuard& guard, const std::string& path) {
    const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY));
    guard.require_folder(folder.number(), path, read_earlier_result(folder.number()));
}

OutputGuard guard(const std::vector<std::string>& inputs, bool force = false) {
    OutputPolicy policy;
    policy.force = force;
    return {"run", policy, inputs};
}

const char* const kRun = R"({"tool": "attn-inspect", "command": "run", "files": ["l/a.npy"]})";

}  // namespace

TEST_CASE("an input is known by every name that it has") {
    const TempFolder temp;
    const std::string file = temp.write("d/in.npy", "data");
    fs::create_hard_link(file, temp.path() / "hard.npy");
    fs::create_directory_symlink(temp.path() / "d", temp.path() / "linked");
    for (const std::string& input :
         {file, temp / "d/../d/in.npy", temp / "linked/in.npy", temp / "hard.npy"}) {
        INFO(input);
        for (const std::string& output : {file, temp / "linked/in.npy", temp / "hard.npy"}) {
            CHECK_THROWS_WITH(
                guard({input}).require_file(output, FileKind::npy),
                Catch::Contains("is an input of this command") && Catch::Contains("--force"));
            CHECK_NOTHROW(guard({input}, true).require_file(output, FileKind::npy));
        }
    }
}

TEST_CASE("a file that we did not write is refused, a new one is not") {
    const TempFolder temp;
    const std::string notes = temp.write("notes.txt", "mine");
    CHECK_THROWS_WITH(guard({}).require_file(notes, FileKind::npy),
                      Catch::Contains("notes.txt: was not written by this command"));
    CHECK_THROWS_WITH(guard({}).require_file(temp.write("empty.png", ""), FileKind::png),
                      Catch::Contains("was not written"));
    CHECK_NOTHROW(guard({}, true).require_file(notes, FileKind::npy));
    CHECK_NOTHROW(guard({}).require_file(temp / "new.npy", FileKind::npy));
    CHECK_NOTHROW(guard({}).require_file(temp / "no/such/new.npy", FileKind::npy));
}

TEST_CASE("what is no plain file is refused, with --force too") {
    const TempFolder temp;
    REQUIRE(::mkfifo((temp / "pipe").c_str(), 0600) == 0);
    for (const bool force : {false, true}) {
        const OutputGuard any = guard({}, force);
        CHECK_THROWS_WITH(any.require_file(temp / "pipe", FileKind::npy),
                          Catch::Contains("is not a plain file"));
        CHECK_THROWS_WITH(any.require_file("/dev/null", FileKind::npy),
                          Catch::Contains("is not a plain file"));
        CHECK_THROWS_WITH(any.require_file(temp.path().string(), FileKind::npy),
                          Catch::Contains("is a folder, expected a file"));
        CHECK_THROWS_WITH(any.require_file(temp / "x/", FileKind::npy),
                          Catch::Contains("names a folder"));
        CHECK_THROWS_WITH(any.require_file("", FileKind::npy), Catch::Contains("is empty"));
    }
    fs::create_symlink(temp.path() / "elsewhere", temp.path() / "link");
    CHECK_THROWS_WITH(guard({}).require_file(temp / "link", FileKind::npy),
                      Catch::Contains("is a symbolic link"));
}

TEST_CASE("a folder is ours when the same command wrote it") {
    const TempFolder temp;
    fs::create_directories(temp.path() / "empty");
    temp.write("ours/manifest.json", kRun);
    temp.write("pictures/manifest.json", R"({"tool": "attn-inspect", "command": "heatmap"})");
    temp.write("old/manifest.json", R"({"tool": "attn-inspect"})");
    temp.write("theirs/data", "1");
    CHECK_NOTHROW(check_folder(guard({}), temp / "empty"));
    CHECK_NOTHROW(check_folder(guard({}), temp / "ours"));
    CHECK_THROWS_WITH(check_folder(guard({}), temp / "pictures"),
                      Catch::Contains("holds the results of another command, heatmap") &&
                          Catch::Contains("--force"));
    CHECK_THROWS_WITH(check_folder(guard({}), temp / "old"), Catch::Contains("another command"));
    CHECK_THROWS_WITH(
        check_folder(guard({}), temp / "theirs"),
        Catch::Contains("is not empty and has no manifest.json") && Catch::Contains("--force"));
    for (const char* name : {"pictures", "old", "theirs"})
        CHECK_NOTHROW(check_folder(guard({}, true), temp / name));
}

TEST_CASE("a folder that holds what is read is refused, however it is called") {
    const TempFolder temp;
    temp.write("out/manifest.json", kRun);
    const std::string inside = temp.write("out/l/a.npy", "1");
    temp.write("out-of-it/a.npy", "1");
    fs::create_directory_symlink(temp.path() / "out", temp.path() / "linked");
    fs::create_symlink(inside, temp.path() / "one.npy");
    fs::create_hard_link(inside, temp.path() / "hard.npy");
    for (const std::string& input :
         {inside, temp / "out", temp / "out/l", temp / "linked/l/a.npy", temp / "one.npy",
          temp / "hard.npy", temp / "out/l/../l/a.npy"}) {
        for (const char* output : {"out", "linked", "out/../out/."}) {
            INFO(input << " " << output);
            CHECK_THROWS_WITH(
                check_folder(guard({input}), temp / output),
                Catch::Contains("holds what this command reads") && Catch::Contains("--force"));
            CHECK_NOTHROW(check_folder(guard({input}, true), temp / output));
        }
    }
    CHECK_NOTHROW(check_folder(guard({temp / "out-of-it/a.npy"}), temp / "out"));
    fs::create_directories(temp.path() / "out/pictures");
    CHECK_NOTHROW(check_folder(guard({inside}), temp / "out/pictures"));
}

TEST_CASE("names of folders that cannot be meant are refused") {
    const TempFolder temp;
    const auto refused = [&](const std::string& path, const std::string& text) {
        INFO(path);
        CHECK_THROWS_WITH(guard({}).require_folder_name(path, "a folder"), Catch::Contains(text));
    };
    refused("", "--output: is empty, expected a folder");
    refused("-", "standard output cannot hold a folder");
    refused(temp.write("file", "x"), "is a file, expected a folder");
    for (const char* ending : {"svg", "SVG", "pdf", "jpg", "jpeg", "gif", "webp", "tiff", "png"})
        refused(temp / "fig." + ending, std::string("a .") + ending + " file is not what this");
    fs::create_symlink("nowhere", temp.path() / "dangling");
    refused(temp / "dangling", "leads nowhere");
    fs::create_directories(temp.path() / "really.svg");
    for (const std::string& path : {temp / "really.svg", temp / "v1.5", temp / "a.svg/", temp / "b",
                                    std::string("./-"), std::string(".")})
        CHECK_NOTHROW(guard({}).require_folder_name(path, "a folder"));
}

TEST_CASE("a folder that appears between two looks is no link") {
    const TempFolder temp;
    const std::string folder = temp / "out";
    const OutputGuard own = guard({});
    std::atomic<bool> done{false};
    std::thread another([&] {
        for (int i = 0; i < 3000; ++i) {
            fs::create_directory(folder);
            fs::remove(folder);
        }
        done = true;
    });
    std::string problem;
    while (!done && problem.empty()) {
        try {
            own.require_folder_name(folder, "a folder");
        } catch (const attn::Error& error) {
            problem = error.what();
        }
    }
    another.join();
    CHECK(problem.empty());
}
