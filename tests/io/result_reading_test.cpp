#include "io/result_reading.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "io/inputs.hpp"
#include "io/output_folder.hpp"
#include "io/pending_commit.hpp"
#include "support/folder_contents.hpp"
#include "support/npy_bytes.hpp"

using namespace attn::io;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

const char* const kManifest = R"({"tool": "attn-inspect", "command": "run", "files": ["x.npy"]})";

// A folder as it stands when the command that replaces x.npy is killed behind its commit point.
void leave_half(const TempFolder& temp) {
    temp.write("out/manifest.json", kManifest);
    temp.write("out/l/x.npy", npy_floats("(1,)", {1}));
    const std::string pending = std::string("out/") + kPendingName + "/";
    temp.write(pending + "l/x.npy", npy_floats("(1,)", {2}));
    temp.write(pending + "manifest.json", "the new one");
    temp.write(pending + kJournalName, write_journal({"l/x.npy"}, {}));
}

}  // namespace

TEST_CASE("who reads a folder, or an array in it, finishes a commit that was killed") {
    for (const std::string name : {"out/l/x.npy", "out/l", "out"}) {
        const TempFolder temp;
        leave_half(temp);
        attn::io::Inputs inputs;
        INFO(name);
        if (name == "out") {
            const ReadingLock lock(temp / name);
        } else {
            inputs.open(temp / name);
        }
        CHECK(read_file(temp / "out/l/x.npy") == npy_floats("(1,)", {2}));
        CHECK(read_file(temp / "out/manifest.json") == "the new one");
        CHECK(visible(temp / "out") == contents(temp / "out"));
    }
}

TEST_CASE("a commit that cannot be finished is told in one line that names the folder") {
    if (::geteuid() == 0) {
        WARN("root may write anywhere");
        return;
    }
    const TempFolder temp;
    leave_half(temp);
    fs::permissions(temp / "out/l", fs::perms::owner_read | fs::perms::owner_exec);
    CHECK_THROWS_WITH(ReadingLock(temp / "out"),
                      Catch::StartsWith((temp / "out") + ": a command was killed while"));
    fs::permissions(temp / "out/l", fs::perms::owner_all);
    CHECK_NOTHROW(ReadingLock(temp / "out"));
}

TEST_CASE("a commit waits for those who read") {
    const TempFolder temp;
    OutputFolder folder(temp / "out", {"run", {}, {}});
    folder.write("x.npy", "1");
    auto reader = std::make_unique<ReadingLock>(temp / "out");
    std::thread writer([&] { folder.commit(kManifest); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK_FALSE(fs::exists(temp / "out/x.npy"));
    reader.reset();
    writer.join();
    CHECK(read_file(temp / "out/x.npy") == "1");
}

TEST_CASE("paths that are no folder of results are left alone") {
    const TempFolder temp;
    CHECK_NOTHROW(ReadingLock(temp / "none"));
    CHECK_NOTHROW(ReadingLock(temp.write("file", "x")));
    CHECK_NOTHROW(settle_results("-"));
    CHECK_NOTHROW(settle_results_around("file"));
    CHECK_NOTHROW(settle_results_around("/"));
}
