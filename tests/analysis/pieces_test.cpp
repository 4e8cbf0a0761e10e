#include "analysis/pieces.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

using namespace attn::analysis;

namespace {

std::size_t cells_of(const std::vector<Piece>& pieces, std::size_t cells_of_a_row) {
    std::size_t cells = 0;
    for (const Piece& piece : pieces)
        cells += piece.heads.size() * piece.rows.size() * cells_of_a_row;
    return cells;
}

bool holds(const std::vector<std::size_t>& list, std::size_t one) {
    return std::find(list.begin(), list.end(), one) != list.end();
}

}  // namespace

TEST_CASE("all pieces together are everything, each cell once") {
    const Extents extents{2, 3, 1000, 1200};
    for (const SoftmaxAxis axis : {SoftmaxAxis::keys, SoftmaxAxis::queries, SoftmaxAxis::heads}) {
        const std::vector<Piece> pieces = whole(extents, Observed::weights, axis);
        const std::size_t of_a_row = axis == SoftmaxAxis::queries ? 1000 : 1200;
        CHECK(cells_of(pieces, of_a_row) == extents.cells());
        std::set<std::size_t> seen;
        for (const Piece& piece : pieces) {
            for (const std::size_t head : piece.heads) {
                for (const std::size_t row : piece.rows)
                    CHECK(seen.insert((piece.sequence * 3 + head) * 2000 + row).second);
            }
            CHECK(cells_of({piece}, of_a_row) <= std::size_t{1} << 20);
        }
    }
}

TEST_CASE("a sample of long sequences is small, and holds the place that was asked for") {
    const Extents extents{4, 32, 2048, 2048};
    const Place place{2, 17, 1000, 5};
    for (const SoftmaxAxis axis : {SoftmaxAxis::keys, SoftmaxAxis::queries}) {
        const std::vector<Piece> pieces = sample(extents, Observed::weights, axis, place);
        CHECK(cells_of(pieces, 2048) < 200000);
        const auto has_it = [&](const Piece& piece) {
            return piece.sequence == 2 && holds(piece.heads, 17) &&
                   holds(piece.rows, axis == SoftmaxAxis::queries ? 5 : 1000);
        };
        CHECK(std::any_of(pieces.begin(), pieces.end(), has_it));
    }
    CHECK(sample(extents, Observed::output, SoftmaxAxis::keys, place)[0].heads.size() == 32);
}

TEST_CASE("of little everything is looked at") {
    const Extents extents{1, 2, 40, 40};
    CHECK(cells_of(sample(extents, Observed::weights, SoftmaxAxis::keys, {}), 40) ==
          extents.cells());
}
