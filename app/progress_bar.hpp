// A progress bar on stderr: only on a terminal, and only when the work takes long enough to wonder.
#pragma once

#include <chrono>

#include "console.hpp"
#include "core/progress.hpp"

namespace attn::app {

class ProgressBar {
  public:
    // With `quiet`, or when stderr is not a terminal, nothing is ever shown.
    ProgressBar(Console& console, bool quiet);
    ~ProgressBar();  // wipes the bar
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    // To hand to the work; empty when nothing would be shown. Must not outlive the bar.
    Progress progress();

  private:
    void show(std::size_t done, std::size_t total);

    Console& console_;
    bool enabled_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace attn::app
