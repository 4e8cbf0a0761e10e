#include "analysis/output_squares.hpp"

#include <catch2/catch.hpp>

#include "analysis/gradient_norms.hpp"
#include "support/arrays.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// Two heads of one column each, one token, and a W_O that adds them up and doubles the second.
const Shape kOutputShape{1, 1, 2};
const Array<double> kOutputMatrix({2, 2}, {1, 0, 1, 2});

// Of what a rank does not own it has nonsense.
OutputSquares measured_outputs(const Communicator& ranks, const ProductOwners& owners) {
    const double nonsense = 1000;
    std::vector<double> exact{3, 1};
    std::vector<std::vector<double>> differences{{1, 0}, {1, -1}};
    if (owners.exact != ranks.rank()) exact.assign(2, nonsense);
    for (std::size_t method = 0; method < 2; ++method) {
        for (std::size_t head = 0; head < 2; ++head) {
            if (owners.methods[method] != ranks.rank() && owners.heads[head] != ranks.rank())
                differences[method][head] = nonsense;
        }
    }
    return measure_outputs<double>({exact, differences, kOutputShape, 2}, kOutputMatrix, owners,
                                   ranks);
}

OutputSquares outputs_of_one() {
    return measured_outputs({}, own_products({}, 2, 2));
}

}  // namespace

TEST_CASE("errors of heads are multiplied by their rows of W_O, and those of all by all") {
    const OutputSquares found = outputs_of_one();
    CHECK(found.exact == 4 * 4 + 2 * 2);
    // Of the second method the heads cancel in the first column.
    CHECK(found.errors == std::vector<double>{1, 0, 1, 1, 1 + 4, 4});
}

TEST_CASE("ranks that deal the products out find the same, and need no more than they own") {
    for (const std::size_t size : {2, 3, 8}) {
        std::vector<OutputSquares> found(size);
        const auto errors = ThreadRanks(size).run([&](const Communicator& ranks) {
            const Division division{ranks, 2, {size - 1, 0}};
            found[ranks.rank()] = measured_outputs(ranks, own_products(division, 2, 2));
        });
        CHECK(errors == std::vector<std::string>(size));
        for (const OutputSquares& one : found) {
            CHECK(one.errors == outputs_of_one().errors);
            CHECK(one.exact == outputs_of_one().exact);
        }
    }
}

TEST_CASE("heads are multiplied where they were streamed, methods in turn") {
    const Division division{Communicator(0, 3, nullptr), 2, {2, 1, 0, 0}};
    const ProductOwners owners = own_products(division, 2, 4);
    CHECK(owners.heads == std::vector<std::size_t>{2, 1});
    CHECK(owners.methods == std::vector<std::size_t>{0, 1, 2, 0});
    CHECK(owners.exact == 1);
}

TEST_CASE("heads put out their parts of the output, with W_O or side by side") {
    // Two tokens of two heads, of one column each.
    const std::vector<double> contexts{3, 1, 3, -1};
    CHECK(squares_of_heads(contexts, 2, 2, kOutputMatrix) == std::vector<double>{9 + 9, 5 + 5});
    CHECK(squares_of_all(contexts, 2, kOutputMatrix) == (16 + 4) + (4 + 4));
    CHECK(squares_of_heads(contexts, 2, 2, Array<double>()) == std::vector<double>{18, 2});
    CHECK(squares_of_all(contexts, 2, Array<double>()) == 20);
}

TEST_CASE("means are those of rows that have a key") {
    // Three tokens of two columns, of which the first sees nothing.
    CHECK(less_means<double>({0, 0, 3, 1, 5, 0}, 2) == std::vector<double>{0, 0, -1, 0.5, 1, -0.5});
    CHECK(less_means<float>({0, 0}, 2) == std::vector<float>{0, 0});
}

TEST_CASE("W_O is turned where the file has it the other way round") {
    ProjectionWeights<float> weights;
    weights.W_O = Array<float>({1, 2}, {3, 4});
    weights.order = MatrixOrder::out_in;
    CHECK(in_out_weights(weights).shape() == Shape{2, 1});
    CHECK(columns_of<float>({1, 2, 3, 4, 5, 6}, {1, 2, 3}, 1, 1).shape() == Shape{1, 2, 1});
    CHECK(sum_of_squares(columns_of<float>({1, 2, 3, 4, 5, 6}, {1, 2, 3}, 1, 1)) == 4 + 25);
}
