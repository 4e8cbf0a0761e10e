// A layer whose tokens no rank has all of gives what one process computes.
#include "attention/ring_layer.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kSequences = 2, kRingTokens = 45, kRingWidth = 24;

ProjectionWeights<double> ring_weights() {
    ProjectionWeights<double> w;
    w.heads = 4;
    w.kv_heads = 2;
    w.W_Q = random_array<double>({kRingWidth, 32}, 2);
    w.W_K = random_array<double>({kRingWidth, 16}, 3);
    w.W_V = random_array<double>({kRingWidth, 16}, 4);
    w.W_O = random_array<double>({32, kRingWidth}, 5);
    w.b_Q = random_array<double>({32}, 6);
    w.b_O = random_array<double>({kRingWidth}, 7);
    return w;
}

// The output of all ranks, in the order of tokens.
Array<double> outputs_in_ring(const Array<double>& x, const AttentionOptions<double>& options,
                              std::size_t size) {
    std::vector<double> all(x.size());
    const auto errors = ThreadRanks(size).run([&](const Communicator& ranks) {
        const Array<double> own = compute_layer_in_ring<double>(
            ranks, 3, kRingTokens, ring_rows(ranks, x), ring_weights(), options, {}, {}, {});
        const RingTokens tokens = ring_tokens(kRingTokens, ranks.rank(), size);
        const double* from = own.data();
        for (std::size_t sequence = 0; sequence < kSequences; ++sequence) {
            for (const KeyRange& run : tokens) {
                std::copy(from, from + run.size() * kRingWidth,
                          all.begin() + static_cast<std::ptrdiff_t>(
                                            (sequence * kRingTokens + run.begin) * kRingWidth));
                from += run.size() * kRingWidth;
            }
        }
    });
    CHECK(errors == std::vector<std::string>(size));
    return Array<double>(x.shape(), std::move(all));
}

}  // namespace

TEST_CASE("rows of a rank are those of its two runs, of each sequence") {
    const Array<double> x = random_array<double>({2, 8, 3}, 1);
    const Array<double> rows = ring_rows(Communicator(1, 2, nullptr), x);
    CHECK(rows.shape() == Shape{2, 4, 3});
    CHECK(rows.data()[0] == x.data()[2 * 3]);      // run 1 of 4: tokens 2 and 3
    CHECK(rows.data()[2 * 3] == x.data()[4 * 3]);  // run 2: tokens 4 and 5
    CHECK(rows.data()[4 * 3] == x.data()[(8 + 2) * 3]);
}

TEST_CASE("the output of a layer in a ring is that of the layer") {
    const Array<double> x = random_array<double>({kSequences, kRingTokens, kRingWidth}, 1);
    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    options.kv_order = KvOrder::repeat;
    const Array<double> whole = compute_layer<double>(3, x, x, ring_weights(), options, {}).output;
    for (const std::size_t size : {1, 2, 5})
        CHECK(max_difference(outputs_in_ring(x, options, size), whole) < 1e-12);
}

TEST_CASE(
    "what a layer in a ring cannot compute is named with its token and the rank that has it") {
    std::vector<double> values(kSequences * kRingTokens * kRingWidth, 1);
    values.back() = std::numeric_limits<double>::infinity();  // of the last token: rank 0 has it
    const Array<double> x({kSequences, kRingTokens, kRingWidth}, std::move(values));
    const auto errors = ThreadRanks(2).run([&](const Communicator& ranks) {
        ranks.together([&] {
            compute_layer_in_ring<double>(ranks, 3, kRingTokens, ring_rows(ranks, x),
                                          ring_weights(), {}, {}, {}, {});
        });
    });
    for (const std::string& error : errors)
        CHECK_THAT(error, Catch::Contains("layer 3") &&
                              Catch::Contains("token " + std::to_string(kRingTokens - 1)));
}
