#include "attention/approx/philox.hpp"

#include <catch2/catch.hpp>

using namespace attn::approx;

// np.random.Philox(key=np.array([seed, stream], np.uint64)).random_raw(10)
TEST_CASE("words are those of numpy.random.Philox") {
    const std::vector<std::uint64_t> first{
        0x02f4ba6408e4d89b, 0x3dd62b0b9ca8c5b2, 0x1c8667a55d902e79, 0x907d7a052fd5b4dc,
        0x809bf322883987c3, 0x471128b9e807f7dd, 0xf250ba0dbec065b7, 0xfc6ed66767a457bc,
        0x40fa86f0f781945d, 0x31eed5a366689e12};
    CHECK(RandomStream(0, 0).words(0, 10) == first);
    CHECK(RandomStream(0, 1).word(0) == 0xd037f8c3f9a1d176);
    CHECK(RandomStream(18446744073709551615U, 9223372036854775813U).words(8, 2) ==
          std::vector<std::uint64_t>{0x455913fa31750512, 0x174d4bdda5a54900});
}

TEST_CASE("a stream is named by purpose, head, layer and round") {
    const RandomStream named(7, Purpose::hash_rotations, 2, 1, 3);
    CHECK(named.word(0) == 0xa2cbfeb7f472d166);  // stream 844429225230341
    CHECK(named.words(0, 4) == RandomStream(7, 844429225230341).words(0, 4));
}

TEST_CASE("any word is available without those before it") {
    const RandomStream stream(5, 9);
    const auto words = stream.words(0, 23);
    for (std::size_t i = 0; i < words.size(); ++i) CHECK(stream.word(i) == words[i]);
    CHECK(stream.words(6, 9) == std::vector<std::uint64_t>(words.begin() + 6, words.begin() + 15));
}

TEST_CASE("normal numbers come in pairs, and an odd count drops the last") {
    const RandomStream stream(0, 0);
    const auto normals = stream.normals(3);
    REQUIRE(normals.size() == 3);
    CHECK(normals[0] == Approx(0.158533834518).epsilon(1e-11));
    CHECK(normals[1] == Approx(2.98287928262).epsilon(1e-11));
    CHECK(normals[2] == Approx(-1.92569198192).epsilon(1e-11));
    CHECK(stream.normals(10)[2] == normals[2]);
}

TEST_CASE("choices are the smallest words, each once") {
    const RandomStream stream(0, 0);
    // The words of 0 … 9 above: the smallest are those of 0, 2 and 9.
    CHECK(stream.choose({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 3) == std::vector<std::size_t>{0, 2, 9});
    CHECK(stream.choose({3, 4}, 5) == std::vector<std::size_t>{4, 3});
    CHECK(stream.choose({}, 2).empty());
    for (std::uint64_t i = 0; i < 100; ++i) CHECK(stream.index_below(i, 7) < 7);
    CHECK(stream.index_below(3, 1000) == (std::uint64_t{0x907d7a05} * 1000) >> 32);
}
