#include "attention/projection_backward.hpp"

#include <algorithm>

#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "attention/divided_rows.hpp"
#include "core/divide_up.hpp"
#include "core/parallel.hpp"

namespace attn {

template <class T>
Array<T> project_back(const Array<T>& dy, const Array<T>& W, MatrixOrder order) {
    // What is [d_in, d_out] one way is Wᵀ the other way.
    const MatrixOrder other =
        order == MatrixOrder::in_out ? MatrixOrder::out_in : MatrixOrder::in_out;
    return project(dy, W, {}, other);
}

template <class T>
Array<T> matrix_gradient(const Array<T>& x, const Array<T>& dy, const Communicator& ranks) {
    assert(x.extent(0) == dy.extent(0) && x.extent(1) == dy.extent(1));
    constexpr std::size_t kSide = 192;  // of a block
    const std::size_t tokens = x.extent(0) * x.extent(1);
    const std::size_t d_in = x.extent(2), d_out = dy.extent(2);
    const SingleThreadedBlas blas;
    const std::size_t across = divide_up(d_out, kSide);
    const auto make_rows = [&](std::size_t first, std::size_t count) {
        std::vector<T> result(count * d_out);
        parallel_for(divide_up(count, kSide) * across, [&](std::size_t block) {
            const std::size_t row = block / across * kSide;
            const std::size_t column = block % across * kSide;
            const std::size_t height = std::min(kSide, count - row);
            const std::size_t width = std::min(kSide, d_out - column);
            multiply_transposed_first<T>(
                {x.data() + first + row, tokens, height, d_in},
                {dy.data() + column, tokens, width, d_out},
                {result.data() + row * d_out + column, height, width, d_out});
        });
        return Array<T>({1, count, d_out}, std::move(result));
    };
    return divide_rows<T>(ranks, d_in, make_rows, kSide);
}

template <class T>
Array<T> bias_gradient(const Array<T>& dy) {
    const std::size_t width = dy.extent(2);
    std::vector<double> sums(width);
    for (std::size_t i = 0; i < dy.size(); ++i)
        sums[i % width] += static_cast<double>(dy.data()[i]);
    std::vector<T> result(width);
    std::transform(sums.begin(), sums.end(), result.begin(),
                   [](double sum) { return static_cast<T>(sum); });
    return Array<T>({width}, std::move(result));
}

template Array<float> project_back(const Array<float>&, const Array<float>&, MatrixOrder);
template Array<double> project_back(const Array<double>&, const Array<double>&, MatrixOrder);
template Array<float> matrix_gradient(const Array<float>&, const Array<float>&,
                                      const Communicator&);
template Array<double> matrix_gradient(const Array<double>&, const Array<double>&,
                                       const Communicator&);
template Array<float> bias_gradient(const Array<float>&);
template Array<double> bias_gradient(const Array<double>&);

}  // namespace attn
