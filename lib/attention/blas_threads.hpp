// How many threads OpenBLAS uses inside one call.
#pragma once

namespace attn {

// For the whole process, at its start: OpenBLAS starts threads when it is loaded, which wait for
// work without sleeping for 20 ms on cores that our own threads want. This ends them.
void keep_blas_to_one_thread();

// While it lives, one OpenBLAS call uses one thread. The setting is global, so it stands once
// around a whole computation that spreads its calls over threads itself.
class SingleThreadedBlas {
  public:
    SingleThreadedBlas();
    ~SingleThreadedBlas();
    SingleThreadedBlas(const SingleThreadedBlas&) = delete;
    SingleThreadedBlas& operator=(const SingleThreadedBlas&) = delete;

  private:
    int threads_before_;
};

}  // namespace attn
