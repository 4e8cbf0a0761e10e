// How many threads OpenBLAS uses inside one call.
#pragma once

namespace attn {

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
