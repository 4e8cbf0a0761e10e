#include "attention/approx/fast_kernels.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "attention/approx/performer.hpp"
#include "attention/blas.hpp"
#include "core/divide_up.hpp"
#include "kernels/kernels.hpp"

namespace attn::approx {
namespace {

// Sums over the features of some keys: the largest logarithm of each, and Σ φ(k) [v, 1] relative to
// it.
template <class T>
struct KeySums {
    std::vector<T> high;
    std::vector<T> sums;  // [features, d_value + 1]
};

template <class T>
class FeatureRun {
  public:
    FeatureRun(const FastHead<T>& head, const FastFeatures<T>& features, MatrixView<T> contexts)
        : head_(head), features_(features), contexts_(contexts), width_(head.v.columns + 1) {
        // Sums are kept for every block of rows: few enough of them to lie in memory.
        constexpr std::size_t kMostNumbers = std::size_t{1} << 26;
        while (head.causal && blocks() * features.count * width_ > kMostNumbers &&
               rows_ < head.q.rows)
            rows_ *= 2;
        values_.resize(head.k.rows * width_);
        for (std::size_t key = 0; key < head.k.rows; ++key) {
            const Span<const T> v = head.v.row(key);
            std::copy(v.begin(), v.end(), values_.begin() + place(key * width_));
            values_[key * width_ + width_ - 1] = T{1};
        }
    }

    void run() {
        if (!head_.causal) {
            const KeySums<T> all = sum_of({0, head_.k.rows});
            for_fast_blocks(head_.q.rows, [&](std::size_t begin, std::size_t count) {
                finish(begin, count, {}, all);
            });
            return;
        }
        std::vector<KeySums<T>> before(blocks());
        parallel_for(blocks(), [&](std::size_t block) {
            const std::size_t begin = block == 0 ? 0 : shared_keys(block - 1);
            before[block] = sum_keys({begin, shared_keys(block)});
        });
        for (std::size_t block = 1; block < blocks(); ++block)
            add(before[block], before[block - 1]);
        parallel_for(blocks(), [&](std::size_t block) {
            const std::size_t begin = block * rows_;
            const std::size_t count = std::min(rows_, head_.q.rows - begin);
            const KeyRange own{shared_keys(block), head_.allowed(begin + count - 1).end};
            finish(begin, count, own, std::move(before[block]));
        });
    }

  private:
    static std::ptrdiff_t place(std::size_t index) { return static_cast<std::ptrdiff_t>(index); }
    std::size_t blocks() const { return divide_up(head_.q.rows, rows_); }

    // Keys below it are seen by every row of the block.
    std::size_t shared_keys(std::size_t block) const { return head_.allowed(block * rows_).end; }

    MatrixView<const T> values(KeyRange keys) const {
        return {values_.data() + keys.begin * width_, keys.size(), width_};
    }

    // Sums of many keys, side by side.
    KeySums<T> sum_of(KeyRange keys) const {
        constexpr std::size_t kParts = 16;
        std::vector<KeySums<T>> parts(kParts);
        parallel_for(kParts, [&](std::size_t i) {
            const auto at = [&](std::size_t part) {
                return keys.begin + part * keys.size() / kParts;
            };
            parts[i] = sum_keys({at(i), at(i + 1)});
        });
        for (std::size_t i = 1; i < kParts; ++i) add(parts[i], parts[i - 1]);
        return std::move(parts.back());
    }

    KeySums<T> sum_keys(KeyRange keys) const {
        KeySums<T> all;
        for (std::size_t begin = keys.begin; begin < keys.end; begin += rows_) {
            const KeyRange some{begin, std::min(keys.end, begin + rows_)};
            std::vector<T> cells = key_features(some);
            KeySums<T> part;
            if (features_.logs) part.high = exponentiate_from_largest(cells, {});
            part.sums.resize(features_.count * width_);
            multiply_transposed_first<T>({cells.data(), some.size(), features_.count}, values(some),
                                         {part.sums.data(), features_.count, width_});
            add(part, all);
            all = std::move(part);
        }
        return all;
    }

    std::vector<T> key_features(KeyRange keys) const {
        std::vector<T> cells(keys.size() * features_.count);
        if (!keys.empty())
            features_.keys(keys.begin, keys.size(), {cells.data(), keys.size(), features_.count});
        return cells;
    }

    // The largest of each column and of `least`, relative to which the cells become exponentials.
    std::vector<T> exponentiate_from_largest(std::vector<T>& cells, std::vector<T> least) const {
        if (least.empty()) least.assign(features_.count, -std::numeric_limits<T>::infinity());
        const std::size_t rows = cells.size() / features_.count;
        for (std::size_t i = 0; i < rows; ++i)
            kernels_.take_larger(least.data(), cells.data() + i * features_.count, features_.count);
        for (std::size_t i = 0; i < rows; ++i) {
            T* const row = cells.data() + i * features_.count;
            for (std::size_t t = 0; t < features_.count; ++t) row[t] -= least[t];
            kernels_.exponentiate_only(row, features_.count, T{0});
        }
        return least;
    }

