#include "attention/attend_by_definition.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "core/error.hpp"
#include "support/conventions.hpp"
#include "support/recorder.hpp"

using namespace attn;
using test::Recorder;

namespace {

// Keeps the sums of each row.
class RowSums : public Sink<float> {
  public:
    Needs needs() const override {
        Needs needs;
        needs.row_sums = true;
        return needs;
    }
    void begin_layer(const LayerShape& shape) override {
        shape_ = shape;
        const std::size_t rows = shape.sequences * shape.heads * shape.queries;
        logsumexp.resize(rows);
        entropy.resize(rows);
        largest.resize(rows);
        may_attend.assign(rows * shape.keys, false);
    }
    void consume(const Tile<float>& tile) override {
        for (std::size_t row = 0; row < tile.rows(); ++row) {
            const std::size_t at = (tile.sequence * shape_.heads + tile.head) * shape_.queries +
                                   tile.first_query + row;
            logsumexp[at] = tile.logsumexp[row];
            entropy[at] = tile.entropy[row];
            largest[at] = tile.score_sums[row].count > 0 ? tile.score_sums[row].largest : 0;
            for (std::size_t key = tile.active.begin; key < tile.active.end; ++key)
                may_attend[at * shape_.keys + key] = tile.may_attend(row, key);
        }
    }

    std::vector<double> logsumexp, entropy, largest;
    std::vector<char> may_attend;

  private:
    LayerShape shape_;
};

AttentionOptions<float> with_engine(AttentionOptions<float> options, Engine engine) {
    options.engine = engine;
    return options;
}

Array<float> compute(const test::RandomProblem<float>& problem, Engine engine,
                     const Sinks<float>& sinks) {
    return compute_heads(0, problem.q, problem.k, problem.v, with_engine(problem.options, engine),
                         sinks)
        .output;
}

void check_near(const std::vector<double>& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        INFO("row " << i);
        if (a[i] != b[i]) CHECK(a[i] == Approx(b[i]).epsilon(1e-4).margin(1e-4));
    }
}

std::string refusal(float q, float v, bool allow = false) {
    test::RandomProblem<float> problem;
    problem.q = make_separate_heads(Array<float>({1, 1, 1, 1}, {q}));
    problem.k = make_separate_heads(Array<float>({1, 1, 2, 1}, {0, 3e38f}));
    problem.v = make_separate_heads(Array<float>({1, 1, 2, 1}, {v, v}));
    problem.options.engine = Engine::xtensor;
    problem.options.allow_nonfinite = allow;
    try {
        compute_heads<float>(4, problem.q, problem.k, problem.v, problem.options, {});
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("the definition streams what the engine streams, within rounding") {
    for (unsigned seed = 7000; seed < 7015; ++seed) {
        const auto problem = test::random_problem<float>(seed);
        INFO(problem.name);
        Recorder<float> fast, plain;
        RowSums fast_sums, plain_sums;
        const auto context = compute(problem, Engine::tiled, {&fast, &fast_sums});
        const auto same = compute(problem, Engine::xtensor, {&plain, &plain_sums});
        CHECK(test::max_difference(fast.weight_array(), plain.weight_array()) < 1e-3);
        CHECK(test::max_difference(fast.score_array(), plain.score_array()) < 1e-3);
        CHECK(test::max_difference(context, same) < 1e-3);
        CHECK(plain.finished == fast.finished);
        CHECK(plain_sums.may_attend == fast_sums.may_attend);
        check_near(plain_sums.logsumexp, fast_sums.logsumexp);
        check_near(plain_sums.entropy, fast_sums.entropy);
        check_near(plain_sums.largest, fast_sums.largest);
    }
}

TEST_CASE("the definition streams long heads in several tiles") {
    test::RandomProblem<float> problem;
    const std::size_t tokens = 700;
    problem.q = make_separate_heads(test::random_array<float>({1, 1, tokens, 4}, 1));
    problem.k = problem.v = problem.q;
    problem.options.mask.structure.causal = true;
    Recorder<float> fast, plain;
    const auto context = compute(problem, Engine::tiled, {&fast});
    CHECK(test::max_difference(compute(problem, Engine::xtensor, {&plain}), context) < 1e-4);
    CHECK(test::max_difference(fast.weight_array(), plain.weight_array()) < 1e-5);
    CHECK(plain.tiles == 2);
}

TEST_CASE("the definition names the place where numbers leave the range") {
    CHECK_THAT(refusal(100, 1),
               Catch::StartsWith("layer 4, sequence 0, head 0, query 0, key 1: the "
                                 "score (scale * q.k) is beyond the range of "
                                 "float32"));
    CHECK_THAT(refusal(0, std::numeric_limits<float>::infinity()),
               Catch::Contains("column 0: the context (weights times values) is beyond"));
    CHECK(refusal(100, 1, true).empty());
    CHECK(refusal(0, 1).empty());
}
