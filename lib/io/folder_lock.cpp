#include "io/folder_lock.hpp"

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "core/error.hpp"
#include "core/interrupt.hpp"

namespace attn::io {

void wait_for_lock(int descriptor, LockKind kind, const std::string& shown) {
    using Clock = std::chrono::steady_clock;
    constexpr auto kPatience = std::chrono::seconds(60);
    constexpr auto kPause = std::chrono::milliseconds(5);
    const int operation = (kind == LockKind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
    const Clock::time_point deadline = Clock::now() + kPatience;
    while (::flock(descriptor, operation) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return;
        stop_if_interrupted();
        if (Clock::now() > deadline) {
            fail(shown,
                 ": another attn-inspect has been putting its results there for a minute; try "
                 "again when it has ended");
        }
        std::this_thread::sleep_for(kPause);
    }
}

bool try_lock(int descriptor) {
    return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

FolderLock::FolderLock(int folder, LockKind kind, const std::string& shown) : folder_(folder) {
    wait_for_lock(folder, kind, shown);
}

FolderLock::~FolderLock() {
    ::flock(folder_, LOCK_UN);
}

}  // namespace attn::io
