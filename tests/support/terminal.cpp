#include "support/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "support/program.hpp"

namespace attn::test {

Shown run_in_terminal(const std::vector<std::string>& arguments, unsigned short columns) {
    const int person = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (person < 0 || ::grantpt(person) != 0 || ::unlockpt(person) != 0)
        throw std::runtime_error("cannot make a terminal");
    const int screen = ::open(::ptsname(person), O_RDWR | O_NOCTTY);
    if (screen < 0) throw std::runtime_error("cannot open a terminal");
    termios settings{};
    ::tcgetattr(screen, &settings);
    ::cfmakeraw(&settings);
    ::tcsetattr(screen, TCSANOW, &settings);
    const winsize size{24, columns, 0, 0};
    ::ioctl(screen, TIOCSWINSZ, &size);

    RunningProgram program(arguments, "", [=] {
        ::dup2(screen, STDOUT_FILENO);
        ::unsetenv("NO_COLOR");
    });
    ::close(screen);
    Shown shown;
    char bytes[4096];
    for (ssize_t count = 0; (count = ::read(person, bytes, sizeof bytes)) > 0;)
        shown.out.append(bytes, static_cast<std::size_t>(count));
    ::close(person);
    shown.exit_code = program.wait().exit_code;
    return shown;
}

std::size_t widest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t widest = 0;
    for (std::string line; std::getline(lines, line);) {
        std::size_t characters = 0;
        bool escape = false;
        for (const char c : line) {
            if (c == '\033') escape = true;
            const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
            if (!escape && !continues) ++characters;
            if (c == 'm') escape = false;
        }
        widest = std::max(widest, characters);
    }
    return widest;
}

std::string words_of(const std::string& text) {
    std::istringstream words(text);
    std::string result;
    for (std::string word; words >> word;) result += (result.empty() ? "" : " ") + word;
    return result;
}

}  // namespace attn::test
