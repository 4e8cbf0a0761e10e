#include "attention/divided_backward.hpp"

#include <catch2/catch.hpp>
#include <mutex>

#include "support/arrays.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kBatch = 2, kHeads = 4, kKvHeads = 2, kDividedTokens = 300;

// Two sequences of four heads, two of which share keys and values.
struct DividedProblem {
    Array<float> q = random_array<float>({kBatch, kHeads, kDividedTokens, 5}, 1);
    Array<float> k = random_array<float>({kBatch, kKvHeads, kDividedTokens, 5}, 2);
    Array<float> v = random_array<float>({kBatch, kKvHeads, kDividedTokens, 3}, 3);
    Array<float> d_context = random_array<float>({kBatch, kDividedTokens, kHeads * 3}, 4);
    MaskOptions<float> mask;
    std::vector<float> sinks;
    KvOrder kv_order = KvOrder::repeat;
    LayerShare share;

    AttentionInputs<float> inputs() const {
        AttentionInputs<float> inputs;
        inputs.q = separate_heads(q);
        inputs.k = separate_heads(k);
        inputs.v = separate_heads(v);
        inputs.scale = 0.5F;
        inputs.sinks = sinks;
        inputs.kv_order = kv_order;
        inputs.share = share;
        return inputs;
    }
    void add_bias(const Shape& shape) {
        mask.bias = {random_array<float>(shape, 5),
                     {kBatch, kHeads, kDividedTokens, kDividedTokens},
                     "b",
                     "-b"};
    }
    std::size_t parts() const { return backward_parts(kBatch, kKvHeads, !sinks.empty(), mask); }
};

// How many heads ended here, and what comes from others.
class HeadRecorder : public GradientSink<float> {
  public:
    void consume(const GradientTile<float>&) override {}
    void end_head(std::size_t sequence, std::size_t head, const HeadGradients& own) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++ended;
        squares.at(sequence * kHeads + head) = own.k_squares;
    }
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override {
        to.put(squares.at(sequence * kHeads + head));
    }
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override {
        from.take(squares.at(sequence * kHeads + head));
    }

    std::size_t ended = 0;
    std::vector<double> squares = std::vector<double>(kBatch * kHeads);

  private:
    std::mutex mutex_;
};

struct FoundByRank {
    AttentionGradients<float> gradients;
    HeadRecorder heads;
};

void compute_with(const DividedProblem& problem, const Communicator& ranks, FoundByRank& found) {
    found.gradients =
        attend_backward(problem.inputs(), problem.mask, problem.d_context, {&found.heads}, ranks);
}

void require_same_on_ranks(const DividedProblem& problem) {
    FoundByRank alone;
    compute_with(problem, {}, alone);
    for (const std::size_t size : {2, 3, 7}) {
        std::vector<FoundByRank> all(size);
        const auto errors = ThreadRanks(size).run(
            [&](const Communicator& ranks) { compute_with(problem, ranks, all[ranks.rank()]); });
        CHECK(errors == std::vector<std::string>(size));
        std::size_t ended = 0;
        for (const FoundByRank& of_rank : all) {
            const AttentionGradients<float>&a = of_rank.gradients, &b = alone.gradients;
            CHECK(max_difference(a.q, b.q) == 0);
            CHECK(max_difference(a.k, b.k) == 0);
            CHECK(max_difference(a.v, b.v) == 0);
            CHECK(max_difference(a.context, b.context) == 0);
            CHECK(a.sinks == b.sinks);
            CHECK(a.bias == b.bias);
            CHECK(a.relative == b.relative);
            CHECK(of_rank.heads.squares == alone.heads.squares);
            ended += of_rank.heads.ended;
        }
        // Each head is computed once, unless all of them are one part.
        CHECK(ended == alone.heads.ended * (problem.parts() == 1 ? size : 1));
    }
}

}  // namespace

TEST_CASE("ranks divide the heads of the backward pass, and each returns all gradients") {
    DividedProblem problem;
    problem.mask.structure.causal = true;
    CHECK(problem.parts() == 4);
    require_same_on_ranks(problem);
    problem.kv_order = KvOrder::tile;
    require_same_on_ranks(problem);
    problem.share.heads = std::vector<std::size_t>{1, 2};
    require_same_on_ranks(problem);
    // Their own contexts are the gradient.
    problem.d_context = {};
    require_same_on_ranks(problem);
}

TEST_CASE("what several heads add to is one rank's, in the order of one process") {
    DividedProblem problem;
    problem.sinks = {0.5F, -1, 0, 2};
    CHECK(problem.parts() == 2);
    require_same_on_ranks(problem);

    problem.mask.relative =
        RelativeBias<float>(random_array<float>({8, kHeads}, 8), RelativeBuckets{8, 40, true});
    CHECK(problem.parts() == 2);
    require_same_on_ranks(problem);

    problem.sinks.clear();
    problem.mask.relative = {};
    problem.add_bias({kBatch, kHeads, 1, kDividedTokens});
    CHECK(problem.parts() == 4);
    require_same_on_ranks(problem);
    problem.add_bias({kHeads, kDividedTokens, 1});
    CHECK(problem.parts() == 2);
    require_same_on_ranks(problem);
    problem.add_bias({kBatch, 1, kDividedTokens, kDividedTokens});
    CHECK(problem.parts() == 2);
    require_same_on_ranks(problem);
    problem.add_bias({kDividedTokens});
    CHECK(problem.parts() == 1);
    require_same_on_ranks(problem);
}
