#include "attention/approx/evicted_cache.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/spec.hpp"
#include "core/error.hpp"
#include "support/kept_keys.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;
using Keys = std::set<std::size_t>;

namespace {

// Rows look at key 2, from row 6 on at key 4; and a little at themselves.
PlainHead looking_head() {
    PlainHead head(random_matrix(8, 2, 1), random_matrix(8, 2, 2), random_matrix(8, 2, 3), true);
    Matrix<double> weights(8, 8);
    for (std::size_t i = 0; i < 8; ++i) {
        weights.at(i, i) = 0.1;
        weights.at(i, i < 2 ? 0 : i < 6 ? 2 : 4) += 0.9;
    }
    head.rows = KeptRows(weights, true, 0);
    return head;
}

Keys kept_with(const std::string& options, const PlainHead& head) {
    const Spec spec = parse_specs("evict:prefill=6:budget=1:" + options).front();
    const Options resolved = resolve(spec.parts.front(), head.input().sizes, 0, {});
    const auto method = evicted_cache(resolved, head.input());
    CHECK(method->first_measured() == 6);
    return kept_by(*method, head, 7);
}

}  // namespace

TEST_CASE("what was looked at before is not what is looked at later") {
    const PlainHead head = looking_head();
    CHECK(kept_with("score=accumulated", head) == Keys{2, 6, 7});
    CHECK(kept_with("score=received", head) == Keys{2, 6, 7});
    CHECK(kept_with("score=last", head) == Keys{2, 6, 7});
    CHECK(kept_with("score=oracle", head) == Keys{4, 6, 7});
    CHECK(kept_with("score=snapkv:observe=1:pool=1", head) ==
          Keys{5, 6, 7});  // observed ones first
    CHECK(kept_with("score=oracle:sinks=1", head) == Keys{0, 6, 7});
    CHECK(kept_with("score=oracle:recent=1", head) == Keys{5, 6, 7});
    CHECK(kept_with("score=random", head).size() == 3);
}

TEST_CASE("scores of keys choose by their lengths and directions") {
    PlainHead head = looking_head();
    std::fill(head.k.values.begin(), head.k.values.end(), 1);
    head.k.at(3, 0) = 0.5;
    CHECK(kept_with("score=knorm", head) == Keys{3, 6, 7});
    head.k.at(1, 0) = -2;
    CHECK(kept_with("score=keydiff", head) == Keys{1, 6, 7});
    HeadInput weights_only = head.input();
    weights_only.k = {};
    const Spec spec = parse_specs("evict:score=knorm").front();
    const Options options = resolve(spec.parts.front(), head.input().sizes, 0, {});
    CHECK_THROWS_AS(evicted_cache(options, weights_only), Error);
}
