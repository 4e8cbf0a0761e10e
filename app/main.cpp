// The program: signals, and the command line.
#include <string>

#include "command_line.hpp"
#include "core/interrupt.hpp"
#include "core/memory.hpp"

int main(int argc, char** argv) {
    attn::tune_allocator();
    // A thread for signals would take longer than to say what the program is.
    if (attn::app::is_question(argc, argv)) {
        attn::guard_streams();
    } else {
        attn::watch_signals([](const std::string& text) { attn::app::Console().complain(text); },
                            attn::app::kTrouble);
    }
    attn::app::Console console;
    try {
        return attn::app::run_command_line(argc, argv, console);
    } catch (const attn::Interrupted& request) {
        attn::die_by(request.signal);
    }
}
