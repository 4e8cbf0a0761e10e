// Apart from blas.cpp, because xtensor-blas brings declarations of its own that clash with
// <cblas.h>.
#include "attention/blas_threads.hpp"

#include <cblas.h>

// Ends the threads of OpenBLAS; it starts them again when it next needs any. In no header, and only
// in its builds with threads.
extern "C" int blas_thread_shutdown_() __attribute__((weak));

namespace attn {

void keep_blas_to_one_thread() {
    openblas_set_num_threads(1);
    if (blas_thread_shutdown_ != nullptr) blas_thread_shutdown_();
}

SingleThreadedBlas::SingleThreadedBlas() : threads_before_(openblas_get_num_threads()) {
    if (threads_before_ != 1) openblas_set_num_threads(1);
}

SingleThreadedBlas::~SingleThreadedBlas() {
    if (threads_before_ != 1) openblas_set_num_threads(threads_before_);
}

}  // namespace attn
