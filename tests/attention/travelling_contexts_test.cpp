#include "attention/travelling_contexts.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <numeric>
#include <thread>

#include "support/thread_ranks.hpp"

using namespace attn;
using attn::test::ThreadRanks;

namespace {

constexpr std::size_t kRanks = 2;

// Contexts of 6 MiB: three parts for each of two ranks.
LayerShape large_shape() {
    LayerShape shape;
    shape.heads = 6;
    shape.queries = 4096;
    shape.d_value = 64;
    shape.block_rows = 48;
    return shape;
}

Division by_turns(const Communicator& ranks, const LayerShape& shape) {
    Division division{ranks, shape.heads, {}};
    for (std::size_t head = 0; head < shape.heads; ++head)
        division.owners.push_back(head % ranks.size());
    return division;
}

// Heads cut into rows, of which each rank has some.
Division cut_in_rows(const Communicator& ranks, const LayerShape& shape) {
    Division division = by_turns(ranks, shape);
    for (std::size_t head = 0; head < shape.heads; ++head) {
        division.pieces.push_back({0, head, 0, 480, head % kRanks});
        division.pieces.push_back({0, head, 480, shape.queries, 1 - head % kRanks});
    }
    return division;
}

// What stands at each place.
std::vector<float> all_contexts(const LayerShape& shape) {
    std::vector<float> all(shape.queries * shape.heads * shape.d_value);
    std::iota(all.begin(), all.end(), 1.0F);
    return all;
}

void compute_tile(const LayerShape& shape, const TilePlace& place, const std::vector<float>& all,
                  std::vector<float>& contexts) {
    const std::size_t columns = shape.heads * shape.d_value;
    const std::size_t first = place.block * shape.block_rows;
    for (std::size_t row = first; row < first + shape.rows_of_block(place.block); ++row) {
        const std::size_t at = row * columns + place.head * shape.d_value;
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(at), shape.d_value,
                    contexts.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

bool comes_in_time(const Communicator& ranks) {
    for (int i = 0; i < 5000 && ranks.received() == 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return ranks.received() > 0;
}

}  // namespace

TEST_CASE("contexts of all ranks are on every rank, and travel before the last tile is done") {
    const LayerShape shape = large_shape();
    const std::vector<float> all = all_contexts(shape);
    for (const bool by_block : {false, true}) {
        for (const auto& divide : {by_turns, cut_in_rows}) {
            const auto errors = ThreadRanks(kRanks).run([&](const Communicator& ranks) {
                const TileOrder order(shape, BlockOrder::falling, by_block);
                const Division division = divide(ranks, shape);
                std::vector<float> contexts(all.size());
                TravellingContexts<float> travelling(division, shape, order, contexts.data());
                bool early = false;
                travelling.meanwhile([&] {
                    std::vector<TilePlace> own;
                    for (std::size_t item = 0; item < order.tiles(); ++item) {
                        const TilePlace place = order.place(item);
                        if (division.streams(0, place.head, place.block * shape.block_rows))
                            own.push_back(place);
                    }
                    for (const TilePlace& place : own) {
                        if (&place == &own.back()) early = comes_in_time(ranks);
                        compute_tile(shape, place, all, contexts);
                        travelling.finish(place);
                    }
                });
                if (!early) fail("no contexts before the last tile");
                if (contexts != all) fail("other contexts");
            });
            CHECK(errors == std::vector<std::string>(kRanks));
        }
    }
}

TEST_CASE("a rank that fails ends all while contexts travel") {
    const LayerShape shape = large_shape();
    const auto errors = ThreadRanks(kRanks).run([&](const Communicator& ranks) {
        ranks.together([&] {
            const TileOrder order(shape, BlockOrder::falling, false);
            const Division division = by_turns(ranks, shape);
            std::vector<float> contexts(all_contexts(shape).size());
            TravellingContexts<float> travelling(division, shape, order, contexts.data());
            travelling.meanwhile([&] {
                for (std::size_t item = 0; item < order.tiles(); ++item) {
                    const TilePlace place = order.place(item);
                    if (!division.is_mine(0, place.head)) continue;
                    if (ranks.rank() == 1 && place.head == 5) fail("head 5 overflows");
                    travelling.finish(place);
                }
            });
        });
    });
    CHECK(errors == std::vector<std::string>(kRanks, "rank 1: head 5 overflows"));
}
