#include "attention/approx/linformer.hpp"

#include <algorithm>
#include <cmath>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/philox.hpp"
#include "core/error.hpp"
#include "core/first_columns.hpp"
#include "core/numbers.hpp"

namespace attn::approx {
namespace {

Matrix<double> random_projection(std::size_t k, std::size_t keys, const RandomStream& stream) {
    Matrix<double> projection(k, keys);
    projection.values = stream.normals(k * keys);
    const double factor = 1 / std::sqrt(static_cast<double>(k));
    for (double& x : projection.values) x *= factor;
    return projection;
}

// The rows of softmax(scale a bᵀ + added); added may be empty.
Matrix<double> softmax_scores(double scale, MatrixView<const double> a, MatrixView<const double> b,
                              const std::vector<double>& added) {
    Matrix<double> scores = product_transposed(a, b);
    for (std::size_t i = 0; i < scores.rows; ++i) {
        const Span<double> row = scores.row(i);
        for (std::size_t t = 0; t < row.size(); ++t)
            row[t] = scale * row[t] + (added.empty() ? 0 : added[t]);
        const double largest = *std::max_element(row.begin(), row.end());
        double sum = 0;
        for (double& x : row) sum += x = std::exp(x - largest);
        for (double& x : row) x /= sum;
    }
    return scores;
}

// Row t holds 1 / size over the keys of segment t.
Matrix<double> segment_means(std::size_t segments, std::size_t count) {
    Matrix<double> means(segments, count);
    for (std::size_t t = 0; t < segments; ++t) {
        const std::size_t begin = t * count / segments, end = (t + 1) * count / segments;
        for (std::size_t j = begin; j < end; ++j)
            means.at(t, j) = 1 / static_cast<double>(end - begin);
    }
    return means;
}

// W RᵀR, with no more than one row of W at a time.
Factors projected_weights(std::size_t k, std::uint64_t seed, const HeadInput& head) {
    Factors factors;
    factors.masked = factors.normalised = false;
    factors.right = random_projection(
        k, head.sizes.keys, RandomStream(seed, Purpose::linformer_keys, head.head, head.layer));
    factors.left = Matrix<double>(head.sizes.queries, k);
    head.exact->visit(0, head.sizes.queries, [&](const ExactRows::Row& row) {
        for (std::size_t t = 0; t < k; ++t) {
            const Span<const double> random =
                static_cast<const Matrix<double>&>(factors.right).row(t);
            double sum = 0;
            for (std::size_t j = 0; j < random.size(); ++j) sum += row.weights[j] * random[j];
            factors.left.at(row.query, t) = sum;
        }
    });
    return factors;
}

// Z ← ¼ Z (13 I - B Z (15 I - B Z (7 I - B Z))), from Bᵀ over its largest sums of columns and rows
// (Xiong 2021, equation 11; of this head alone).
Matrix<double> iterated_inverse(const Matrix<double>& b, std::size_t iterations) {
    const std::size_t size = b.rows;
    std::vector<double> of_columns(size);
    double of_row = 0;
    for (std::size_t i = 0; i < size; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < size; ++j) {
            sum += std::abs(b.at(i, j));
            of_columns[j] += std::abs(b.at(i, j));
        }
        of_row = std::max(of_row, sum);
    }
    const double most = of_row * *std::max_element(of_columns.begin(), of_columns.end());
    Matrix<double> z = transposed(b.view());
    for (double& x : z.values) x /= most;
    const auto from_identity = [&](double times, Matrix<double> m) {
        for (double& x : m.values) x = -x;
        for (std::size_t i = 0; i < size; ++i) m.at(i, i) += times;
        return m;
    };
    for (std::size_t step = 0; step < iterations; ++step) {
        const Matrix<double> bz = product(b.view(), z.view());
        const Matrix<double> inner =
            from_identity(15, product(bz.view(), from_identity(7, bz).view()));
        z = product(z.view(), from_identity(13, product(bz.view(), inner.view())).view());
        for (double& x : z.values) x /= 4;
    }
    return z;
}

Matrix<double> pseudo_inverse(const Matrix<double>& b) {
    const SingularValues parts = decompose(b.view());
    Matrix<double> scaled = transposed(parts.right.view());
    for (std::size_t i = 0; i < scaled.rows; ++i) {
        for (std::size_t t = 0; t < scaled.columns; ++t) {
            const double value = parts.values[t];
            scaled.at(i, t) *= value < 1e-15 * parts.values[0] ? 0 : 1 / value;
        }
    }
    return product_transposed(scaled.view(), parts.left.view());
}

double residual_of(const Matrix<double>& b, const Matrix<double>& z) {
    const Matrix<double> again = product(product(b.view(), z.view()).view(), b.view());
    double largest = 0;
    for (std::size_t i = 0; i < again.values.size(); ++i)
        largest = std::max(largest, std::abs(again.values[i] - b.values[i]));
    return largest;
}

}  // namespace

