#include "analysis/relevance.hpp"

#include <cassert>

#include "analysis/rollout.hpp"
#include "attention/blas.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {

template <class T>
Matrix<T> normalised_relevance(const Matrix<T>& relevance) {
    assert(relevance.rows == relevance.columns);
    Matrix<T> result = relevance;
    parallel_for(relevance.rows, [&](std::size_t i) {
        const Span<T> row = result.row(i);
        row[i] -= 1;
        double sum = 0;
        for (std::size_t j = 0; j < result.columns; ++j) sum += static_cast<double>(row[j]);
        if (sum > 0) {
            for (std::size_t j = 0; j < result.columns; ++j)
                row[j] = static_cast<T>(static_cast<double>(row[j]) / sum);
        }
        row[i] += 1;
    });
    return result;
}

template <class T>
void add_crossed_relevance(const Matrix<T>& decoder, const FusedLayer<T>& layer,
                           const Matrix<T>& encoder_normalised, Matrix<T>& crossed) {
    assert(crossed.rows == decoder.rows && crossed.columns == encoder_normalised.columns);
    const Matrix<T> read = layer_times(layer, encoder_normalised, false);
    const Matrix<T> own = normalised_relevance(decoder);
    Matrix<T> added(crossed.rows, crossed.columns);
    multiply_transposed_first<T>(own.view(), read.view(),
                                 MatrixView<T>{added.values.data(), added.rows, added.columns});
    for (std::size_t i = 0; i < crossed.values.size(); ++i) crossed.values[i] += added.values[i];
}

template Matrix<float> normalised_relevance(const Matrix<float>&);
template Matrix<double> normalised_relevance(const Matrix<double>&);
template void add_crossed_relevance(const Matrix<float>&, const FusedLayer<float>&,
                                    const Matrix<float>&, Matrix<float>&);
template void add_crossed_relevance(const Matrix<double>&, const FusedLayer<double>&,
                                    const Matrix<double>&, Matrix<double>&);

}  // namespace attn::analysis
