#include "analysis/dealt_contexts.hpp"

#include <catch2/catch.hpp>

#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// Two sequences of one query, two heads of one column, and two methods.
LayerShape dealt_shape() {
    LayerShape shape;
    shape.sequences = shape.heads = 2;
    shape.queries = shape.d_value = 1;
    return shape;
}

// Rank 0 streams head 1 of the second sequence, rank 1 the others, rank 2 none.
const std::vector<std::size_t> kStreamedBy{1, 1, 1, 0};

struct DealtContexts {
    std::vector<float> exact;
    std::vector<std::vector<float>> differences;
};

// What each rank has afterwards; 0 where it has nothing.
std::vector<DealtContexts> dealt(bool exact_to_all, std::vector<std::size_t>& received) {
    ThreadRanks three(3);
    std::vector<DealtContexts> found(3);
    const auto errors = three.run([&](const Communicator& ranks) {
        const Division division{ranks, 2, kStreamedBy};
        DealtContexts& own = found[ranks.rank()];
        own = {std::vector<float>(4), {std::vector<float>(4), std::vector<float>(4)}};
        for (std::size_t item = 0; item < 4; ++item) {
            if (kStreamedBy[item] != ranks.rank()) continue;
            const auto number = static_cast<float>(item + 1);
            own.exact[item] = number;
            for (std::size_t method = 0; method < 2; ++method)
                own.differences[method][item] = number + 10 * static_cast<float>(method + 1);
        }
        deal_contexts(division, dealt_shape(), own_products(division, 2, 2), exact_to_all,
                      own.exact, own.differences);
    });
    CHECK(errors == std::vector<std::string>(3));
    received = three.received;
    return found;
}

}  // namespace

TEST_CASE("contexts go to the ranks that multiply them") {
    std::vector<std::size_t> received;
    const auto found = dealt(false, received);
    using Values = std::vector<float>;
    // Rank 0 has all heads of the first method, rank 1 those of the second and the heads by
    // themselves, rank 2 the exact ones.
    CHECK(found[0].differences[0] == Values{11, 12, 13, 14});
    CHECK(found[0].differences[1] == Values{0, 0, 0, 24});
    CHECK(found[0].exact == Values{0, 0, 0, 4});
    CHECK(found[1].differences[0] == Values{11, 12, 13, 14});
    CHECK(found[1].differences[1] == Values{21, 22, 23, 24});
    CHECK(found[2].exact == Values{1, 2, 3, 4});
    CHECK(found[2].differences[0] == Values(4));
    const std::size_t marks = 2;
    CHECK(received == std::vector<std::size_t>{3 * 4 + marks, 2 * 4 + marks, 4 * 4 + marks});
}

TEST_CASE("exact contexts go to all where all look at them") {
    std::vector<std::size_t> received;
    for (const DealtContexts& found : dealt(true, received))
        CHECK(found.exact == std::vector<float>{1, 2, 3, 4});
}

TEST_CASE("one process has all contexts") {
    std::vector<float> exact{1, 2, 3, 4}, none;
    std::vector<std::vector<float>> differences{exact};
    deal_contexts({}, dealt_shape(), own_products({}, 2, 1), true, exact, differences);
    CHECK(differences[0] == exact);
    deal_contexts({Communicator(0, 2, nullptr), 2, kStreamedBy}, dealt_shape(),
                  own_products({}, 2, 1), true, none, differences);
    CHECK(none.empty());
}
