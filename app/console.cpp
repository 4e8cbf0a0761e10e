#include "console.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <string_view>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/printable.hpp"

namespace attn::app {
namespace {

constexpr std::size_t kEnough = std::size_t{64} << 10;

// 0, or what write() says.
int write_all(int stream, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(stream, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

void require(int problem) {
    if (problem == 0) return;
    if (problem == EPIPE) throw Interrupted{SIGPIPE};
    fail("standard output: cannot write: ", std::strerror(problem));
}

}  // namespace

void Console::write_message(const char* kind, const std::string& text) noexcept {
    try {
        write_all(messages_, "attn-inspect: " + (kind + printable(text)) + "\n");
    } catch (const std::exception&) {
        write_all(messages_, "attn-inspect: error: out of memory\n");
    }
}

void Console::line(const std::string& text) {
    document(printable(text) + "\n");
}

void Console::document(const std::string& text) {
    pending_ += text;
    if (pending_.size() < kEnough) return;
    const std::string now = std::move(pending_);
    pending_.clear();
    require(write_all(results_, now));
}

// Some file systems tell only when a file is closed that there is no room for it.
void Console::finish() {
    if (pending_.empty()) return;
    const std::string now = std::move(pending_);
    pending_.clear();
    require(write_all(results_, now));
    const int copy = ::dup(results_);
    if (copy >= 0 && ::close(copy) != 0) require(errno);
}

void Console::complain(const std::string& text) noexcept {
    write_message("error: ", text);
}

void Console::warn(const std::string& text) noexcept {
    if (!silent_) write_message("warning: ", text);
}

std::function<void(const std::string&)> Console::warnings() {
    return [this](const std::string& text) { warn(text); };
}

void Console::status(const std::string& text) noexcept {
    write_all(messages_, text);
}

}  // namespace attn::app
