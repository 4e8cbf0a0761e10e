#include "analysis/token_patterns.hpp"

#include <catch2/catch.hpp>

using namespace attn::analysis;

namespace {

std::vector<std::size_t> duplicates(const TokenPatterns& patterns, std::size_t query) {
    const auto found = patterns.duplicates(query);
    return {found.begin(), found.end()};
}

}  // namespace

TEST_CASE("duplicates are the earlier copies of a token, ascending") {
    const TokenPatterns patterns({"the", "cat", "the", "dog", "the"});
    using Places = std::vector<std::size_t>;
    CHECK(patterns.size() == 5);
    CHECK(duplicates(patterns, 0).empty());
    CHECK(duplicates(patterns, 2) == Places{0});
    CHECK(duplicates(patterns, 3).empty());
    CHECK(duplicates(patterns, 4) == Places{0, 2});
}

TEST_CASE("tokens are the same only where every byte is") {
    const TokenPatterns patterns({"The", "the", " the", ""});
    for (std::size_t query = 0; query < 4; ++query) CHECK(duplicates(patterns, query).empty());
}
