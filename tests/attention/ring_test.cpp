// Keys that go round give every query what all keys at once would give it.
#include "attention/ring.hpp"

#include <catch2/catch.hpp>

#include <mutex>

#include "support/arrays.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kBatch = 2, kHeads = 4, kQueries = 101, kKeys = 113, kWidth = 8, kValues = 5;
constexpr double kRounding = 1e-6;

// Rows that came, whoever streamed them; heads that were not asked for stay NaN.
template <class T>
class RowCollector : public Sink<T> {
  public:
    RowCollector()
        : context({kBatch, kHeads, kQueries, kValues}, unset(kBatch * kHeads * kQueries * kValues)),
          logsumexp({kBatch, kHeads, kQueries}, unset(kBatch * kHeads * kQueries)) {}

    Needs needs() const override {
        Needs needs;
        needs.row_sums = true;
        return needs;
    }
    void consume(const Tile<T>& tile) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (std::size_t row = 0; row < tile.rows(); ++row) {
            const std::size_t at =
                (tile.sequence * kHeads + tile.head) * kQueries + tile.first_query + row;
            const Span<const T> values = tile.context.row(row);
            std::copy(values.begin(), values.end(), &context.values_[at * kValues]);
            logsumexp.values_[at] = static_cast<T>(tile.logsumexp[row]);
            ++rows;
        }
    }

    struct Values {
        Values(Shape shape, std::vector<T> values)
            : shape_(std::move(shape)), values_(std::move(values)) {}
        Array<T> array() const { return Array<T>(shape_, values_); }
        Shape shape_;
        std::vector<T> values_;
    };
    Values context, logsumexp;
    std::size_t rows = 0;

  private:
    static std::vector<T> unset(std::size_t size) {
        return std::vector<T>(size, std::numeric_limits<T>::quiet_NaN());
    }
    std::mutex mutex_;
};

template <class T>
struct RingProblem {
    Array<T> q = random_array<T>({kBatch, kHeads, kQueries, kWidth}, 1);
    Array<T> k = random_array<T>({kBatch, kHeads / 2, kKeys, kWidth}, 2);
    Array<T> v = random_array<T>({kBatch, kHeads / 2, kKeys, kValues}, 3);
    AttentionOptions<T> options = {};
    LayerShare share = {};
};

template <class T>
RingInputs<T> inputs_of(const RingProblem<T>& problem, const Communicator& ranks) {
    return ring_inputs(ranks, separate_heads(problem.q), separate_heads(problem.k),
                       separate_heads(problem.v));
}

// All heads, without an output.
LayerShare rows_only() {
    LayerShare share;
    share.output = false;
    return share;
}

template <class T>
void attend_at_once(const RingProblem<T>& problem, RowCollector<T>& found) {
    compute_heads<T>(0, make_separate_heads(problem.q), make_separate_heads(problem.k),
                     make_separate_heads(problem.v), problem.options, {&found}, problem.share);
}

template <class T>
void attend_round(const RingProblem<T>& problem, std::size_t size, RowCollector<T>& found) {
    const auto errors = ThreadRanks(size).run([&](const Communicator& ranks) {
        attend_in_ring<T>(ranks, 0, inputs_of(problem, ranks), problem.options, problem.share,
                          {&found}, {});
    });
    CHECK(errors == std::vector<std::string>(size));
}

template <class T>
void require_same(const RingProblem<T>& problem) {
    RowCollector<T> alone;
    attend_at_once(problem, alone);
    for (const std::size_t size : {1, 2, 3, 7}) {
        RowCollector<T> found;
        attend_round(problem, size, found);
        CHECK(found.rows == alone.rows);
        CHECK(max_difference(found.context.array(), alone.context.array()) < kRounding);
        CHECK(max_difference(found.logsumexp.array(), alone.logsumexp.array()) < 4 * kRounding);
    }
}

}  // namespace

TEST_CASE("tokens are cut into two runs for each rank, which mirror one another") {
    CHECK(ring_tokens(12, 0, 3)[0].begin == 0);
    CHECK(ring_tokens(12, 0, 3)[0].end == 2);
    CHECK(ring_tokens(12, 0, 3)[1].begin == 10);
    CHECK(ring_tokens(12, 2, 3)[0].end == ring_tokens(12, 2, 3)[1].begin);
    for (const std::size_t tokens : {0, 1, 5, 101}) {
        std::vector<int> times(tokens);
        for (std::size_t rank = 0; rank < 7; ++rank) {
            for (const KeyRange& run : ring_tokens(tokens, rank, 7))
                for (std::size_t token = run.begin; token < run.end; ++token) ++times[token];
        }
        CHECK(times == std::vector<int>(tokens, 1));
    }
}

TEST_CASE("contexts and logsumexp of a ring are those of all keys at once") {
    RingProblem<float> problem;
    SECTION("without a mask") {}
    SECTION("causal, with a cache in front") {
        problem.options.mask.structure.causal = true;
        problem.options.mask.structure.offsets = {kKeys - kQueries};
    }
    SECTION("with a window that many slices lie beside, and lengths") {
        problem.options.mask.structure.window_left = 9;
        problem.options.mask.structure.window_right = 4;
        problem.options.mask.structure.key_lengths = {kKeys, 30};
    }
    SECTION("queries of which some see nothing, and offsets of their own") {
        problem.options.mask.structure.causal = true;
        problem.options.mask.structure.offsets = {-20, 3};
    }
    SECTION("with a cap, another scale, heads in the other order, and slopes") {
        problem.options.softcap = 1.5;
        problem.options.scale = 0.9;
        problem.options.kv_order = KvOrder::tile;
        problem.options.mask.alibi = {0.5F, 0.25F, 0.125F, 0.0625F};
    }
    SECTION("with sinks, also for queries that see nothing") {
        problem.options.sinks = {1.5F, -2, 0, 8};
        problem.options.mask.structure.causal = true;
        problem.options.mask.structure.offsets = {-5};
    }
    require_same(problem);
}

