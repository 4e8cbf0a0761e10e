#include "analysis/contributions.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

double sum_of_magnitudes(const double* values, std::size_t count) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += std::abs(values[i]);
    return sum;
}

double length(const double* values, std::size_t count) {
    double squares = 0;
    for (std::size_t i = 0; i < count; ++i) squares += values[i] * values[i];
    return std::sqrt(squares);
}

// A norm as it acts on one row: a sum is divided by its own deviation, and its parts by that of the
// sum. All it does to them is linear but for the bias, which belongs to no part.
template <class T>
class RowNorm {
  public:
    RowNorm(const Norm<T>& norm, const double* sum, std::size_t width)
        : norm_(norm), width_(width) {
        if (norm.kind == NormKind::none) return;
        const double mean = mean_of(sum);
        double squares = 0;
        for (std::size_t i = 0; i < width; ++i) squares += (sum[i] - mean) * (sum[i] - mean);
        deviation_ = std::sqrt(squares / static_cast<double>(width) + norm.epsilon);
    }

    void apply_to_part(double* part) const {
        if (norm_.kind == NormKind::none) return;
        const double mean = mean_of(part);
        for (std::size_t i = 0; i < width_; ++i)
            part[i] = weight(i) * (part[i] - mean) / deviation_;
    }

    void apply_to_sum(double* sum) const {
        apply_to_part(sum);
        if (norm_.kind == NormKind::none || norm_.bias.empty()) return;
        for (std::size_t i = 0; i < width_; ++i)
            sum[i] += static_cast<double>(norm_.bias.data()[i]);
    }

  private:
    double mean_of(const double* values) const {
        if (norm_.kind != NormKind::layer) return 0;
        double sum = 0;
        for (std::size_t i = 0; i < width_; ++i) sum += values[i];
        return sum / static_cast<double>(width_);
    }
    double weight(std::size_t i) const {
        if (norm_.weight.empty()) return 1;
        return static_cast<double>(norm_.weight.data()[i]) + norm_.weight_plus;
    }

    const Norm<T>& norm_;
    std::size_t width_;
    double deviation_ = 1;
};

// The parts of one row: what each token adds to the token `query`, and their sum with biases.
template <class T>
class RowParts {
  public:
    RowParts(const LayerValues<T>& layer, const std::vector<Matrix<double>>& given,
             const Surroundings<T>& around, std::size_t query)
        : parts_(layer.keys(), layer.d_model()), sum_(layer.d_model()) {
        const std::size_t width = sum_.size();
        for (std::size_t key = 0; key < layer.keys(); ++key) {
            const Span<double> part = parts_.row(key);
            for (std::size_t head = 0; head < layer.heads(); ++head) {
                const auto weight = static_cast<double>(layer.weights[head].row(query)[key]);
                if (weight == 0) continue;
                const Span<const double> vector = given[head].row(key);
                for (std::size_t i = 0; i < width; ++i) part[i] += weight * vector[i];
            }
            for (std::size_t i = 0; i < width; ++i) sum_[i] += part[i];
        }
        for (std::size_t i = 0; i < around.b_O.size(); ++i)
            sum_[i] += static_cast<double>(around.b_O[i]);
        apply(around.after_attention);
        for (std::size_t i = 0; i < width; ++i) {
            const auto x = static_cast<double>(around.x.row(query)[i]);
            parts_.row(query)[i] += x;
            sum_[i] += x;
        }
        apply(around.after_sum);
    }

    // Into the row of shares.
    void share(std::size_t query, T* into) const {
        std::vector<double> shares(parts_.rows), rest(sum_.size());
        const double whole = sum_of_magnitudes(sum_.data(), sum_.size());
        double total = 0;
        for (std::size_t key = 0; key < shares.size(); ++key) {
            for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = sum_[i] - parts_.row(key)[i];
            shares[key] = std::max(0.0, whole - sum_of_magnitudes(rest.data(), rest.size()));
            total += shares[key];
        }
        for (std::size_t key = 0; key < shares.size(); ++key)
            into[key] = total > 0 ? static_cast<T>(shares[key] / total) : T(key == query ? 1 : 0);
    }

    double mixing_ratio(std::size_t query) const {
        std::vector<double> others(sum_.size());
        for (std::size_t key = 0; key < parts_.rows; ++key) {
            for (std::size_t i = 0; i < others.size() && key != query; ++i)
                others[i] += parts_.row(key)[i];
        }
        const double mixed = length(others.data(), others.size());
        const double kept = length(parts_.row(query).data(), others.size());
        return mixed + kept > 0 ? mixed / (mixed + kept) : 0;
    }

  private:
    void apply(const Norm<T>& norm) {
        const RowNorm<T> row_norm(norm, sum_.data(), sum_.size());
        for (std::size_t key = 0; key < parts_.rows; ++key)
            row_norm.apply_to_part(parts_.row(key).data());
        row_norm.apply_to_sum(sum_.data());
    }

    Matrix<double> parts_;     // [keys, d_model]
    std::vector<double> sum_;  // [d_model]
};

