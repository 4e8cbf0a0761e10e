#include "core/communicator.hpp"

#include <catch2/catch.hpp>

#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::test;

using Texts = std::vector<std::string>;

TEST_CASE("one process is alone and needs nobody") {
    const Communicator alone;
    CHECK(alone.is_alone());
    CHECK(alone.is_root());
    CHECK(alone.gather_all("x") == Texts{"x"});
    CHECK(alone.broadcast("x") == "x");
    CHECK(alone.sum(2.5) == 2.5);
    bool done = false;
    alone.together([&] { done = true; });
    CHECK(done);
    CHECK_THROWS_WITH(alone.together([] { fail("no such file"); }), "no such file");
}

TEST_CASE("ranks get the bytes of all in their order, what rank 0 gives, and sums") {
    ThreadRanks three(3);
    std::vector<Texts> gathered(3);
    Texts told(3);
    std::vector<double> sums(3);
    const Texts errors = three.run([&](const Communicator& ranks) {
        const std::string own(ranks.rank(), static_cast<char>('a' + ranks.rank()));
        gathered[ranks.rank()] = ranks.gather_all(own);
        told[ranks.rank()] = ranks.broadcast("from " + std::to_string(ranks.rank()));
        // In any other order the small ones would be lost.
        const double parts[] = {1e16, -1e16, 1};
        sums[ranks.rank()] = ranks.sum(parts[ranks.rank()]);
    });
    CHECK(errors == Texts{"", "", ""});
    for (std::size_t rank = 0; rank < 3; ++rank) {
        CHECK(gathered[rank] == Texts{"", "b", "cc"});
        CHECK(told[rank] == "from 0");
        CHECK(sums[rank] == 1);
    }
}

TEST_CASE("a rank gets what the others have for it alone") {
    constexpr std::size_t kSize = 3;
    ThreadRanks three(kSize);
    std::vector<Texts> found(kSize);
    const Texts errors = three.run([&](const Communicator& ranks) {
        Texts letters;
        for (std::size_t to = 0; to < kSize; ++to)
            letters.push_back(std::to_string(ranks.rank()) + ">" + std::to_string(to));
        letters[0] += " and more";
        if (ranks.rank() == 2) letters[1].clear();
        found[ranks.rank()] = ranks.deal(letters);
    });
    CHECK(errors == Texts(kSize));
    CHECK(found[0] == Texts{"0>0 and more", "1>0 and more", "2>0 and more"});
    CHECK(found[1] == Texts{"0>1", "1>1", ""});
    CHECK(found[2] == Texts{"0>2", "1>2", "2>2"});
    CHECK(three.received[1] == 3 + 2);  // each behind a mark
    CHECK(Communicator().deal({"own"}) == Texts{"own"});
}

TEST_CASE("a rank may give up while others deal") {
    const Texts errors = ThreadRanks(2).run([&](const Communicator& ranks) {
        ranks.together([&] {
            if (ranks.rank() == 1) fail("nothing to give");
            ranks.deal({"a", "b"});
        });
    });
    CHECK(errors == Texts(2, "rank 1: nothing to give"));
}

TEST_CASE("what one rank cannot do is an error of all, which names it") {
    ThreadRanks three(3);
    bool went_on = false;
    const Texts errors = three.run([&](const Communicator& ranks) {
        ranks.together([&] {
            if (ranks.rank() == 1) fail("x.npy: is missing");
            ranks.wait_for_all();  // others are here when it gives up
            went_on = true;
        });
    });
    CHECK(errors == Texts(3, "rank 1: x.npy: is missing"));
    CHECK_FALSE(went_on);
}

TEST_CASE("a rank may give up when all others are done") {
    ThreadRanks two(2);
    const Texts errors = two.run([&](const Communicator& ranks) {
        ranks.together([&] {
            if (ranks.rank() == 1) throw std::bad_alloc();
        });
    });
    CHECK(errors == Texts(2, "rank 1: out of memory"));
}

TEST_CASE("what all ranks say is said as one process says it") {
    ThreadRanks three(3);
    const Texts errors = three.run(
        [&](const Communicator& ranks) { ranks.together([] { fail("x.npy: is missing"); }); });
    CHECK(errors == Texts(3, "x.npy: is missing"));
}

TEST_CASE("after a piece of work that failed ranks go on with the next one") {
    ThreadRanks two(2);
    std::vector<int> done(2);
    const Texts errors = two.run([&](const Communicator& ranks) {
        ranks.together([&] {
            for (int piece = 0; piece < 3; ++piece) {
                try {
                    ranks.together([&] {
                        if (piece == 1 && ranks.rank() == 0) fail("the second is damaged");
                        ranks.wait_for_all();
                        ++done[ranks.rank()];
                    });
                } catch (const Error&) {
                    done[ranks.rank()] += 10;
                }
            }
        });
    });
    CHECK(errors == Texts{"", ""});
    CHECK(done == std::vector<int>{12, 12});
}
