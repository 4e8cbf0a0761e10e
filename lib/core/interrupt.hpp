// Signals. Ctrl-C and the other polite requests to stop: work in hand is dropped at the next item
// of a loop and destructors clear away what was half written. What does not end by itself, and a
// mapped file that shrinks, is ended by a thread that waits for nothing else.
#pragma once

#include <string>

namespace attn {

// What a loop throws after a request to stop. Not a std::exception: nobody but main may swallow it.
struct Interrupted {
    int signal;
};

// What every main begins with, and all that a program needs which only says what it is: SIGXFSZ and
// SIGPIPE are ignored (a file that may not grow and a reader that left are errors of write()), and
// no file that is opened gets the number of a standard stream that somebody closed.
void guard_streams();

// Call once, first in main. Guards the streams, and starts a thread:
// - SIGINT, SIGTERM and SIGHUP become requests. A process that still runs 0.3 s later (it waits for
//   a pipe, or one item of its work is long), or at the third request, loses its temporary paths
//   and dies by the signal. Signals that were ignored (nohup) stay so.
// - SIGBUS: `complain` is told in one line which file became unreadable, from another thread; then
//   temporary paths are removed and the process exits with `code`.
void watch_signals(void (*complain)(const std::string& text), int code);

// The signal that asked to stop, or 0.
int interrupted();

// Throws Interrupted after a request to stop.
void stop_if_interrupted();

// Ends the process by the signal, as if it had not been caught: shells then know that they too must
// stop.
[[noreturn]] void die_by(int signal);

}  // namespace attn
