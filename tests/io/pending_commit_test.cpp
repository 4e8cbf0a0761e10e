#include "io/pending_commit.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "io/file_descriptor.hpp"
#include "io/output_folder.hpp"
#include "io/result_reading.hpp"
#include "support/folder_contents.hpp"
#include "support/killed_process.hpp"

using namespace attn::io;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

// File -> content, without the manifest.
using Result = std::map<std::string, std::string>;

const Result kOld{{"a.npy", "old"}, {"gone/c.png", "old"}, {"layer00/b.png", "old"}};
const Result kNew{{"a.npy", "new"}, {"layer00/b.png", "new"}, {"layer01/d.npy", "new"}};
const Result kLater{{"layer02/f.npy", "later"}};

void write_result(const std::string& path, const Result& result, bool durable = false) {
    OutputPolicy policy;
    policy.durable = durable;
    OutputFolder folder(path, {"run", policy, {}});
    std::string list;
    for (const auto& [file, content] : result) {
        folder.write(file, content);
        list += (list.empty() ? "\"" : ", \"") + file + "\"";
    }
    folder.commit(R"({"tool": "attn-inspect", "command": "run", "files": [)" + list + "]}");
}

// An earlier result beside what others put there: a file, one in a folder of ours, and links out.
void write_earlier(const TempFolder& temp) {
    write_result(temp / "out", kOld);
    temp.write("out/notes.txt", "theirs");
    temp.write("out/layer00/mine.txt", "theirs");
    temp.write("outside/c.png", "precious");
    fs::create_directory_symlink(temp.path() / "outside", temp.path() / "out/elsewhere");
}

// What the folder holds after one result more.
std::map<std::string, std::string> after(const Result& result, bool earlier) {
    const TempFolder temp;
    if (earlier) write_earlier(temp);
    write_result(temp / "out", result);
    auto files = contents(temp / "out");
    if (earlier) files["elsewhere"] = "-> outside";
    return files;
}

std::map<std::string, std::string> now(const TempFolder& temp) {
    auto files = visible(temp / "out");
    if (files.count("elsewhere") != 0) files["elsewhere"] = "-> outside";
    return files;
}

int open_folder(const std::string& path) {
    return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool is_pending(const TempFolder& temp) {
    const FileDescriptor folder(open_folder(temp / "out"));
    return has_pending_commit(folder.number());
}

// Kills the second command at each of its calls; returns how many calls it makes.
std::size_t kill_everywhere(bool earlier, bool durable) {
    const auto old_state = [&] {
        const TempFolder temp;
        if (earlier) write_earlier(temp);
        return now(temp);
    }();
    const auto new_state = after(kNew, earlier);
    const auto later_state = after(kLater, earlier);
    std::size_t halves = 0;
    for (std::size_t call = 0;; ++call) {
        const TempFolder temp;
        if (earlier) write_earlier(temp);
        const bool killed =
            killed_at_call(call, [&] { write_result(temp / "out", kNew, durable); });
        INFO("call " << call);
        halves += is_pending(temp) ? 1 : 0;

        // Who reads sees one result or the other …
        settle_results(temp / "out");
        const auto settled = now(temp);
        if (!killed) CHECK(settled == new_state);
        CHECK((settled == new_state || settled == old_state));
        // … and who writes is let in, and cleans up.
        write_result(temp / "out", kLater);
        CHECK(now(temp) == later_state);
        CHECK(visible(temp / "out") == contents(temp / "out"));
        if (earlier) CHECK(read_file(temp / "outside/c.png") == "precious");
        if (killed) continue;
        CHECK(halves > 10);  // moments of which neither result could have been told
        return call;
    }
}

}  // namespace

TEST_CASE("a kill at any system call leaves one result, and a folder for the next command") {
    CHECK(kill_everywhere(/*earlier=*/true, /*durable=*/false) > 100);
}

TEST_CASE("a kill at any system call of a first, durable result leaves nothing or all") {
    CHECK(kill_everywhere(/*earlier=*/false, /*durable=*/true) > 100);
}

TEST_CASE("a kill of the command that finishes another one's commit leaves it to the next") {
    const auto new_state = after(kNew, true);
    std::size_t half = 0;
    for (bool pending = false; !pending; ++half) {
        const TempFolder temp;
        write_earlier(temp);
        REQUIRE(killed_at_call(half, [&] { write_result(temp / "out", kNew); }));
        pending = is_pending(temp);
    }
    for (std::size_t call = 0;; ++call) {
        const TempFolder temp;
        write_earlier(temp);
        // A sanitizer's own calls make the place of the commit vary: one that ran through did so
        // earlier.
        for (std::size_t place = half; !is_pending(temp); ++place) {
            if (!killed_at_call(place, [&] { write_result(temp / "out", kNew); })) place = half / 2;
        }
        const bool killed = killed_at_call(call, [&] { settle_results(temp / "out"); });
        settle_results(temp / "out");
        INFO("call " << call);
        CHECK(now(temp) == new_state);
        if (killed) continue;
        CHECK(call > 30);
        return;
    }
}

TEST_CASE("a journal that was made up moves and removes nothing outside") {
    for (const std::string list : {R"("../victim")", R"("/etc/hostname")", R"("a/../../victim")",
                                   "7", R"(["x"])", R"("manifest.json")"}) {
        const TempFolder temp;
        temp.write("victim", "precious");
        const std::string pending = std::string("out/") + kPendingName + "/";
        temp.write(pending + "manifest.json", "{}");
        temp.write(pending + kJournalName, R"({"move": [], "remove": [)" + list + "]}");
        INFO(list);
        CHECK_THROWS_WITH(settle_results(temp / "out"),
                          Catch::Contains("cannot be finished") && Catch::Contains("is damaged"));
        CHECK(read_file(temp / "victim") == "precious");
    }
}

TEST_CASE("something else that bears the name of a commit is put aside") {
    const TempFolder temp;
    const std::string victim = temp.write("victim/manifest.json", "precious");
    write_result(temp / "out", kOld);
    fs::create_directory_symlink(temp.path() / "victim", temp.path() / "out" / kPendingName);
    write_result(temp / "out", kOld);
    CHECK(read_file(victim) == "precious");
    CHECK_FALSE(fs::exists(fs::symlink_status(temp.path() / "out" / kPendingName)));
}