// ⟨u^g, u^h⟩ of all pairs of heads of one key, [heads, heads].
Matrix<double> gram_of(const std::vector<Matrix<double>>& given, std::size_t key) {
    Matrix<double> gram(given.size(), given.size());
    for (std::size_t g = 0; g < given.size(); ++g) {
        for (std::size_t h = 0; h <= g; ++h) {
            double product = 0;
            for (std::size_t i = 0; i < given[g].columns; ++i)
                product += given[g].row(key)[i] * given[h].row(key)[i];
            gram.row(g)[h] = gram.row(h)[g] = product;
        }
    }
    return gram;
}

}  // namespace

template <class T>
std::size_t LayerValues<T>::d_model() const {
    return W_O.empty() ? all_heads * values.front().columns : W_O.columns;
}

template <class T>
Matrix<double> given_vectors(const LayerValues<T>& layer, std::size_t head) {
    const MatrixView<const T> values = layer.values[head];
    const std::size_t first = layer.places[head] * values.columns;
    Matrix<double> given(layer.keys(), layer.d_model());
    parallel_for(given.rows, [&](std::size_t key) {
        const Span<double> into = given.row(key);
        for (std::size_t column = 0; column < values.columns; ++column) {
            const auto value = static_cast<double>(values.row(key)[column]);
            if (layer.W_O.empty()) {
                into[first + column] = value;
                continue;
            }
            const Span<const T> row = layer.W_O.row(first + column);
            for (std::size_t i = 0; i < given.columns; ++i)
                into[i] += value * static_cast<double>(row[i]);
        }
    });
    return given;
}

template <class T>
std::vector<double> lengths(MatrixView<const T> rows) {
    std::vector<double> lengths(rows.rows);
    for (std::size_t row = 0; row < rows.rows; ++row) {
        double squares = 0;
        for (const T value : rows.row(row))
            squares += static_cast<double>(value) * static_cast<double>(value);
        lengths[row] = std::sqrt(squares);
    }
    return lengths;
}

template <class T>
Matrix<T> weighted_lengths(MatrixView<const T> weights, const std::vector<double>& lengths) {
    Matrix<T> result(weights.rows, weights.columns);
    parallel_for(weights.rows, [&](std::size_t query) {
        for (std::size_t key = 0; key < weights.columns; ++key)
            result.row(query)[key] =
                static_cast<T>(static_cast<double>(weights.row(query)[key]) * lengths[key]);
    });
    return result;
}

template <class T>
Matrix<T> layer_lengths(const LayerValues<T>& layer, const std::vector<Matrix<double>>& given) {
    const std::size_t heads = layer.heads();
    Matrix<T> result(layer.queries(), layer.keys());
    parallel_for(layer.keys(), [&](std::size_t key) {
        const Matrix<double> gram = gram_of(given, key);
        for (std::size_t query = 0; query < layer.queries(); ++query) {
            double square = 0;
            for (std::size_t g = 0; g < heads; ++g) {
                double row = 0;
                for (std::size_t h = 0; h < heads; ++h)
                    row += gram.row(g)[h] * static_cast<double>(layer.weights[h].row(query)[key]);
                square += row * static_cast<double>(layer.weights[g].row(query)[key]);
            }
            result.row(query)[key] = static_cast<T>(std::sqrt(std::max(0.0, square)));
        }
    });
    return result;
}

template <class T>
TokenContributions<T> token_contributions(const LayerValues<T>& layer,
                                          const std::vector<Matrix<double>>& given,
                                          const Surroundings<T>& around) {
    assert(layer.queries() == layer.keys() && around.x.columns == layer.d_model());
    TokenContributions<T> result{Matrix<T>(layer.queries(), layer.keys()),
                                 std::vector<T>(layer.queries())};
    parallel_for(layer.queries(), [&](std::size_t query) {
        const RowParts<T> parts(layer, given, around, query);
        parts.share(query, result.shares.row(query).data());
        result.mixing_ratio[query] = static_cast<T>(parts.mixing_ratio(query));
    });
    return result;
}

template struct LayerValues<float>;
template struct LayerValues<double>;
template Matrix<double> given_vectors(const LayerValues<float>&, std::size_t);
template Matrix<double> given_vectors(const LayerValues<double>&, std::size_t);
template std::vector<double> lengths(MatrixView<const float>);
template std::vector<double> lengths(MatrixView<const double>);
template Matrix<float> weighted_lengths(MatrixView<const float>, const std::vector<double>&);
template Matrix<double> weighted_lengths(MatrixView<const double>, const std::vector<double>&);
template Matrix<float> layer_lengths(const LayerValues<float>&, const std::vector<Matrix<double>>&);
template Matrix<double> layer_lengths(const LayerValues<double>&,
                                      const std::vector<Matrix<double>>&);
template TokenContributions<float> token_contributions(const LayerValues<float>&,
                                                       const std::vector<Matrix<double>>&,
                                                       const Surroundings<float>&);
template TokenContributions<double> token_contributions(const LayerValues<double>&,
                                                        const std::vector<Matrix<double>>&,
                                                        const Surroundings<double>&);

}  // namespace attn::analysis
