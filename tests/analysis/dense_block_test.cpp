// Some cells are what the whole computation has there, whatever mistake is made.
#include "analysis/dense_block.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "analysis/hypotheses.hpp"
#include "analysis/pieces.hpp"
#include "core/index_list.hpp"
#include "support/conventions.hpp"
#include "support/worlds.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

bool same(double a, double b) {
    return std::abs(a - b) < 1e-12 || a == b || (std::isnan(a) && std::isnan(b));
}

// What must be whole is.
DenseCells cells_for(const DenseComputation& computation, SoftmaxAxis axis) {
    DenseCells cells{0, {1}, {1, 4}, count_up(computation.keys())};
    if (axis == SoftmaxAxis::heads) cells.heads = count_up(computation.heads());
    if (axis == SoftmaxAxis::queries) {
        cells.queries = count_up(computation.queries());
        cells.keys = {0, 3};
    }
    return cells;
}

// The block's numbers are those that the whole computation has in its cells.
bool is_part_of(const DenseBlock& block, const DenseComputation& computation,
                const DenseAttention& all) {
    std::size_t i = 0;
    for (const std::size_t head : block.cells.heads) {
        for (const std::size_t query : block.cells.queries) {
            for (const std::size_t key : block.cells.keys) {
                const std::size_t at =
                    (head * computation.queries() + query) * computation.keys() + key;
                if (!same(block.weights[i], all.weights.data()[at]) ||
                    !same(block.scores[i], all.scores.data()[at]))
                    return false;
                ++i;
            }
        }
    }
    return true;
}

}  // namespace

TEST_CASE("a block of cells is a part of the whole, with every mistake") {
    for (const World& world : worlds(3, 7)) {
        const DenseInputs in = world.inputs();
        for (const Hypothesis& hypothesis : hypotheses()) {
            if (!hypothesis.possible(in)) continue;
            Mistakes mistakes;
            hypothesis.commit(in, mistakes);
            mistakes.transposed = false;  // blocks are not turned
            if (hypothesis.fit == Fit::averaged_heads)
                mistakes.averaged_kv_heads = dense_sizes(in).kv_heads;
            const DenseAttention all = compute_dense(in, mistakes);
            INFO(world.name << ", " << hypothesis.name);
            // Without an output only the heads of the block are made.
            for (const bool wants_output : {true, false}) {
                DenseInputs some = in;
                some.wants_output = wants_output;
                DenseHeadsStore store;
                const DenseComputation computation(some, mistakes, store);
                CHECK(is_part_of(computation.block(cells_for(computation, whole_axis(mistakes))),
                                 computation, all));
            }
            DenseHeadsStore store;
            const DenseComputation computation(in, mistakes, store);
            const std::vector<double> output = computation.output(0, {2, 5});
            const std::size_t width = output.size() / 2;
            for (std::size_t column = 0; column < width; ++column) {
                CHECK(same(output[column], all.output.data()[2 * width + column]));
                CHECK(same(output[width + column], all.output.data()[5 * width + column]));
            }
        }
    }
}

TEST_CASE("heads are made once for all mistakes that leave them alone") {
    const World world = decoder(5, 6);
    const DenseInputs in = world.inputs();
    DenseHeadsStore store;
    Mistakes elsewhere, here;
    elsewhere.scale = 1;
    here.missing_rotary = true;
    const auto right = store.get(in, {});
    CHECK(store.get(in, elsewhere) == right);
    CHECK(store.get(in, here) != right);
    CHECK(store.get(in, {}) == right);
}

TEST_CASE("of some heads only those are made, and found by their numbers") {
    const World world = decoder(5, 6);
    DenseInputs in = world.inputs();
    in.wants_output = false;
    DenseHeadsStore store;
    const auto all = store.get(in, {}), some = store.get(in, {}, {{1}, {0}});
    CHECK(some->q.view.heads == 1);
    CHECK(some->k.view.heads == 1);
    for (std::size_t token = 0; token < all->q.view.tokens; ++token) {
        CHECK(some->query_head(0, 1).row(token)[0] == all->query_head(0, 1).row(token)[0]);
        CHECK(some->key_head(0, 0).row(token)[0] == all->key_head(0, 0).row(token)[0]);
    }
    CHECK(store.get(in, {}, {{1}, {0}}) == some);
}

TEST_CASE("without mistakes the dense computation is the definition, whatever the conventions") {
    for (unsigned seed = 9000; seed < 9030; ++seed) {
        const auto problem = random_problem<double>(seed);
        INFO(problem.name);
        DenseInputs in;
        in.q = &problem.q;
        in.k = &problem.k;
        in.v = &problem.v;
        in.options = &problem.options;
        const DenseAttention dense = compute_dense(in, {});
        const HeadsView<double>& q = problem.q.view;
        const std::size_t width = problem.v.view.width;
        for (std::size_t item = 0; item < q.batch * q.heads; ++item) {
            const HeadPlace place{item / q.heads, item % q.heads};
            const auto head = define<double>(problem, place);
            const HeadBounds bounds = rounding_bounds<double>(head);
            const auto of_head = [&](const Array<double>& all) {
                return all.slice(place.sequence).slice(place.head);
            };
            CHECK(excess(of_head(dense.scores), head.scores, bounds.scores) <= 1);
            CHECK(excess(of_head(dense.weights), head.weights, bounds.weights) <= 1);
            std::vector<double> context;
            for (std::size_t query = 0; query < q.tokens; ++query) {
                const double* from = dense.output.slice(place.sequence).data() +
                                     (query * q.heads + place.head) * width;
                context.insert(context.end(), from, from + width);
            }
            CHECK(excess(Array<double>({q.tokens, width}, context), head.context, bounds.context) <=
                  1);
        }
    }
}

TEST_CASE("a factor of given heads does what it does when they are multiplied beforehand") {
    for (const World& world : {capped(5, 7), masked(6, 7), biased(7, 7), cached(8, 7)}) {
        constexpr double kFactor = 1.3;
        const auto times = [](const Heads<double>& heads) {
            std::vector<double> values(heads.array.data(), heads.array.data() + heads.array.size());
            for (double& value : values) value *= kFactor;
            return make_separate_heads(Array<double>(heads.array.shape(), values));
        };
        World larger = world;
        larger.q = times(world.q);
        larger.k = times(world.k);
        larger.v = times(world.v);
        Mistakes mistakes;
        mistakes.input_factor = kFactor;
        const DenseAttention expected = compute_dense(larger.inputs(), {});
        const DenseAttention found = compute_dense(world.inputs(), mistakes);
        INFO(world.name);
        CHECK(max_difference(found.weights, expected.weights) < 1e-12);
        CHECK(max_difference(found.output, expected.output) < 1e-12);
    }
}
