#include "source/pattern_tokens.hpp"

#include <catch2/catch.hpp>

#include "support/array_files.hpp"

using namespace attn;
using namespace attn::source;
using attn::test::TempFolder;
using attn::test::write_array;

namespace {

using Lists = std::vector<std::vector<std::string>>;
using Offsets = std::vector<std::ptrdiff_t>;

// Attention of two queries over so many keys, and tokens for it; empty texts: none.
struct Case {
    TempFolder folder;
    std::string warning;

    PatternTokens choose(std::size_t keys, const std::string& tokens,
                         const std::string& key_tokens = "") {
        SourceRequest request;
        request.source = write_array(folder, "w.npy", {2, keys},
                                     std::vector<double>(2 * keys, 1 / static_cast<double>(keys)));
        if (!tokens.empty()) request.tokens = folder.write("tokens.txt", tokens);
        if (!key_tokens.empty()) request.key_tokens = folder.write("keys.txt", key_tokens);
        io::Inputs inputs;
        const auto attention = open_stored_attention<double>(inputs, {request.source});
        return choose_pattern_tokens(attention, request,
                                     [&](const std::string& text) { warning += text; });
    }
};

}  // namespace

TEST_CASE("square attention has patterns on its tokens, and none without") {
    Case one;
    CHECK(one.choose(2, "a\nb\n").keys == Lists{{"a", "b"}});
    CHECK(one.choose(2, "").keys.empty());
    CHECK(one.warning.empty());
}

TEST_CASE("queries stand at the first keys where their tokens do") {
    Case one;
    const PatternTokens tokens = one.choose(4, "a\nb\n", "a\nb\nc\nd\n");
    CHECK(tokens.keys == Lists{{"a", "b", "c", "d"}});
    CHECK(tokens.offsets == Offsets{0});
    CHECK(one.warning.empty());
}

TEST_CASE("queries stand at the last keys where their tokens do, and that is said") {
    Case one;
    CHECK(one.choose(4, "c\nd\n", "a\nb\nc\nd\n").offsets == Offsets{2});
    CHECK_THAT(one.warning, Catch::Contains("are those of the last keys"));
}

TEST_CASE("tokens of different sequences have no patterns, and that is said") {
    Case one;
    CHECK(one.choose(4, "x\ny\n", "a\nb\nc\nd\n").keys.empty());
    CHECK_THAT(one.warning, Catch::Contains("no token patterns between different sequences"));
}

TEST_CASE("tokens of one axis are refused where both axes are needed") {
    Case one;
    CHECK_THROWS_WITH(one.choose(4, "a\nb\n"), Catch::Contains("give those of the keys as "
                                                               "--key-tokens"));
    CHECK_THROWS_WITH(one.choose(4, "a\nb\nc\nd\n"), Catch::Contains("give --tokens of the queries "
                                                                     "and --key-tokens"));
}
