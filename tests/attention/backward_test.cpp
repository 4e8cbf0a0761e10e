#include "attention/backward.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <mutex>
#include <set>

#include "core/parallel.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// Long enough for several blocks of rows, and for several items of work.
constexpr std::size_t kTokens = 900;

template <class T>
struct BackwardProblem {
    Array<T> q = random_array<T>({1, 2, kTokens, 5}, 1);
    Array<T> k = random_array<T>({1, 1, kTokens, 5}, 2);
    Array<T> v = random_array<T>({1, 1, kTokens, 3}, 3);
    Array<T> d_context = random_array<T>({1, kTokens, 6}, 4);
    MaskOptions<T> mask;

    AttentionInputs<T> inputs() const {
        AttentionInputs<T> inputs;
        inputs.q = separate_heads(q);
        inputs.k = separate_heads(k);
        inputs.v = separate_heads(v);
        inputs.scale = T(0.5);
        return inputs;
    }
    AttentionGradients<T> gradients(const GradientSinks<T>& sinks = {}) const {
        return attend_backward(inputs(), mask, d_context, sinks);
    }
};

// The formulas written out, one cell after another.
struct Plain {
    std::vector<double> q, k, v, weights, scores;
};

template <class T>
Plain by_formulas(const BackwardProblem<T>& problem) {
    const auto at = [](const Array<T>& array, std::size_t i) {
        return static_cast<double>(array.data()[i]);
    };
    Plain plain{std::vector<double>(2 * kTokens * 5),
                std::vector<double>(kTokens * 5),
                std::vector<double>(kTokens * 3),
                {},
                {}};
    for (std::size_t head = 0; head < 2; ++head) {
        for (std::size_t i = 0; i < kTokens; ++i) {
            std::vector<double> p, dp;
            double sum = 0, dot = 0;
            const std::size_t query = (head * kTokens + i) * 5;
            for (std::size_t j = 0; j <= i; ++j) {
                double score = 0, gradient = 0;
                for (std::size_t c = 0; c < 5; ++c)
                    score += 0.5 * at(problem.q, query + c) * at(problem.k, j * 5 + c);
                for (std::size_t c = 0; c < 3; ++c)
                    gradient +=
                        at(problem.d_context, i * 6 + head * 3 + c) * at(problem.v, j * 3 + c);
                p.push_back(std::exp(score));
                dp.push_back(gradient);
                sum += p.back();
            }
            for (std::size_t j = 0; j <= i; ++j) dot += (p[j] /= sum) * dp[j];
            for (std::size_t j = 0; j < kTokens; ++j) {
                const double ds = j <= i ? p[j] * (dp[j] - dot) : 0;
                plain.weights.push_back(j <= i ? dp[j] : 0);
                plain.scores.push_back(ds);
                if (j > i) continue;
                for (std::size_t c = 0; c < 5; ++c) {
                    plain.q[query + c] += 0.5 * ds * at(problem.k, j * 5 + c);
                    plain.k[j * 5 + c] += 0.5 * ds * at(problem.q, query + c);
                }
                for (std::size_t c = 0; c < 3; ++c)
                    plain.v[j * 3 + c] += p[j] * at(problem.d_context, i * 6 + head * 3 + c);
            }
        }
    }
    return plain;
}

template <class T>
double difference(const Array<T>& found, const std::vector<double>& expected) {
    return max_difference(found, Array<double>(found.shape(), expected));
}

// Keeps every cell, and what else comes by.
template <class T>
class CellRecorder : public GradientSink<T> {
  public:
    bool needs_cells() const override { return true; }
    void begin_layer(const LayerShape& shape) override {
        shape_ = shape;
        weights.assign(shape.slots() * shape.queries * shape.keys, 0);
        scores = weights;
    }
    void consume(const GradientTile<T>& tile) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (std::size_t row = 0; row < tile.tile.rows(); ++row) {
            const std::size_t place =
                (shape_.slot(0, tile.tile.head) * shape_.queries + tile.tile.first_query + row) *
                    shape_.keys +
                tile.tile.active.begin;
            for (std::size_t i = 0; i < tile.tile.active.size(); ++i) {
                weights[place + i] = static_cast<double>(tile.weights.row(row)[i]);
                scores[place + i] = static_cast<double>(tile.scores.row(row)[i]);
            }
            square += tile.score_squares[row];
            worst_sum = std::max(worst_sum, std::abs(tile.score_sums[row]));
            worst_dot = std::max(worst_dot, std::abs(tile.weighted[row] - tile.dots[row]));
        }
        CHECK(ended.count(tile.tile.head) == 0);
    }
    void end_head(std::size_t, std::size_t head, const HeadGradients& own) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        ended.insert(head);
        v_squares += own.v_squares;
    }

    std::vector<double> weights, scores;
    double square = 0, worst_sum = 0, worst_dot = 0, v_squares = 0;
    std::set<std::size_t> ended;

  private:
    LayerShape shape_;
    std::mutex mutex_;
};