    // to += more.
    void add(KeySums<T>& to, const KeySums<T>& more) const {
        if (more.sums.empty()) return;
        if (to.sums.empty()) {
            to = more;
            return;
        }
        if (features_.logs) {
            std::vector<T> high = to.high;
            kernels_.take_larger(high.data(), more.high.data(), high.size());
            rescale(to, high);
            KeySums<T> other = more;
            rescale(other, high);
            kernels_.add(to.sums.data(), other.sums.data(), to.sums.size());
            return;
        }
        kernels_.add(to.sums.data(), more.sums.data(), to.sums.size());
    }

    void rescale(KeySums<T>& sums, const std::vector<T>& high) const {
        for (std::size_t t = 0; t < features_.count; ++t) {
            if (sums.high[t] == high[t]) continue;
            kernels_.scale(sums.sums.data() + t * width_, width_, std::exp(sums.high[t] - high[t]));
        }
        sums.high = high;
    }

    // Contexts of some rows, from sums over keys that all of them see, and from keys of which each
    // row sees a part.
    void finish(std::size_t begin, std::size_t count, KeyRange own, KeySums<T> before) const {
        std::vector<T> keys = key_features(own);
        if (features_.logs && !own.empty()) {
            std::vector<T> high = exponentiate_from_largest(keys, before.high);
            if (!before.sums.empty()) rescale(before, high);
            before.high = std::move(high);
        }
        std::vector<T> cells(count * features_.count), sums(count * width_);
        const MatrixView<T> queries(cells.data(), count, features_.count);
        features_.queries(begin, count, queries);
        if (features_.logs && !before.high.empty()) {
            for (std::size_t i = 0; i < count; ++i) {
                T* const row = queries.row(i).data();
                kernels_.add(row, before.high.data(), features_.count);
                kernels_.exponentiate_only(row, features_.count,
                                           kernels_.largest(row, features_.count));
            }
        }
        const MatrixView<T> result(sums.data(), count, width_);
        if (!before.sums.empty())
            multiply<T>(queries, {before.sums.data(), features_.count, width_}, result);
        if (!own.empty()) add_own(begin, own, queries, keys, result);
        for (std::size_t i = 0; i < count; ++i) {
            const Span<T> context = contexts_.row(begin + i);
            const T all = result.row(i)[width_ - 1];
            for (std::size_t c = 0; c < context.size(); ++c)
                context[c] = all != T{0} ? result.row(i)[c] / all : T{0};
        }
    }

    void add_own(std::size_t begin, KeyRange own, MatrixView<const T> queries,
                 const std::vector<T>& keys, MatrixView<T> result) const {
        std::vector<T> cells(queries.rows * own.size()), sums(queries.rows * width_);
        const MatrixView<T> weights(cells.data(), queries.rows, own.size());
        multiply_transposed<T>(T{1}, queries, {keys.data(), own.size(), features_.count}, weights);
        for (std::size_t i = 0; i < queries.rows; ++i) {
            const std::size_t end = std::max(own.begin, head_.allowed(begin + i).end);
            std::fill(weights.row(i).begin() + (end - own.begin), weights.row(i).end(), T{0});
        }
        multiply<T>(weights, values(own), {sums.data(), queries.rows, width_});
        for (std::size_t i = 0; i < queries.rows; ++i)
            kernels_.add(result.row(i).data(), sums.data() + i * width_, width_);
    }

