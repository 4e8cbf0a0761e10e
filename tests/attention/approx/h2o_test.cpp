#include "attention/approx/h2o.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "support/approx_head.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("a heavy hitter cache keeps what was read most so far, and the latest keys") {
    for (const std::ptrdiff_t offset : {0, 6}) {
        const RandomHead head(20, 20 + static_cast<std::size_t>(offset), offset, true, 9);
        approx::Options options;
        options.set("heavy", 3.0);
        options.set("recent", 2.0);
        const auto cache = approx::h2o_cache(options, head.input);
        // The rule, written out.
        std::set<std::size_t> present;
        std::vector<double> sums(head.input.sizes.keys);
        for (std::ptrdiff_t key = 0; key < offset; ++key)
            present.insert(static_cast<std::size_t>(key));
        for (std::size_t query = 0; query < 20; ++query) {
            present.insert(query + static_cast<std::size_t>(offset));
            while (present.size() > 5) {
                const std::vector<std::size_t> keys(present.begin(), present.end());
                const auto lightest = std::min_element(
                    keys.begin(), keys.end() - 2,
                    [&](std::size_t a, std::size_t b) { return sums[a] < sums[b]; });
                present.erase(*lightest);
            }
            const auto row = head.row(query);
            double mass = 0;
            for (const std::size_t key : present) mass += row.weights[key];
            for (const std::size_t key : present) sums[key] += row.weights[key] / mass;
            const auto kept = head.kept(*cache, query);
            for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key) {
                INFO("offset " << offset << " query " << query << " key " << key);
                CHECK(kept[key] == (present.count(key) > 0));
            }
        }
    }
}