template <class T>
bool same_bits(const AttentionGradients<T>& a, const AttentionGradients<T>& b) {
    return max_difference(a.q, b.q) == 0 && max_difference(a.k, b.k) == 0 &&
           max_difference(a.v, b.v) == 0 && a.sinks == b.sinks && a.bias == b.bias &&
           a.relative == b.relative;
}

template <class T>
void agrees_with_formulas(double tolerance) {
    BackwardProblem<T> problem;
    problem.mask.structure.causal = true;
    CellRecorder<T> cells;
    const AttentionGradients<T> found = problem.gradients({&cells});
    const Plain plain = by_formulas(problem);
    CHECK(difference(found.q, plain.q) < tolerance);
    CHECK(difference(found.k, plain.k) < tolerance);
    CHECK(difference(found.v, plain.v) < tolerance);
    const Shape shape{plain.weights.size()};
    CHECK(max_difference(Array<double>(shape, cells.weights), Array<double>(shape, plain.weights)) <
          tolerance);
    CHECK(max_difference(Array<double>(shape, cells.scores), Array<double>(shape, plain.scores)) <
          tolerance);
    CHECK(cells.ended == std::set<std::size_t>{0, 1});
    double square = 0;
    for (const double score : plain.scores) square += score * score;
    CHECK(cells.square == Approx(square).epsilon(tolerance));
}

}  // namespace

TEST_CASE("rows that give nearly all of their weight to one key keep the gradient that is left") {
    BackwardProblem<float> problem;
    std::vector<float> sharp(problem.q.values().begin(), problem.q.values().end());
    for (float& value : sharp) value *= 200;
    problem.q = Array<float>(problem.q.shape(), sharp);
    problem.mask.structure.causal = true;
    const Plain plain = by_formulas(problem);
    const AttentionGradients<float> found = problem.gradients();
    for (std::size_t row = 0; row < 2 * kTokens; ++row) {
        double size = 0, apart = 0;
        for (std::size_t i = row * 5; i < row * 5 + 5; ++i) {
            size = std::max(size, std::abs(plain.q[i]));
            apart = std::max(apart, std::abs(static_cast<double>(found.q.data()[i]) - plain.q[i]));
        }
        CHECK(apart <= 2e-3 * size + 1e-10);
    }
}

TEST_CASE("the backward pass of attention agrees with its formulas in both precisions") {
    agrees_with_formulas<double>(1e-11);
    agrees_with_formulas<float>(3e-4);
}

TEST_CASE("gradients of scores sum to nothing, and weighted ones of weights to the dot") {
    CellRecorder<double> cells;
    BackwardProblem<double>().gradients({&cells});
    CHECK(cells.worst_sum < 1e-12);
    CHECK(cells.worst_dot < 1e-12);
}

TEST_CASE("gradients have the same bits for any number of threads") {
    BackwardProblem<float> problem;
    problem.mask.structure.causal = true;
    problem.mask.bias = {random_array<float>({kTokens}, 7), {1, 2, kTokens, kTokens}, "b", "-b"};
    problem.mask.relative =
        RelativeBias<float>(random_array<float>({8, 2}, 8), RelativeBuckets{8, 40, true});
    const ThreadLimit one(1);
    const AttentionGradients<float> alone = problem.gradients();
    for (const std::size_t threads : {2, 3, 8}) {
        const ThreadLimit limit(threads);
        CHECK(same_bits(problem.gradients(), alone));
    }
}

TEST_CASE("without a gradient of the contexts they are their own, as their energy has it") {
    BackwardProblem<float> problem;
    problem.mask.structure.causal = true;
    problem.d_context = problem.gradients().context;
    const AttentionGradients<float> given = problem.gradients();
    CHECK(given.context.values()[7] != 0);
    problem.d_context = Array<float>();
    CHECK(same_bits(problem.gradients(), given));
}

TEST_CASE("only heads of the share reach gradient sinks, all count for the gradients") {
    BackwardProblem<double> problem;
    AttentionInputs<double> inputs = problem.inputs();
    inputs.share.heads = std::vector<std::size_t>{1};
    CellRecorder<double> cells;
    const auto found = attend_backward<double>(inputs, problem.mask, problem.d_context, {&cells});
    CHECK(cells.ended == std::set<std::size_t>{1});
    CHECK(same_bits(found, problem.gradients()));
}

TEST_CASE("keys and values that are masked and no numbers have no part in gradients") {
    BackwardProblem<double> problem;
    problem.mask.structure.key_lengths = {kTokens - 100};
    const auto clean = problem.gradients();
    for (Array<double>* array : {&problem.k, &problem.v}) {
        std::vector<double> values(array->values().begin(), array->values().end());
        for (std::size_t i = values.size() - 100 * array->extent(3); i < values.size(); ++i)
            values[i] = std::nan("");
        *array = Array<double>(array->shape(), std::move(values));
    }
    AttentionInputs<double> inputs = problem.inputs();
    inputs.allow_nonfinite = true;
    CHECK(same_bits(attend_backward<double>(inputs, problem.mask, problem.d_context, {}), clean));
}
