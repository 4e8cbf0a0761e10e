#include "attention/approx/fast_factors.hpp"

#include <memory>
#include <vector>

#include "attention/approx/linformer.hpp"
#include "attention/approx/lowrank.hpp"
#include "attention/blas.hpp"
#include "attention/engine.hpp"
#include "kernels/kernels.hpp"

namespace attn::approx {
namespace {

template <class T>
Matrix<T> in_type(const Matrix<double>& from) {
    Matrix<T> narrowed(from.rows, from.columns);
    std::copy(from.values.begin(), from.values.end(), narrowed.values.begin());
    return narrowed;
}

// contexts = softmax(scale a bᵀ + added) values, in blocks of the rows of a; added may be empty.
template <class T>
void attend_to_all(T scale, MatrixView<const T> a, MatrixView<const T> b,
                   const std::vector<T>& added, MatrixView<const T> values,
                   MatrixView<T> contexts) {
    const Kernels<T>& kernel = kernels<T>();
    for_fast_blocks(a.rows, [&](std::size_t begin, std::size_t count) {
        std::vector<T> cells(count * b.rows);
        const MatrixView<T> scores(cells.data(), count, b.rows);
        multiply_transposed(scale, some_rows(a, begin, count), b, scores);
        for (std::size_t i = 0; i < count; ++i) {
            T* const row = scores.row(i).data();
            if (!added.empty()) kernel.add(row, added.data(), b.rows);
            const T high = kernel.largest(row, b.rows);
            const double sum = kernel.exponentiate_only(row, b.rows, high).sum;
            kernel.scale(row, b.rows, static_cast<T>(1 / sum));
        }
        multiply<T>(scores, values, some_rows(contexts, begin, count));
    });
}

// a · b in blocks of rows, side by side.
template <class T>
void multiply_blocks(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    for_fast_blocks(a.rows, [&](std::size_t begin, std::size_t count) {
        multiply<T>(some_rows(a, begin, count), b, some_rows(c, begin, count));
    });
}

// Means over `segments` runs of rows.
template <class T>
Matrix<T> segment_means(MatrixView<const T> x, std::size_t segments) {
    Matrix<T> means(segments, x.columns);
    for (std::size_t t = 0; t < segments; ++t) {
        const std::size_t begin = t * x.rows / segments, end = (t + 1) * x.rows / segments;
        const Span<T> mean = means.view().row(t);
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t c = 0; c < x.columns; ++c)
                mean[c] += x.row(i)[c] / static_cast<T>(end - begin);
        }
    }
    return means;
}

template <class T>
HeadsView<T> one_head(MatrixView<const T> x) {
    return {x.data, 1, 1, x.rows, x.columns, 0, 0, x.stride};
}

}  // namespace

template <class T>
void run_exact(const FastHead<T>& head, std::size_t window, MatrixView<T> contexts) {
    AttentionInputs<T> inputs;
    inputs.q = one_head(head.q);
    inputs.k = one_head(head.k);
    inputs.v = one_head(head.v);
    inputs.scale = head.scale;
    MaskOptions<T> options;
    options.structure.causal = head.causal;
    options.structure.offsets = {head.offset};
    if (window > 0) options.structure.window_left = window - 1;
    if (window > 0 && !head.causal) options.structure.window_right = window - 1;
    const Array<T> result = attend(inputs, Mask<T>(std::move(options), head.k.rows), {});
    for (std::size_t row = 0; row < contexts.rows; ++row) {
        const T* const from = result.data() + row * contexts.columns;
        std::copy(from, from + contexts.columns, contexts.row(row).begin());
    }
}

template <class T>
RunHead<T> linformer_run(const Options& options, const FastHead<T>& head, const HeadInput& input) {
    const LinformerProjections drawn = linformer_projections(options, input);
    const auto of_keys = std::make_shared<const Matrix<T>>(in_type<T>(drawn.keys));
    const auto of_values = std::make_shared<const Matrix<T>>(in_type<T>(drawn.values));
    const std::vector<T> added(drawn.log_sizes.begin(), drawn.log_sizes.end());
    return [&head, of_keys, of_values, added](MatrixView<T> contexts) {
        Matrix<T> keys(of_keys->rows, head.k.columns), values(of_keys->rows, head.v.columns);
        multiply_blocks<T>(of_keys->view(), head.k, keys.view());
        multiply_blocks<T>(of_values->view(), head.v, values.view());
        attend_to_all<T>(head.scale, head.q, keys.view(), added, values.view(), contexts);
    };
}

