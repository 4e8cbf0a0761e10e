#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace attn::app {

namespace {

bool nobody_looks = false;

}  // namespace

void expect_no_terminal() {
    nobody_looks = true;
}

bool is_terminal() {
    return !nobody_looks && isatty(STDOUT_FILENO) != 0;
}

std::size_t terminal_columns() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    constexpr std::size_t kUsual = 80;
    return kUsual;
}

bool is_colorful(bool no_color) {
    return is_terminal() && !no_color && std::getenv("NO_COLOR") == nullptr;
}

}  // namespace attn::app