LinformerProjections gaussian_projections(std::size_t k, bool share, std::uint64_t seed,
                                          const HeadInput& head) {
    const auto drawn = [&](Purpose purpose) {
        return random_projection(k, head.sizes.keys,
                                 RandomStream(seed, purpose, head.head, head.layer));
    };
    return {drawn(Purpose::linformer_keys),
            drawn(share ? Purpose::linformer_keys : Purpose::linformer_values),
            {}};
}

LinformerProjections pooled_projections(std::size_t k, std::size_t keys) {
    LinformerProjections projections{segment_means(k, keys), segment_means(k, keys), {}};
    for (std::size_t t = 0; t < k; ++t) {
        const std::size_t size = (t + 1) * keys / k - t * keys / k;
        projections.log_sizes.push_back(std::log(static_cast<double>(size)));
    }
    return projections;
}

LinformerProjections linformer_projections(const Options& options, const HeadInput& head) {
    const std::size_t k = options.whole("k"), keys = head.sizes.keys;
    const std::string& projection = options.word("projection");
    if (projection == "pool") return pooled_projections(k, keys);
    if (projection == "file")
        return {first_columns(options.matrix("e"), keys),
                first_columns(options.matrix(options.flag("share") ? "e" : "f"), keys),
                {}};
    return gaussian_projections(k, options.flag("share"), options.seed(), head);
}

Factors linformer(const LinformerProjections& projections, const HeadInput& head) {
    Factors factors;
    factors.masked = factors.normalised = false;
    const Matrix<double> mixed = product(projections.keys.view(), head.k);
    factors.left = softmax_scores(head.scale, head.q, mixed.view(), projections.log_sizes);
    factors.right = projections.values;
    return factors;
}

Factors linformer(const Options& options, const HeadInput& head) {
    if (options.word("projection") == "jl")
        return projected_weights(options.whole("k"), options.seed(), head);
    return linformer(linformer_projections(options, head), head);
}

std::size_t nystrom_iterations(const Options& options) {
    constexpr std::int64_t kMost = 1000;
    const std::string& text = options.word("iterations");
    if (text == "exact") return 0;
    const auto whole = whole_of(text);
    if (!whole || *whole < 1 || *whole > kMost)
        fail("nystrom: iterations=", quoted(text), ": needs a whole number, 1 to ", kMost,
             ", or exact");
    return static_cast<std::size_t>(*whole);
}

Matrix<double> landmark_inverse(const Matrix<double>& b, std::size_t iterations) {
    return iterations == 0 ? pseudo_inverse(b) : iterated_inverse(b, iterations);
}

Factors nystrom(const Options& options, const HeadInput& head) {
    const std::size_t landmarks = options.whole("landmarks");
    const std::size_t iterations = nystrom_iterations(options);
    const Matrix<double> q = product(segment_means(landmarks, head.sizes.queries).view(), head.q);
    const Matrix<double> k = product(segment_means(landmarks, head.sizes.keys).view(), head.k);
    const Matrix<double> b = softmax_scores(head.scale, q.view(), k.view(), {});
    const Matrix<double> z = landmark_inverse(b, iterations);
    Factors factors;
    factors.masked = factors.normalised = false;
    factors.left = product(softmax_scores(head.scale, head.q, k.view(), {}).view(), z.view());
    factors.right = softmax_scores(head.scale, q.view(), head.k, {});
    factors.residual = residual_of(b, z);
    return factors;
}

}  // namespace attn::approx
