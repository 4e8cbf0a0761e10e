#include "io/output_file.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "io/npy_writer.hpp"
#include "support/folder_contents.hpp"
#include "support/killed_process.hpp"

using namespace attn::io;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

OutputGuard file_guard(bool force = false, bool durable = false) {
    OutputPolicy policy;
    policy.force = force;
    policy.durable = durable;
    return {"stats", policy, {}};
}

// An array of `count` numbers; another count is another file.
std::string array(std::size_t count) {
    return npy_header(attn::DType::float64, {count}) + std::string(count * sizeof(double), '\0');
}

void write(const std::string& path, std::size_t count, bool force = false) {
    OutputFile(path, FileKind::npy, file_guard(force)).write(array(count));
}

}  // namespace

TEST_CASE("a file of ours is written again and again, one of others only by force") {
    const TempFolder temp;
    for (const std::size_t count : {1, 2, 3}) {
        write(temp / "a.npy", count);
        CHECK(read_file(temp / "a.npy") == with_mark(FileKind::npy, array(count)));
    }
    const std::string theirs = temp.write("b.npy", array(1));
    CHECK_THROWS_WITH(write(theirs, 2), Catch::Contains("--force"));
    CHECK(read_file(theirs) == array(1));
    write(theirs, 2, true);
    CHECK(read_file(theirs) == with_mark(FileKind::npy, array(2)));
    CHECK(contents(temp.path()).size() == 2);
}

TEST_CASE("folders that are missing are made, and go again when nothing is written") {
    const TempFolder temp;
    { const OutputFile file(temp / "no/such/a.npy", FileKind::npy, file_guard()); }
    CHECK(fs::is_empty(temp.path()));
    write(temp / "no/such/a.npy", 1);
    CHECK(fs::exists(temp / "no/such/a.npy"));
    CHECK_THROWS_WITH(write(temp / "no/such/a.npy/b.npy", 1),
                      Catch::Contains("cannot create the folder"));
    CHECK_THROWS_WITH(write("/proc/no/a.npy", 1), Catch::Contains("/proc/no: cannot create"));
    CHECK_THROWS_WITH(write(temp.path().string(), 1), Catch::Contains("is a folder"));
}

TEST_CASE("a link is replaced by force, and not what it leads to") {
    const TempFolder temp;
    const std::string victim = temp.write("victim.npy", "precious");
    fs::create_symlink(victim, temp.path() / "link.npy");
    CHECK_THROWS_WITH(write(temp / "link.npy", 1), Catch::Contains("is a symbolic link"));
    write(temp / "link.npy", 1, true);
    CHECK(read_file(victim) == "precious");
    CHECK_FALSE(fs::is_symlink(temp / "link.npy"));
}

TEST_CASE("a file that somebody puts there meanwhile is not replaced") {
    const TempFolder temp;
    OutputFile file(temp / "a.npy", FileKind::npy, file_guard());
    temp.write("a.npy", "theirs");
    CHECK_THROWS_WITH(file.write(array(1)), Catch::Contains("was not written by this command"));
    CHECK(read_file(temp / "a.npy") == "theirs");
    CHECK(contents(temp.path()).size() == 1);
}

TEST_CASE("a kill at any system call leaves the old file or the new one, and the next one cleans") {
    for (const bool durable : {false, true}) {
        for (std::size_t call = 0, done = 0; done == 0; ++call) {
            const TempFolder temp;
            write(temp / "a.npy", 1);
            const bool killed = killed_at_call(call, [&] {
                OutputFile(temp / "a.npy", FileKind::npy, file_guard(false, durable))
                    .write(array(2));
            });
            const std::string now = read_file(temp / "a.npy");
            INFO("call " << call);
            const bool is_new = now == with_mark(FileKind::npy, array(2));
            CHECK((is_new || now == with_mark(FileKind::npy, array(1))));
            if (!killed) CHECK(is_new);
            write(temp / "a.npy", 3);
            CHECK(contents(temp.path()) == std::map<std::string, std::string>{
                                               {"a.npy", with_mark(FileKind::npy, array(3))}});
            if (killed) continue;
            CHECK(call > 10);
            done = call;
        }
    }
}

TEST_CASE("processes that write one file leave one whole file") {
    const TempFolder temp;
    std::vector<int> processes;
    for (std::size_t count = 1; count <= 4; ++count) {
        processes.push_back(start_process([&, count] {
            for (int i = 0; i < 25; ++i) write(temp / "a.npy", count);
        }));
    }
    for (const int process : processes) CHECK(wait_for_process(process) == 0);
    CHECK(contents(temp.path()).size() == 1);
    const std::string now = read_file(temp / "a.npy");
    bool whole = false;
    for (std::size_t count = 1; count <= 4; ++count)
        whole = whole || now == with_mark(FileKind::npy, array(count));
    CHECK(whole);
}

TEST_CASE("a page that is written in parts is the page with its mark") {
    const TempFolder temp;
    const std::vector<std::string> parts{"<!doctype html>\n<html>", std::string(70'000, 'a'),
                                         "</html>\n"};
    std::string shown;
    OutputPolicy policy;
    policy.standard_output = [&](const std::string& bytes) { shown = bytes; };
    for (const std::string& path : {temp / "page.html", std::string("-")}) {
        OutputFile file(path, FileKind::html, {"report", policy, {}});
        file.write_parts([&](const OutputFile::TakePart& take) {
            for (const std::string& part : parts) take(part);
        });
    }
    const std::string whole = with_mark(FileKind::html, parts[0] + parts[1] + parts[2]);
    CHECK(read_file(temp / "page.html") == whole);
    CHECK(shown == whole);
}

TEST_CASE("where a part cannot be made nothing is written") {
    const TempFolder temp;
    OutputFile file(temp / "page.html", FileKind::html, file_guard());
    CHECK_THROWS_AS(file.write_parts([&](const OutputFile::TakePart& take) {
        take("<!doctype html>\n");
        throw std::runtime_error("no more");
    }),
                    std::runtime_error);
    CHECK(fs::is_empty(temp.path()));
}