TEST_CASE("queries and keys are turned by their own positions in a ring") {
    RingProblem<float> problem;
    problem.options.rotary.emplace();
    RotaryOptions<float>& rotary = *problem.options.rotary;
    for (std::size_t row = 0; row < kKeys + 7; ++row)
        rotary.positions.push_back(static_cast<std::int64_t>(row));
    rotary.frequencies = rotary_frequencies(kWidth, 10000);
    rotary.table = make_rotary_table<float>(rotary.positions, rotary.frequencies);
    // Of the second sequence all positions are 7 higher.
    for (std::size_t sequence = 0; sequence < kBatch; ++sequence) {
        for (std::size_t i = 0; i < kQueries; ++i) rotary.query_rows.push_back(i + 7 * sequence);
        for (std::size_t i = 0; i < kKeys; ++i) rotary.key_rows.push_back(i + 7 * sequence);
    }
    require_same(problem);
}

TEST_CASE("a ring streams the heads that were chosen") {
    RingProblem<double> problem;
    problem.share.heads = std::vector<std::size_t>{1, 2};
    problem.share.sequences = std::vector<std::size_t>{1};
    problem.share.output = false;
    RowCollector<double> alone, found;
    attend_at_once(problem, alone);
    attend_round(problem, 3, found);
    CHECK(found.rows == 2 * kQueries);
    for (const std::size_t head : {1, 2}) {
        const std::size_t first = (kHeads + head) * kQueries * kValues;
        for (std::size_t i = first; i < first + kQueries * kValues; ++i)
            CHECK(std::abs(found.context.values_[i] - alone.context.values_[i]) < 1e-14);
    }
}

TEST_CASE("of chosen heads a ring still gives the contexts of all, where they are asked for") {
    RingProblem<double> problem;
    problem.options.mask.structure.causal = true;
    RowCollector<double> all, found;
    attend_at_once(problem, all);
    problem.share.heads = std::vector<std::size_t>{2};
    std::vector<Array<double>> contexts(3);
    const auto errors = ThreadRanks(3).run([&](const Communicator& ranks) {
        contexts[ranks.rank()] = attend_in_ring<double>(
            ranks, 0, inputs_of(problem, ranks), problem.options, problem.share, {&found}, {});
    });
    CHECK(errors == std::vector<std::string>(3));
    CHECK(found.rows == kBatch * kQueries);
    for (std::size_t rank = 0; rank < 3; ++rank) {
        const RingTokens tokens = ring_tokens(kQueries, rank, 3);
        const std::size_t own = tokens[0].size() + tokens[1].size();
        REQUIRE(contexts[rank].shape() == Shape{kBatch, own, kHeads * kValues});
        for (std::size_t item = 0; item < kBatch * own * kHeads; ++item) {
            const std::size_t row = item / kHeads % own, first = tokens[0].size();
            const std::size_t query =
                row < first ? tokens[0].begin + row : tokens[1].begin + row - first;
            const std::size_t head = item / kHeads / own * kHeads + item % kHeads;
            for (std::size_t i = 0; i < kValues; ++i)
                CHECK(std::abs(contexts[rank].data()[item * kValues + i] -
                               all.context.values_[(head * kQueries + query) * kValues + i]) <
                      1e-14);
        }
    }
}

TEST_CASE("each rank of a ring receives the keys and values of the others once") {
    const RingProblem<float> problem;
    constexpr std::size_t kRanks = 4;
    ThreadRanks four(kRanks);
    const auto errors = four.run([&](const Communicator& ranks) {
        RowCollector<float> found;
        attend_in_ring<float>(ranks, 0, inputs_of(problem, ranks), problem.options, rows_only(),
                              {&found}, {});
    });
    CHECK(errors == std::vector<std::string>(kRanks));
    const std::size_t all = kBatch * kHeads / 2 * kKeys * (kWidth + kValues) * sizeof(float);
    const std::size_t marks = (kRanks - 1) * (kRanks - 1);  // of each step, from each of the others
    std::size_t received = 0;
    for (const std::size_t bytes : four.received) received += bytes - marks;
    CHECK(received == (kRanks - 1) * all);
}

TEST_CASE("a number that leaves its range in a ring is named with where its slice begins") {
    RingProblem<float> problem;
    std::vector<float> keys(problem.k.values().begin(), problem.k.values().end());
    // Of the last key of the first head.
    for (std::size_t i = 0; i < kWidth; ++i) keys[(kKeys - 1) * kWidth + i] = 3e38F;
    problem.k = Array<float>(problem.k.shape(), keys);
    const auto errors = ThreadRanks(2).run([&](const Communicator& ranks) {
        RowCollector<float> found;
        ranks.together([&] {
            attend_in_ring<float>(ranks, 0, inputs_of(problem, ranks), problem.options, rows_only(),
                                  {&found}, {});
        });
    });
    for (const std::string& error : errors)
        CHECK_THAT(error, Catch::Contains("(counted from query") && Catch::Contains("and key 84)"));
}
