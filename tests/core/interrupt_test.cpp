#include "core/interrupt.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "core/mapped_range.hpp"
#include "core/temporary_path.hpp"
#include "support/patience.hpp"
#include "support/small_files.hpp"
#include "support/temp_folder.hpp"

using attn::MappedRange;
using attn::TemporaryPath;
using attn::test::TempFolder;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

namespace {

constexpr int kTrouble = 2;

void complain(const std::string& text) {
    const std::string line = text + "\n";
    static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
}

struct Ending {
    int status = 0;
    std::string err;
    double seconds = 0;
};

// Runs the work in a process of its own whose signals are watched; it ends with 0 by itself.
Ending watched(const std::function<void()>& work) {
    const TempFolder temp;
    const Clock::time_point start = Clock::now();
    const pid_t child = ::fork();
    if (child == 0) {
        const int err = ::open((temp / "err").c_str(), O_WRONLY | O_CREAT, 0600);
        ::dup2(err, STDERR_FILENO);
        ::close(err);
        attn::watch_signals(complain, kTrouble);
        work();
        ::_exit(0);
    }
    Ending ending;
    ::waitpid(child, &ending.status, 0);
    ending.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    ending.err = attn::test::read_file(temp / "err");
    return ending;
}

void hang() {
    std::this_thread::sleep_for(std::chrono::seconds(20));
}

}  // namespace

TEST_CASE("a request to stop ends what looks for it, and what hangs loses its temporary paths") {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const Ending polite = watched([&] {
            std::raise(signal);
            try {
                attn::stop_if_interrupted();
            } catch (const attn::Interrupted& request) {
                if (request.signal == signal) ::_exit(7);
            }
        });
        CHECK(WEXITSTATUS(polite.status) == 7);

        const TempFolder temp;
        const Ending ending = watched([&] {
            const TemporaryPath staging(temp / "staging");
            temp.write("staging/layer00/weights.npy", "half");
            std::raise(signal);
            hang();
        });
        CHECK(WIFSIGNALED(ending.status));
        CHECK(WTERMSIG(ending.status) == signal);
        CHECK(ending.seconds > 0.25);
        CHECK(ending.seconds < attn::test::patient(0.5));
        CHECK(ending.err.empty());
        CHECK(fs::is_empty(temp.path()));
    }
}

TEST_CASE("the third request does not wait") {
    const TempFolder temp;
    double fastest = 20;
    // The grace is 0.3 s, which a busy machine may add to one attempt, but hardly to five.
    for (int attempt = 0; attempt < 5 && fastest >= 0.25; ++attempt) {
        const Ending ending = watched([&] {
            const TemporaryPath staging(temp.write("staging", "half"));
            for (int i = 0; i < 3; ++i) std::raise(SIGINT);
            hang();
        });
        CHECK(WTERMSIG(ending.status) == SIGINT);
        CHECK(fs::is_empty(temp.path()));
        fastest = std::min(fastest, ending.seconds);
    }
    CHECK(fastest < 0.25);
}

TEST_CASE("a signal that was ignored stays ignored") {
    const Ending ending = watched([] {
        std::raise(SIGHUP);
        ::_exit(attn::interrupted() == 0 ? 0 : 1);
    });
    CHECK(WEXITSTATUS(ending.status) == 1);
    std::signal(SIGHUP, SIG_IGN);
    const Ending ignored = watched([] {
        std::raise(SIGHUP);
        ::_exit(attn::interrupted() == 0 ? 0 : 1);
    });
    std::signal(SIGHUP, SIG_DFL);
    CHECK(WEXITSTATUS(ignored.status) == 0);
}

TEST_CASE("a mapped file that shrinks is one line with its name, whichever threads read it") {
    const TempFolder temp;
    const std::string path = temp.write("a.npy", std::string(std::size_t{1} << 16, 'x'));
    const Ending ending = watched([&] {
        const TemporaryPath staging(temp.write("staging", "half"));
        const int file = ::open(path.c_str(), O_RDWR);
        const std::size_t size = std::size_t{1} << 16;
        const void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
        const MappedRange range(path, bytes, size);
        if (::ftruncate(file, 100) != 0) ::_exit(1);
        const auto read_last = [&] {
            volatile char last = static_cast<const char*>(bytes)[size - 1];
            static_cast<void>(last);
        };
        std::thread other(read_last);
        read_last();
        other.join();
    });
    CHECK(WIFEXITED(ending.status));
    CHECK(WEXITSTATUS(ending.status) == kTrouble);
    CHECK(ending.err == path +
                            ": became shorter while it was read (65536 bytes before, 100 now); "
                            "read it when nobody writes it\n");
    CHECK_FALSE(fs::exists(temp / "staging"));
}

TEST_CASE("a file that may not grow is an error of write and no death") {
    const TempFolder temp;
    const Ending ending = watched([&] {
        attn::test::limit_file_size(10);
        const int file = ::open((temp / "a").c_str(), O_WRONLY | O_CREAT, 0600);
        const char bytes[20] = {};
        if (::write(file, bytes, 10) != 10) ::_exit(1);
        ::_exit(::write(file, bytes, 10) < 0 && errno == EFBIG ? 3 : 1);
    });
    CHECK(WEXITSTATUS(ending.status) == 3);
}

TEST_CASE("a file never gets the number of a standard stream that was closed") {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) {
        const int kept = ::dup(stream);
        ::close(stream);
        const Ending ending = watched([&] {
            const int file = ::open("/dev/null", O_RDWR);
            const char byte = 0;
            char read_byte = 0;
            const bool unusable = stream == STDIN_FILENO ? ::read(stream, &read_byte, 1) < 0
                                                         : ::write(stream, &byte, 1) < 0;
            ::_exit(file > STDERR_FILENO && unusable ? 3 : 1);
        });
        ::dup2(kept, stream);
        ::close(kept);
        CHECK(WEXITSTATUS(ending.status) == 3);
    }
}
