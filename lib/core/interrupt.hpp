// Ctrl-C and the other polite requests to stop: work in hand is dropped at the next item of a
// parallel loop, and destructors clear away what was half written.
#pragma once

namespace attn {

// What parallel_for throws after a request to stop. Not a std::exception: nobody but main may
// swallow it.
struct Interrupted {
    int signal;
};

// From now on SIGINT, SIGTERM and SIGHUP are requests; a second one kills at once. Signals that
// were ignored (nohup) stay so.
void catch_interrupts();

// The signal that asked to stop, or 0.
int interrupted();

// Ends the process by the signal, as if it had not been caught: shells then know that they too must
// stop.
[[noreturn]] void die_by(int signal);

}  // namespace attn
