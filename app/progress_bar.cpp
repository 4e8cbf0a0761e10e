#include "progress_bar.hpp"

#include <unistd.h>

#include <string>

namespace attn::app {
namespace {

constexpr auto kFirst = std::chrono::milliseconds(500);
constexpr auto kBetween = std::chrono::milliseconds(100);
constexpr std::size_t kWidth = 40;

}  // namespace

ProgressBar::ProgressBar(Console& console, bool quiet)
    : console_(console),
      enabled_(!quiet && isatty(STDERR_FILENO) != 0),
      next_(std::chrono::steady_clock::now() + kFirst) {}

ProgressBar::~ProgressBar() {
    if (shown_) console_.status("\r\033[K");
}

Progress ProgressBar::progress() {
    if (!enabled_) return {};
    return [this](std::size_t done, std::size_t total) { show(done, total); };
}

void ProgressBar::show(std::size_t done, std::size_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_ || total == 0) return;
    next_ = now + kBetween;
    shown_ = true;
    const std::size_t filled = kWidth * done / total;
    console_.status("\r[" + std::string(filled, '=') + std::string(kWidth - filled, ' ') + "] " +
                    std::to_string(100 * done / total) + " %");
}

}  // namespace attn::app
