#include "core/side_exchange.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>

#include "core/communicator.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;

TEST_CASE("an exchange goes on while this thread works") {
    std::promise<void> exchanged;
    exchange_meanwhile([&] { exchanged.set_value(); }, [&] { exchanged.get_future().wait(); });
}

TEST_CASE("work that fails stops the exchange, and its error is told") {
    std::promise<void> stopped;
    CHECK_THROWS_AS(
        exchange_meanwhile([&] { stopped.get_future().wait(); },
                           [] { throw std::runtime_error("work"); }, [&] { stopped.set_value(); }),
        std::runtime_error);
}

TEST_CASE("an exchange that fails is told when the work is done") {
    bool worked = false;
    CHECK_THROWS_AS(
        exchange_meanwhile([] { throw std::runtime_error("exchange"); }, [&] { worked = true; }),
        std::runtime_error);
    CHECK(worked);
}

// Rank 0 gives up after the first step, which rank 1 hears in the exchange of its second one, while
// it computes what fails, too: it must not wait for ranks that are gone.
TEST_CASE("ranks that fail at different steps all end, with what the first of them said") {
    const auto errors = test::ThreadRanks(2).run([](const Communicator& ranks) {
        ranks.together([&] {
            for (std::size_t step = 0; step < 2; ++step) {
                exchange_meanwhile([&] { ranks.wait_for_all(); },
                                   [&] {
                                       if (step == ranks.rank()) fail("step ", step, " fails");
                                   });
            }
        });
    });
    CHECK(errors == std::vector<std::string>(2, "rank 0: step 0 fails"));
}
