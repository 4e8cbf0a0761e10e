// OpenBLAS, loaded when the first product is computed. Its functions, called like its own by
// whoever includes its header or xtensor-blas: the linker finds these.
//
// OpenBLAS starts a thread for each processor when it is loaded. We use none of them
// (attention/blas_threads), they wait for work without sleeping on cores that our own want, and
// where a limit on memory or processes leaves no room for them it waits for ever. So it is shown
// one processor.
#include <cblas.h>

#ifdef __linux__
#include <sched.h>
#endif

#include "core/late_library.hpp"

namespace attn {
namespace {

#ifdef __linux__
thread_local cpu_set_t all_processors;
thread_local bool narrowed = false;

void show_one_processor() {
    narrowed = false;
    if (::sched_getaffinity(0, sizeof all_processors, &all_processors) != 0) return;
    const int here = ::sched_getcpu();
    if (here < 0 || !CPU_ISSET(here, &all_processors)) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(here, &one);
    narrowed = ::sched_setaffinity(0, sizeof one, &one) == 0;
}

void show_all_processors() {
    if (narrowed) ::sched_setaffinity(0, sizeof all_processors, &all_processors);
}
#else
void show_one_processor() {}
void show_all_processors() {}
#endif

const LateLibrary kOpenBlas(ATTN_OPENBLAS_NAME, ATTN_OPENBLAS_PATH, show_one_processor,
                            show_all_processors);

}  // namespace
}  // namespace attn

namespace attn::blas {

// NOLINTBEGIN(readability-identifier-naming): they are called as functions.
// LAPACK as Fortran passes everything.
using Number = blasint;
using Eigen = void(const char*, const char*, const Number*, double*, const Number*, double*,
                   double*, const Number*, Number*, const Number*, Number*);
using Singular = void(const char*, const Number*, const Number*, double*, const Number*, double*,
                      double*, const Number*, double*, const Number*, double*, const Number*,
                      Number*, Number*);

const LateFunction<decltype(::cblas_sgemm)> sgemm(kOpenBlas, "cblas_sgemm");
const LateFunction<decltype(::cblas_dgemm)> dgemm(kOpenBlas, "cblas_dgemm");
const LateFunction<decltype(::cblas_dsyrk)> dsyrk(kOpenBlas, "cblas_dsyrk");
const LateFunction<decltype(::cblas_dgemv)> dgemv(kOpenBlas, "cblas_dgemv");
const LateFunction<decltype(::cblas_ddot)> ddot(kOpenBlas, "cblas_ddot");
const LateFunction<decltype(::openblas_set_num_threads)> set_threads(kOpenBlas,
                                                                     "openblas_set_num_threads");
const LateFunction<decltype(::openblas_get_num_threads)> get_threads(kOpenBlas,
                                                                     "openblas_get_num_threads");
const LateFunction<decltype(::openblas_get_corename)> processor(kOpenBlas, "openblas_get_corename");
const LateFunction<Eigen> dsyevd(kOpenBlas, "dsyevd_");
const LateFunction<Singular> dgesdd(kOpenBlas, "dgesdd_");
// NOLINTEND(readability-identifier-naming)

}  // namespace attn::blas

namespace late = attn::blas;

extern "C" {

void openblas_set_num_threads(int threads) {
    late::set_threads(threads);
}

int openblas_get_num_threads() {
    return late::get_threads();
}

char* openblas_get_corename() {
    return late::processor();
}

void cblas_sgemm(const CBLAS_ORDER order, const CBLAS_TRANSPOSE turn_a,
                 const CBLAS_TRANSPOSE turn_b, const blasint m, const blasint n, const blasint k,
                 const float alpha, const float* a, const blasint lda, const float* b,
                 const blasint ldb, const float beta, float* c, const blasint ldc) {
    late::sgemm(order, turn_a, turn_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_dgemm(const CBLAS_ORDER order, const CBLAS_TRANSPOSE turn_a,
                 const CBLAS_TRANSPOSE turn_b, const blasint m, const blasint n, const blasint k,
                 const double alpha, const double* a, const blasint lda, const double* b,
                 const blasint ldb, const double beta, double* c, const blasint ldc) {
    late::dgemm(order, turn_a, turn_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_dsyrk(const CBLAS_ORDER order, const CBLAS_UPLO part, const CBLAS_TRANSPOSE turn,
                 const blasint n, const blasint k, const double alpha, const double* a,
                 const blasint lda, const double beta, double* c, const blasint ldc) {
    late::dsyrk(order, part, turn, n, k, alpha, a, lda, beta, c, ldc);
}

void cblas_dgemv(const CBLAS_ORDER order, const CBLAS_TRANSPOSE turn, const blasint m,
                 const blasint n, const double alpha, const double* a, const blasint lda,
                 const double* x, const blasint x_step, const double beta, double* y,
                 const blasint y_step) {
    late::dgemv(order, turn, m, n, alpha, a, lda, x, x_step, beta, y, y_step);
}

double cblas_ddot(const blasint n, const double* x, const blasint x_step, const double* y,
                  const blasint y_step) {
    return late::ddot(n, x, x_step, y, y_step);
}

void dsyevd_(const char* vectors, const char* part, const blasint* n, double* a, const blasint* lda,
             double* values, double* work, const blasint* work_size, blasint* whole_work,
             const blasint* whole_work_size, blasint* problem) {
    late::dsyevd(vectors, part, n, a, lda, values, work, work_size, whole_work, whole_work_size,
                 problem);
}

void dgesdd_(const char* job, const blasint* m, const blasint* n, double* a, const blasint* lda,
             double* values, double* u, const blasint* ldu, double* vt, const blasint* ldvt,
             double* work, const blasint* work_size, blasint* whole_work, blasint* problem) {
    late::dgesdd(job, m, n, a, lda, values, u, ldu, vt, ldvt, work, work_size, whole_work, problem);
}

}  // extern "C"
