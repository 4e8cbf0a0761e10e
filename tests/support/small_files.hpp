// Files that may not grow, as on a disk that is full.
#pragma once

#include <sys/resource.h>

#include <cstdlib>

namespace attn::test {

// For this process and those it starts: to be called in a child process.
inline void limit_file_size(rlim_t bytes) {
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    // What a build for coverage.sh counts would be cut, and with it what others counted before.
    ::setenv("GCOV_PREFIX", "/tmp/attn-cut-coverage", 1);
    ::setenv("GCOV_ERROR_FILE", "/dev/null", 1);
}

}  // namespace attn::test
