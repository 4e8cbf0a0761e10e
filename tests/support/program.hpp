// Runs the real binary and collects what a user would see.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"

namespace attn::test {

struct ProgramResult {
    int exit_code = 0;  // 128 + signal when it was killed
    std::string out;
    std::string err;
    double seconds = 0;  // from the start, or from the last signal that was sent
};

// What the new process does before it becomes the program: limits, other streams.
using Preparation = std::function<void()>;

// attn-inspect while it runs; its streams are files. A test that fails kills it.
class RunningProgram {
  public:
    explicit RunningProgram(const std::vector<std::string>& arguments,
                            const std::string& input = "", const Preparation& prepare = {});
    ~RunningProgram();
    RunningProgram(const RunningProgram&) = delete;
    RunningProgram& operator=(const RunningProgram&) = delete;

    void send(int signal);
    pid_t id() const { return child_; }
    ProgramResult wait();

  private:
    TempFolder streams_;
    pid_t child_ = -1;
    double since_ = 0;
};

// Starts attn-inspect with the arguments, `input` on its standard input, neither stream a terminal.
ProgramResult run_program(const std::vector<std::string>& arguments, const std::string& input = "",
                          const Preparation& prepare = {});

}  // namespace attn::test
