// Apart from blas.cpp, because xtensor-blas brings declarations of its own that clash with
// <cblas.h>.
#include "attention/blas_threads.hpp"

#include <cblas.h>

namespace attn {

SingleThreadedBlas::SingleThreadedBlas() : threads_before_(openblas_get_num_threads()) {
    if (threads_before_ != 1) openblas_set_num_threads(1);
}

SingleThreadedBlas::~SingleThreadedBlas() {
    if (threads_before_ != 1) openblas_set_num_threads(threads_before_);
}

}  // namespace attn
