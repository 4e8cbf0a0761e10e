// Whatever the number of ranks: the same contexts to the bit, the same tiles, each on one rank.
#include "attention/divided_layer.hpp"

#include <catch2/catch.hpp>

#include <mutex>
#include <set>

#include "attention/layer.hpp"
#include "support/arrays.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kTokens = 70;

// Counts the tiles of each head that this rank streams.
class AllTilesSink : public Sink<float> {
  public:
    void begin_layer(const LayerShape& shape) override {
        shape_ = shape;
        tiles_.assign(shape.slots(), 0);
    }
    void consume(const Tile<float>& tile) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++tiles_[shape_.slot(tile.sequence, tile.head)];
        ++consumed;
    }
    const std::vector<std::size_t>& tiles() const { return tiles_; }

    std::size_t consumed = 0;

  protected:
    LayerShape shape_;
    std::mutex mutex_;
    std::vector<std::size_t> tiles_;
};

// Hears of those of others.
class CountingSink : public AllTilesSink, public JoiningSink<float> {
  public:
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override {
        to.put(tiles_[shape_.slot(sequence, head)]);
    }
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override {
        from.take(tiles_[shape_.slot(sequence, head)]);
    }
};

// Does with some rows of a head; hears of the others.
class RowsSink : public CountingSink {
  public:
    bool takes_rows() const override { return true; }
    void begin_layer(const LayerShape& shape) override {
        CountingSink::begin_layer(shape);
        ended.assign(shape.slots(), 0);
    }
    void consume(const Tile<float>& tile) override {
        CountingSink::consume(tile);
        const std::lock_guard<std::mutex> lock(mutex_);
        area += static_cast<double>(tile.rows() * tile.active.size());
    }
    void end_head(std::size_t sequence, std::size_t head) override {
        ended[shape_.slot(sequence, head)] = tiles_[shape_.slot(sequence, head)];
    }
    void save_rows(const RowPiece& piece, ByteWriter& to) const override {
        to.put(tiles_[shape_.slot(piece.sequence, piece.head)]);
    }
    void restore_rows(const RowPiece& piece, ByteReader& from) override {
        std::size_t more = 0;
        from.take(more);
        tiles_[shape_.slot(piece.sequence, piece.head)] += more;
    }

    std::vector<std::size_t> ended;  // tiles that were known when the head ended
    double area = 0;
};

struct Found {
    std::vector<float> output;
    std::vector<std::size_t> tiles;
    std::size_t consumed = 0;
};

Found attend_as(const Communicator& ranks, const LayerShare& asked, bool joins = true,
                const AttentionOptions<float>& options = {}) {
    const auto q = random_array<float>({2, 6, kTokens, 8}, 1);
    const auto k = random_array<float>({2, 3, kTokens, 8}, 2);
    const auto v = random_array<float>({2, 3, kTokens, 5}, 3);
    RanksSink<float> shared(ranks);
    AllTilesSink all;
    CountingSink own;
    AllTilesSink& sink = joins ? own : all;
    const auto result =
        compute_heads<float>(0, make_separate_heads(q), make_separate_heads(k),
                             make_separate_heads(v), options, {&shared, &sink}, asked);
    const Span<const float> values = result.output.values();
    return {{values.begin(), values.end()}, sink.tiles(), sink.consumed};
}

std::vector<Found> attend_with(std::size_t size, const LayerShare& share, bool joins = true,
                               const AttentionOptions<float>& options = {}) {
    std::vector<Found> found(size);
    const auto errors = ThreadRanks(size).run([&](const Communicator& ranks) {
        found[ranks.rank()] = attend_as(ranks, share, joins, options);
    });
    CHECK(errors == std::vector<std::string>(size));
    return found;
}

std::size_t consumed(const std::vector<Found>& found) {
    std::size_t all = 0;
    for (const Found& one : found) all += one.consumed;
    return all;
}

}  // namespace

TEST_CASE("contexts of a divided layer have the same bits, and every tile is streamed once") {
    AttentionOptions<float> causal;
    causal.mask.structure.causal = true;
    causal.mask.structure.key_lengths = {kTokens, 20};
    for (const Engine engine : {Engine::tiled, Engine::xtensor}) {
        causal.engine = engine;
        const Found alone = attend_as({}, {}, true, causal);
        for (const std::size_t size : {2, 3, 5, 14}) {
            const std::vector<Found> found = attend_with(size, {}, true, causal);
            for (const Found& one : found) {
                CHECK(one.output == alone.output);
                CHECK(one.tiles == alone.tiles);
            }
            CHECK(consumed(found) == alone.consumed);
            CHECK(found[1].consumed < alone.consumed);
        }
    }
}

