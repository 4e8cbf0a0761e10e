#include "attention/approx/bigbird_mask.hpp"

#include <catch2/catch.hpp>

#include "support/kept_keys.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

TEST_CASE("blocks are kept next to the own one, globally and by chance") {
    const PlainHead head(random_matrix(20, 2, 1), random_matrix(20, 2, 2), random_matrix(20, 2, 3),
                         true);
    Options options;
    options.set("block", 2.0);
    options.set("window", 1.0);
    options.set("globals", 1.0);
    options.set("random", 0.0);
    options.set("seed", 5.0);
    const std::set<std::size_t> fixed{0, 1, 14, 15, 16, 17};
    CHECK(kept_by(*bigbird_mask(options, head.input()), head, 17) == fixed);
    options.set("random", 2.0);
    const auto kept = kept_by(*bigbird_mask(options, head.input()), head, 17);
    CHECK(kept.size() == fixed.size() + 4);
    CHECK(std::includes(kept.begin(), kept.end(), fixed.begin(), fixed.end()));
    CHECK(kept == kept_by(*bigbird_mask(options, head.input()), head, 17));
    options.set("random", 10.0);
    CHECK(kept_by(*bigbird_mask(options, head.input()), head, 17).size() == 18);
}
