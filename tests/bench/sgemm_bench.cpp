// Times a product of two square float32 matrices on all threads of OpenBLAS: what the machine can
// do at most. usage: attn-bench-sgemm SIZE ROUNDS       prints the seconds of each round
#include <cblas.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "support/arrays.hpp"

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const auto size = static_cast<std::size_t>(std::atol(argv[1]));
    const auto a = attn::test::random_array<float>({size, size}, 1);
    const auto b = attn::test::random_array<float>({size, size}, 2);
    std::vector<float> c(size * size);
    for (int round = 0; round < std::atoi(argv[2]); ++round) {
        const auto start = std::chrono::steady_clock::now();
        const auto n = static_cast<blasint>(size);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a.data(), n, b.data(), n,
                    0, c.data(), n);
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        std::printf("%.6f\n", time.count());
    }
    return 0;
}
