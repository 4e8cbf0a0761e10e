#include "attention/normalisation_backward.hpp"

#include <algorithm>
#include <cmath>

#include "core/divide_up.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

// One row; adds to the gradient of the weight. `scratch` holds x̂ and g, 2 * width.
template <class T>
void backward_row(const T* x, const Norm<T>& norm, const T* dy, std::size_t width, T* dx,
                  double* d_weight, double* scratch) {
    const auto count = static_cast<double>(width);
    double mean = 0, squares = 0;
    if (norm.kind == NormKind::layer) {
        for (std::size_t i = 0; i < width; ++i) mean += static_cast<double>(x[i]);
        mean /= count;
    }
    for (std::size_t i = 0; i < width; ++i) {
        const double centred = static_cast<double>(x[i]) - mean;
        squares += centred * centred;
    }
    const double factor = 1 / std::sqrt(squares / count + norm.epsilon);
    double* const normal = scratch;
    double* const g = scratch + width;
    double mean_g = 0, mean_product = 0;
    for (std::size_t i = 0; i < width; ++i) {
        normal[i] = (static_cast<double>(x[i]) - mean) * factor;
        g[i] = static_cast<double>(dy[i]);
        if (!norm.weight.empty()) {
            d_weight[i] += g[i] * normal[i];
            g[i] *= static_cast<double>(norm.weight.data()[i]) + norm.weight_plus;
        }
        mean_g += g[i];
        mean_product += g[i] * normal[i];
    }
    mean_g = norm.kind == NormKind::layer ? mean_g / count : 0;
    mean_product /= count;
    for (std::size_t i = 0; i < width; ++i)
        dx[i] = static_cast<T>((g[i] - mean_g - normal[i] * mean_product) * factor);
}

}  // namespace

template <class T>
NormGradients<T> normalise_backward(const Array<T>& x, const Norm<T>& norm, const Array<T>& dy) {
    assert(x.shape() == dy.shape());
    if (norm.kind == NormKind::none) return {dy, {}};
    constexpr std::size_t kRows = 256;
    const std::size_t width = x.shape().back();
    const std::size_t rows = x.size() / width;
    const std::size_t blocks = divide_up(rows, kRows);
    std::vector<T> dx(x.size());
    std::vector<double> of_blocks(norm.weight.empty() ? 0 : blocks * width);
    parallel_for(blocks, [&](std::size_t block) {
        std::vector<double> scratch(2 * width);
        double* own = of_blocks.empty() ? nullptr : of_blocks.data() + block * width;
        for (std::size_t row = block * kRows; row < std::min(rows, (block + 1) * kRows); ++row) {
            const std::size_t at = row * width;
            backward_row(x.data() + at, norm, dy.data() + at, width, dx.data() + at, own,
                         scratch.data());
        }
    });
    NormGradients<T> gradients{Array<T>(x.shape(), std::move(dx)), {}};
    if (norm.weight.empty()) return gradients;
    std::vector<T> d_weight(width);
    for (std::size_t i = 0; i < width; ++i) {
        double sum = 0;
        for (std::size_t block = 0; block < blocks; ++block) sum += of_blocks[block * width + i];
        d_weight[i] = static_cast<T>(sum);
    }
    gradients.weight = Array<T>({width}, std::move(d_weight));
    return gradients;
}

template NormGradients<float> normalise_backward(const Array<float>&, const Norm<float>&,
                                                 const Array<float>&);
template NormGradients<double> normalise_backward(const Array<double>&, const Norm<double>&,
                                                  const Array<double>&);

}  // namespace attn