    const FastHead<T>& head_;
    const FastFeatures<T>& features_;
    MatrixView<T> contexts_;
    const Kernels<T>& kernels_ = kernels<T>();
    std::size_t width_;
    std::size_t rows_ = kFastRows;
    std::vector<T> values_;  // [keys, d_value + 1]
};

// max(x, 0) + min(exp(x), 1), which is elu(x) + 1.
template <class T>
void take_elu_plus_one(MatrixView<T> x) {
    for (std::size_t i = 0; i < x.rows; ++i) {
        for (T& value : x.row(i)) value = value > 0 ? value + 1 : std::exp(value);
    }
}

template <class T>
void copy_scaled(MatrixView<const T> from, T factor, MatrixView<T> to) {
    for (std::size_t i = 0; i < from.rows; ++i) {
        for (std::size_t c = 0; c < from.columns; ++c) to.row(i)[c] = factor * from.row(i)[c];
    }
}

// relu(x) times the cosine, then times the sine of the angle of each row's position.
template <class T>
void rotate_positive(MatrixView<const T> x, std::ptrdiff_t first, double angle, MatrixView<T> to) {
    for (std::size_t i = 0; i < x.rows; ++i) {
        const double at = angle * static_cast<double>(static_cast<std::ptrdiff_t>(i) + first);
        const T cosine = static_cast<T>(std::cos(at)), sine = static_cast<T>(std::sin(at));
        for (std::size_t c = 0; c < x.columns; ++c) {
            const T positive = std::max(x.row(i)[c], T{0});
            to.row(i)[c] = positive * cosine;
            to.row(i)[x.columns + c] = positive * sine;
        }
    }
}

}  // namespace

template <class T>
void run_features(const FastHead<T>& head, const FastFeatures<T>& features,
                  MatrixView<T> contexts) {
    FeatureRun<T>(head, features, contexts).run();
}

template <class T>
FastFeatures<T> performer_features(const Options& options, const FastHead<T>& head) {
    const PerformerDraw draw{options.whole("features"), options.flag("orthogonal"), options.seed(),
                             options.whole("redraw")};
    const Matrix<double> drawn = performer_directions(draw, head.q.columns, head.head, head.layer);
    const double root = std::sqrt(std::abs(static_cast<double>(head.scale)));
    const auto directions = std::make_shared<std::vector<T>>(drawn.values.size());
    for (std::size_t i = 0; i < drawn.values.size(); ++i)
        (*directions)[i] = static_cast<T>(root * drawn.values[i]);
    const std::size_t rows = drawn.rows, columns = drawn.columns;
    FastFeatures<T> features;
    features.count = rows;
    features.logs = true;
    features.queries = [&head, directions, rows, columns](std::size_t begin, std::size_t count,
                                                          MatrixView<T> to) {
        multiply_transposed<T>(head.scale < 0 ? T{-1} : T{1}, some_rows(head.q, begin, count),
                               {directions->data(), rows, columns}, to);
    };
    features.keys = [&head, directions, rows, columns](std::size_t begin, std::size_t count,
                                                       MatrixView<T> to) {
        const MatrixView<const T> k = some_rows(head.k, begin, count);
        multiply_transposed<T>(T{1}, k, {directions->data(), rows, columns}, to);
        for (std::size_t i = 0; i < count; ++i) {
            T square{0};
            for (const T x : k.row(i)) square += x * x;
            const T half = std::abs(head.scale) * square / 2;
            for (T& value : to.row(i)) value -= half;
        }
    };
    return features;
}

template <class T>
FastFeatures<T> linear_features(const Options& options, const FastHead<T>& head) {
    const bool scaled = options.flag("scaled");
    const T root = scaled ? std::sqrt(std::abs(head.scale)) : T{1};
    const T of_queries = scaled ? std::copysign(root, head.scale) : T{1};
    FastFeatures<T> features;
    features.count = head.q.columns;
    features.queries = [&head, of_queries](std::size_t begin, std::size_t count, MatrixView<T> to) {
        copy_scaled(some_rows(head.q, begin, count), of_queries, to);
        take_elu_plus_one(to);
    };
    features.keys = [&head, root](std::size_t begin, std::size_t count, MatrixView<T> to) {
        copy_scaled(some_rows(head.k, begin, count), root, to);
        take_elu_plus_one(to);
    };
    return features;
}

template <class T>
FastFeatures<T> cosformer_features(const Options& /*options*/, const FastHead<T>& head) {
    const std::ptrdiff_t length =
        std::max(head.position(head.q.rows), static_cast<std::ptrdiff_t>(head.k.rows));
    const double angle = std::acos(-1.0) / (2 * static_cast<double>(length));
    FastFeatures<T> features;
    features.count = 2 * head.q.columns;
    features.queries = [&head, angle](std::size_t begin, std::size_t count, MatrixView<T> to) {
        rotate_positive(some_rows(head.q, begin, count), head.position(begin), angle, to);
    };
    features.keys = [&head, angle](std::size_t begin, std::size_t count, MatrixView<T> to) {
        rotate_positive(some_rows(head.k, begin, count), static_cast<std::ptrdiff_t>(begin), angle,
                        to);
    };
    return features;
}

template void run_features(const FastHead<float>&, const FastFeatures<float>&, MatrixView<float>);
template void run_features(const FastHead<double>&, const FastFeatures<double>&,
                           MatrixView<double>);
template FastFeatures<float> performer_features(const Options&, const FastHead<float>&);
template FastFeatures<double> performer_features(const Options&, const FastHead<double>&);
template FastFeatures<float> linear_features(const Options&, const FastHead<float>&);
template FastFeatures<double> linear_features(const Options&, const FastHead<double>&);
template FastFeatures<float> cosformer_features(const Options&, const FastHead<float>&);
template FastFeatures<double> cosformer_features(const Options&, const FastHead<double>&);

}  // namespace attn::approx