template <class T>
RunHead<T> nystrom_run(const Options& options, const FastHead<T>& head,
                       const HeadInput& /*input*/) {
    const std::size_t landmarks = options.whole("landmarks");
    const std::size_t iterations = nystrom_iterations(options);
    return [&head, landmarks, iterations](MatrixView<T> contexts) {
        const Matrix<T> q = segment_means(head.q, landmarks), k = segment_means(head.k, landmarks);
        Matrix<T> identity(landmarks, landmarks), middle(landmarks, landmarks);
        for (std::size_t i = 0; i < landmarks; ++i) identity.view().row(i)[i] = T{1};
        attend_to_all<T>(head.scale, q.view(), k.view(), {}, identity.view(), middle.view());
        Matrix<double> b(landmarks, landmarks);
        std::copy(middle.values.begin(), middle.values.end(), b.values.begin());
        const Matrix<T> inverse = in_type<T>(landmark_inverse(b, iterations));
        Matrix<T> right(landmarks, head.v.columns), values(landmarks, head.v.columns);
        attend_to_all<T>(head.scale, q.view(), head.k, {}, head.v, right.view());
        multiply<T>(inverse.view(), right.view(), values.view());
        attend_to_all<T>(head.scale, head.q, k.view(), {}, values.view(), contexts);
    };
}

template <class T>
RunHead<T> lowrank_scores_run(const Options& options, const FastHead<T>& head,
                              const HeadInput& input) {
    const ShortProjections parts = short_projections(input, options.whole("rank"));
    const auto of_queries = std::make_shared<const Matrix<T>>(in_type<T>(parts.queries));
    const auto of_keys = std::make_shared<const Matrix<T>>(in_type<T>(parts.keys));
    return [&head, of_queries, of_keys](MatrixView<T> contexts) {
        Matrix<T> q(head.q.rows, of_queries->columns), k(head.k.rows, of_keys->columns);
        multiply_blocks<T>(head.q, of_queries->view(), q.view());
        multiply_blocks<T>(head.k, of_keys->view(), k.view());
        FastHead<T> shorter = head;
        shorter.q = q.view();
        shorter.k = k.view();
        run_exact(shorter, 0, contexts);
    };
}

template <class T>
RunHead<T> lowrank_values_run(const Options& options, const FastHead<T>& head,
                              const HeadInput& input) {
    const ShortValues parts = short_values(input, options.whole("rank"));
    const auto coordinates = std::make_shared<const Matrix<T>>(in_type<T>(parts.coordinates));
    const auto directions = std::make_shared<const Matrix<T>>(in_type<T>(parts.directions));
    return [&head, coordinates, directions](MatrixView<T> contexts) {
        FastHead<T> shorter = head;
        shorter.v = coordinates->view();
        Matrix<T> narrow(head.q.rows, coordinates->columns);
        run_exact(shorter, 0, narrow.view());
        multiply_blocks<T>(narrow.view(), directions->view(), contexts);
    };
}

template void run_exact(const FastHead<float>&, std::size_t, MatrixView<float>);
template void run_exact(const FastHead<double>&, std::size_t, MatrixView<double>);
template RunHead<float> linformer_run(const Options&, const FastHead<float>&, const HeadInput&);
template RunHead<double> linformer_run(const Options&, const FastHead<double>&, const HeadInput&);
template RunHead<float> nystrom_run(const Options&, const FastHead<float>&, const HeadInput&);
template RunHead<double> nystrom_run(const Options&, const FastHead<double>&, const HeadInput&);
template RunHead<float> lowrank_scores_run(const Options&, const FastHead<float>&,
                                           const HeadInput&);
template RunHead<double> lowrank_scores_run(const Options&, const FastHead<double>&,
                                            const HeadInput&);
template RunHead<float> lowrank_values_run(const Options&, const FastHead<float>&,
                                           const HeadInput&);
template RunHead<double> lowrank_values_run(const Options&, const FastHead<double>&,
                                            const HeadInput&);

}  // namespace attn::approx
