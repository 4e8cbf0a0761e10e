#include "analysis/joint_embedding.hpp"

#include <algorithm>
#include <cmath>

#include "attention/blas_threads.hpp"
#include "attention/product_memory.hpp"
#include "core/divide_up.hpp"
#include "core/xtensor_blas.hpp"

namespace attn::analysis {
namespace {

constexpr std::size_t kMostPairs = 256;  // rows of each side

using Vector = std::vector<double>;

template <class T>
Vector mean_of(MatrixView<const T> rows) {
    Vector mean(rows.columns);
    for (std::size_t row = 0; row < rows.rows; ++row) {
        for (std::size_t i = 0; i < rows.columns; ++i)
            mean[i] += static_cast<double>(rows.row(row)[i]) / static_cast<double>(rows.rows);
    }
    return mean;
}

template <class T>
double spread_of(MatrixView<const T> rows, const Vector& mean) {
    double sum = 0;
    for (std::size_t row = 0; row < rows.rows; ++row) {
        for (std::size_t i = 0; i < rows.columns; ++i) {
            const double part = static_cast<double>(rows.row(row)[i]) - mean[i];
            sum += part * part;
        }
    }
    return std::sqrt(sum / static_cast<double>(rows.rows));
}

// Rows about their mean, times a factor: both clouds are about one centre then.
template <class T>
void append_rows(MatrixView<const T> rows, const Vector& mean, double factor,
                 std::vector<Vector>& all) {
    for (std::size_t row = 0; row < rows.rows; ++row) {
        all.emplace_back(rows.columns);
        for (std::size_t i = 0; i < rows.columns; ++i)
            all.back()[i] = factor * (static_cast<double>(rows.row(row)[i]) - mean[i]);
    }
}

double product_of(const Vector& a, const Vector& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

// The direction with the sign that makes its largest component positive; of those that are as
// large but for rounding the first.
Vector with_sign(Vector direction) {
    double largest = 0;
    for (const double part : direction) largest = std::max(largest, std::abs(part));
    const auto first = std::find_if(direction.begin(), direction.end(), [&](double part) {
        return std::abs(part) >= (1 - 1e-9) * largest;
    });
    if (first != direction.end() && *first < 0) {
        for (double& part : direction) part = -part;
    }
    return direction;
}

struct Plane {
    std::vector<Vector> axes;  // one or two
    double variance = 0;
};

Plane plane_of(const std::vector<Vector>& rows) {
    const std::size_t d = rows.front().size();
    xt::xtensor<double, 2> covariance = xt::zeros<double>({d, d});
    for (const Vector& row : rows) {
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j < d; ++j) covariance(i, j) += row[i] * row[j];
        }
    }
    // LAPACK gives the eigenvalues in rising order, and its bits depend on the number of threads.
    const SingleThreadedBlas blas;
    const ProductMemory memory;
    const auto [values, vectors] = xt::linalg::eigh(covariance);
    double all = 0;
    for (std::size_t i = 0; i < d; ++i) all += std::max(0.0, values(i));
    Plane plane;
    for (std::size_t axis = 0; axis < std::min<std::size_t>(2, d); ++axis) {
        const std::size_t column = d - 1 - axis;
        Vector direction(d);
        for (std::size_t i = 0; i < d; ++i) direction[i] = vectors(i, column);
        plane.axes.push_back(with_sign(std::move(direction)));
        if (all > 0) plane.variance += std::max(0.0, values(column)) / all;
    }
    return plane;
}

// Pearson's, of the pairs that were added.
class Correlation {
  public:
    void add(double x, double y) {
        count_ += 1, x_ += x, y_ += y, xx_ += x * x, yy_ += y * y, xy_ += x * y;
    }
    double value() const {
        const double dx = xx_ - x_ * x_ / count_, dy = yy_ - y_ * y_ / count_;
        return (xy_ - x_ * y_ / count_) / std::sqrt(dx * dy);
    }

  private:
    double count_ = 0, x_ = 0, y_ = 0, xx_ = 0, yy_ = 0, xy_ = 0;
};

template <class T>
double correlation_of(const JointEmbedding& embedding, MatrixView<const T> queries,
                      MatrixView<const T> keys) {
    const auto step = [](std::size_t rows) { return divide_up(rows, kMostPairs); };
    Correlation correlation;
    for (std::size_t query = 0; query < queries.rows; query += step(queries.rows)) {
        const auto& from = embedding.queries[query];
        for (std::size_t key = 0; key < keys.rows; key += step(keys.rows)) {
            double score = 0;
            for (std::size_t i = 0; i < keys.columns; ++i)
                score += static_cast<double>(queries.row(query)[i]) *
                         static_cast<double>(keys.row(key)[i]);
            const auto& to = embedding.keys[key];
            correlation.add(std::hypot(from[0] - to[0], from[1] - to[1]), score);
        }
    }
    return correlation.value();
}

}  // namespace

template <class T>
JointEmbedding joint_embedding(MatrixView<const T> queries, MatrixView<const T> keys) {
    const Vector of_queries = mean_of(queries), of_keys = mean_of(keys);
    const double q = spread_of(queries, of_queries), k = spread_of(keys, of_keys);
    const double s = q > 0 && k > 0 ? std::sqrt(q / k) : 1;
    std::vector<Vector> rows;
    append_rows(queries, of_queries, 1 / s, rows);
    append_rows(keys, of_keys, s, rows);
    const Plane plane = plane_of(rows);
    JointEmbedding embedding;
    embedding.variance = plane.variance;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        std::array<double, 2> point{0, 0};
        for (std::size_t axis = 0; axis < plane.axes.size(); ++axis)
            point[axis] = product_of(rows[row], plane.axes[axis]);
        (row < queries.rows ? embedding.queries : embedding.keys).push_back(point);
    }
    embedding.correlation = correlation_of(embedding, queries, keys);
    return embedding;
}

template JointEmbedding joint_embedding(MatrixView<const float>, MatrixView<const float>);
template JointEmbedding joint_embedding(MatrixView<const double>, MatrixView<const double>);

}  // namespace attn::analysis
