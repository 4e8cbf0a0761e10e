#include "analysis/verify_sink.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <limits>

#include "attention/layer.hpp"
#include "support/conventions.hpp"

using namespace attn;
using namespace attn::analysis;

namespace {

// Hands tiles on with some of their numbers changed.
template <class T>
class Tampering : public Sink<T> {
  public:
    struct Copies {
        std::vector<T> scores, weights, context;
    };
    using Change = std::function<void(const Tile<T>& tile, Copies& copies)>;

    Tampering(Sink<T>& next, Change change) : next_(next), change_(std::move(change)) {}

    Needs needs() const override { return next_.needs(); }
    void begin_layer(const LayerShape& shape) override { next_.begin_layer(shape); }
    void consume(const Tile<T>& tile) override {
        Copies copies{copy_of(tile.scores), copy_of(tile.weights), copy_of(tile.context)};
        change_(tile, copies);
        Tile<T> changed = tile;
        changed.scores = {copies.scores.data(), tile.rows(), tile.active.size()};
        changed.weights = {copies.weights.data(), tile.rows(), tile.active.size()};
        changed.context = {copies.context.data(), tile.rows(), tile.context.columns};
        next_.consume(changed);
    }

  private:
    static std::vector<T> copy_of(const MatrixView<const T>& matrix) {
        std::vector<T> values;
        for (std::size_t row = 0; row < matrix.rows; ++row)
            values.insert(values.end(), matrix.row(row).begin(), matrix.row(row).end());
        return values;
    }

    Sink<T>& next_;
    Change change_;
};

template <class T>
Verification verify(
    const test::RandomProblem<T>& problem,
    const typename Tampering<T>::Change& change = [](auto&, auto&) {},
    const LayerShare& share = {}) {
    VerifySink<T> sink([&](std::size_t) { return problem.options; });
    Tampering<T> tampering(sink, change);
    const auto result =
        compute_heads<T>(3, problem.q, problem.k, problem.v, problem.options, {&tampering}, share);
    LayerOutputs<T> outputs;
    outputs.layer = 3;
    outputs.attention = &result;
    sink.end_layer(outputs);
    return sink.result();
}

test::RandomProblem<float> plain(std::size_t heads, std::size_t tokens) {
    test::RandomProblem<float> problem;
    problem.q = make_separate_heads(test::random_array<float>({1, heads, tokens, 8}, 1));
    problem.k = make_separate_heads(test::random_array<float>({1, heads, tokens, 8}, 2));
    problem.v = make_separate_heads(test::random_array<float>({1, heads, tokens, 8}, 3));
    problem.options.mask.structure.causal = true;
    return problem;
}

}  // namespace

TEST_CASE("what the engine computes passes, whatever the conventions") {
    for (unsigned seed = 5000; seed < 5030; ++seed) {
        const auto problem = test::random_problem<float>(seed);
        INFO(problem.name);
        const Verification result = verify(problem);
        CHECK(!result.first);
        CHECK(result.largest <= 1);
        CHECK(result.not_finite == 0);
        CHECK(result.layers == 1);
        CHECK(result.rows == result.all_rows);
    }
    CHECK(!verify(test::random_problem<double>(5100)).first);
}

TEST_CASE("one wrong number is found and named") {
    const auto problem = plain(2, 60);
    const auto change = [](float by) {
        return [by](const Tile<float>& tile, Tampering<float>::Copies& copies) {
            if (tile.head != 1 || tile.first_query != 0) return;
            copies.weights[17 * tile.active.size() + 5] += by;
        };
    };
    const auto found = verify(problem, change(1e-3f)).first;
    REQUIRE(found);
    CHECK(found->layer == 3);
    CHECK(found->sequence == 0);
    CHECK(found->head == 1);
    CHECK(found->query == 17);
    CHECK(found->key == std::size_t{5});
    CHECK(found->seen - found->defined == Approx(1e-3).epsilon(0.01));
    CHECK(found->bound < 1e-5);
    CHECK_THAT(describe(*found), Catch::StartsWith("layer 3, sequence 0, head 1, query 17, key 5: "
                                                   "the weight is 0."));
    CHECK(!verify(problem, change(1e-9f)).first);
}

TEST_CASE("a weight where a key is masked is wrong, however small") {
    const auto found = verify(plain(1, 10), [](const auto&, auto& copies) {
                           copies.weights[3 * 10 + 7] = 1e-30f;
                       }).first;
    REQUIRE(found);
    CHECK(describe(*found) ==
          "layer 3, sequence 0, head 0, query 3, key 7: the weight is 1e-30, by "
          "definition 0 (rounding explains 0)");
}

TEST_CASE("wrong scores are named before what comes of them, and contexts by their column") {
    const auto spoil = [](bool scores) {
        return [scores](const Tile<float>&, Tampering<float>::Copies& copies) {
            if (scores) copies.scores[0] += 1;
            copies.context[2] += 1;
        };
    };
    CHECK(verify(plain(1, 10), spoil(true)).first->what == std::string("score"));
    const auto found = verify(plain(1, 10), spoil(false)).first;
    CHECK(found->what == std::string("context"));
    CHECK(!found->key);
    CHECK(found->column == std::size_t{2});
}

TEST_CASE("a number that is not finite is wrong unless such numbers are let through") {
    auto problem = plain(1, 10);
    const auto spoil = [](const Tile<float>&, Tampering<float>::Copies& copies) {
        copies.weights[0] = std::numeric_limits<float>::quiet_NaN();
    };
    CHECK(verify(problem, spoil).first->query == 0);
    problem.options.allow_nonfinite = true;
    const Verification result = verify(problem, spoil);
    CHECK(!result.first);
    CHECK(result.not_finite == 1);
}

TEST_CASE("of many rows some are verified, the first and the last among them") {
    LayerShape shape;
    shape.sequences = 5;
    shape.heads = 12;
    shape.queries = shape.keys = 1000;
    const VerifiedRows rows = rows_to_verify(shape);
    CHECK(rows.sequences == std::vector<std::size_t>{0, 4});
    CHECK(rows.heads == std::vector<std::size_t>{0, 3, 7, 11});
    CHECK(rows.queries.size() == 32);
    CHECK(rows.queries.front() == 0);
    CHECK(rows.queries.back() == 999);
    shape.chosen_heads = {{2, 9}};
    CHECK(rows_to_verify(shape).heads == std::vector<std::size_t>{2, 9});
    shape.keys = std::size_t{1} << 30;
    CHECK(rows_to_verify(shape).queries == std::vector<std::size_t>{0, 999});
}

TEST_CASE("only heads of the share are verified") {
    LayerShare share;
    share.heads = {{1}};
    const Verification result = verify(
        plain(3, 10), [](auto&, auto&) {}, share);
    CHECK(!result.first);
    CHECK(result.heads == 1);
    CHECK(result.rows == 10);
}
