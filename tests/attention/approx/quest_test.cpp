#include "attention/approx/quest.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/kept_keys.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;
using Keys = std::set<std::size_t>;

namespace {

// Queries of one 1, keys as long as their number says.
PlainHead numbered_head(const std::vector<double>& keys, bool causal) {
    Matrix<double> q(keys.size(), 1), k(keys.size(), 1);
    std::fill(q.values.begin(), q.values.end(), 1);
    k.values = keys;
    return PlainHead(q, k, random_matrix(keys.size(), 2, 3), causal);
}

Options block_options(const char* estimate, double blocks, double sinks = 1) {
    Options options;
    options.set("block", 2.0);
    options.set("blocks", blocks);
    options.set("sinks", sinks);
    options.set("estimate", std::string(estimate));
    return options;
}

}  // namespace

TEST_CASE("a causal row keeps its own page and the best of those before") {
    const PlainHead head = numbered_head({1, 2, 9, -9, 3, 4, 0}, true);
    Options options;
    options.set("page", 2.0);
    options.set("pages", 2.0);
    const auto method = quest(options, head.input());
    CHECK(kept_by(*method, head, 0) == Keys{0});
    CHECK(kept_by(*method, head, 3) == Keys{0, 1, 2, 3});
    CHECK(kept_by(*method, head, 5) == Keys{2, 3, 4, 5});  // for the 9
    CHECK(kept_by(*method, head, 6) == Keys{2, 3, 6});
    CHECK(method->scored() == 0 + 0 + 1 + 1 + 2 + 2 + 3);
    const PlainHead both = numbered_head({1, 2, 9, -9, 3, 4, 0}, false);
    CHECK(kept_by(*quest(options, both.input()), both, 0) == Keys{2, 3, 4, 5});
}

TEST_CASE("blocks of queries keep the first block, their own and the best others") {
    const PlainHead head = numbered_head({1, 2, 9, -8, 3, 4, 0, 0}, true);
    const auto method = block_topk(block_options("mean", 3), head.input());
    CHECK(kept_by(*method, head, 7) == Keys{0, 1, 4, 5, 6, 7});
    CHECK(kept_by(*method, head, 3) == Keys{0, 1, 2, 3});
    CHECK(method->scored() == 1 + 2 + 3 + 4);
    // By the weights themselves the 9 counts.
    CHECK(kept_by(*block_topk(block_options("oracle", 3), head.input()), head, 7) ==
          Keys{0, 1, 2, 3, 6, 7});
    CHECK(kept_by(*block_topk(block_options("oracle", 1, 0), head.input()), head, 7) == Keys{6, 7});
}

TEST_CASE("means of blocks need queries and keys") {
    const PlainHead head = numbered_head({1, 2}, true);
    HeadInput weights_only = head.input();
    weights_only.q = weights_only.k = {};
    CHECK_THROWS_AS(block_topk(block_options("mean", 3), weights_only), Error);
    CHECK_NOTHROW(block_topk(block_options("oracle", 3), weights_only));
}
