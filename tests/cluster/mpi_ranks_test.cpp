// Runs alone, where there is one rank, and under a launcher.
#include "cluster/mpi_ranks.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "cluster/rank_keeper.hpp"
#include "support/mpi_world.hpp"

using attn::Communicator;

TEST_CASE("every rank has what all ranks gave, in their order, whatever its length") {
    const auto variable = [](const std::string& name) {
        const char* value = std::getenv(name.c_str());
        return std::string(value == nullptr ? "" : value);
    };
    const bool launched = attn::cluster::launched_rank(variable).has_value();
    const attn::cluster::MpiRanks& ranks = attn::test::mpi_world();
    const Communicator& world = ranks.communicator();
    const auto given_by = [](std::size_t rank) {
        return std::string(100'000 * rank, static_cast<char>('a' + rank));  // rank 0: nothing
    };
    const std::vector<std::string> all = world.gather_all(given_by(world.rank()));
    REQUIRE(all.size() == world.size());
    for (std::size_t rank = 0; rank < all.size(); ++rank) CHECK((all[rank] == given_by(rank)));
    CHECK(world.sum(1) == static_cast<double>(world.size()));
    CHECK(world.broadcast(world.is_root() ? "of root" : "of nobody") == "of root");
    CHECK(ranks.is_launched() == launched);
    CHECK((ranks.threads() == 0) == world.is_alone());  // 0: as many as there are
}