TEST_CASE("of chosen heads and sequences only these are streamed, whoever computes them") {
    LayerShare share;
    share.sequences = std::vector<std::size_t>{1};
    share.heads = std::vector<std::size_t>{0, 4};
    for (const bool output : {true, false}) {
        share.output = output;
        const Found alone = attend_as({}, share);
        const std::vector<Found> found = attend_with(3, share);
        for (const Found& one : found) {
            if (output) CHECK(one.output == alone.output);
            CHECK(one.tiles == alone.tiles);
        }
        CHECK(consumed(found) == alone.consumed);
    }
}

TEST_CASE("a sink that needs all tiles gets them all on every rank") {
    const Found alone = attend_as({}, {}, false);
    for (const Found& one : attend_with(3, {}, false)) {
        CHECK(one.output == alone.output);
        CHECK(one.consumed == alone.consumed);
    }
}

TEST_CASE("a rank receives the contexts of others once, n * d_model * e * (p - 1) / p bytes") {
    constexpr std::size_t kRanks = 3;
    ThreadRanks three(kRanks);
    three.run([&](const Communicator& ranks) { attend_as(ranks, {}); });
    const std::size_t contexts = 2 * kTokens * 6 * 5 * sizeof(float);
    const std::size_t counts = 2 * 6 * sizeof(std::size_t);  // what the sink found
    const std::size_t marks = 2 * kRanks;                    // in front of each message
    for (const std::size_t received : three.received)
        CHECK(received == (contexts + counts + marks) * (kRanks - 1) / kRanks);
}

TEST_CASE("ranks have nearly the same number of cells that are not masked") {
    LayerShape shape;
    shape.sequences = 4;
    shape.heads = 3;
    shape.queries = shape.keys = 100;
    MaskOptions<float> options;
    options.structure.key_lengths = {100, 50, 25, 25};
    const Mask<float> mask(options, shape.keys);
    RanksSink<float> two(Communicator(0, 2, nullptr)), alone{Communicator()};
    const Division division = divide_layer<float>(mask, shape, {&two}, true);
    double load[2] = {};
    for (std::size_t sequence = 0; sequence < 4; ++sequence) {
        for (std::size_t head = 0; head < 3; ++head)
            load[division.owner(sequence, head)] +=
                static_cast<double>(options.structure.key_lengths[sequence]);
    }
    CHECK(load[0] == load[1]);
    CHECK(divide_layer<float>(mask, shape, {&alone}, true).is_whole());
    CHECK(divide_layer<float>(mask, shape, {}, true).is_whole());
}

TEST_CASE("of fewer heads than ranks each rank streams some rows, and the owner hears of all") {
    constexpr std::size_t kRows = 500;  // 11 tiles of 48 rows
    const auto q = random_array<float>({1, 2, kRows, 8}, 1);
    const auto k = random_array<float>({1, 2, kRows, 8}, 2);
    const auto v = random_array<float>({1, 2, kRows, 5}, 3);
    AttentionOptions<float> options;
    options.mask.structure.causal = true;
    struct OfRank {
        std::vector<float> output;
        std::vector<std::size_t> tiles, ended;
        std::size_t consumed;
        double area;
    };
    const auto attend = [&](const Communicator& ranks) {
        RanksSink<float> shared(ranks);
        RowsSink sink;
        const auto result = compute_heads<float>(0, make_separate_heads(q), make_separate_heads(k),
                                                 make_separate_heads(v), options, {&shared, &sink});
        const Span<const float> values = result.output.values();
        return OfRank{
            {values.begin(), values.end()}, sink.tiles(), sink.ended, sink.consumed, sink.area};
    };
    const OfRank alone = attend({});
    CHECK(alone.tiles == std::vector<std::size_t>{11, 11});
    for (const std::size_t size : {3, 5, 14}) {
        std::vector<OfRank> found(size);
        const auto errors = ThreadRanks(size).run(
            [&](const Communicator& ranks) { found[ranks.rank()] = attend(ranks); });
        CHECK(errors == std::vector<std::string>(size));
        std::size_t tiles = 0;
        std::vector<std::size_t> ended(2);
        for (const OfRank& one : found) {
            CHECK(one.output == alone.output);
            CHECK(one.tiles == alone.tiles);
            tiles += one.consumed;
            for (std::size_t head = 0; head < 2; ++head) ended[head] += one.ended[head];
            // Each has its part of the area, but for the rest of a tile of each head.
            CHECK(one.area <= alone.area / static_cast<double>(size) + 2.0 * 48 * kRows);
        }
        CHECK(tiles == alone.consumed);
        CHECK(ended == alone.tiles);
    }
}
