#include "source/upstream.hpp"

#include <catch2/catch.hpp>

#include "support/array_files.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;
using source::parse_upstream;
using source::Upstream;

namespace {

Array<double> gradient_of(const std::string& text, const Shape& shape, std::size_t layer = 0,
                          std::size_t layers = 0) {
    io::Inputs inputs;
    return source::upstream_gradient<double>(parse_upstream(text), shape,
                                             random_array<double>(shape, 1), layer, layers, inputs);
}

}  // namespace

TEST_CASE("an upstream is a word, a token, a logit or an array") {
    CHECK(parse_upstream("sum").kind == Upstream::Kind::sum);
    CHECK(parse_upstream("energy").kind == Upstream::Kind::energy);
    CHECK(parse_upstream("token:4").token == 4);
    const Upstream logit = parse_upstream("logit:10,2");
    CHECK(logit.token == 10);
    CHECK(logit.vocabulary_entry == 2);
    CHECK(parse_upstream("./sum").array == "./sum");
    for (const char* wrong : {"token:", "token:-1", "token:1.5", "logit:3", "logit:1,2,3", ""})
        CHECK_THROWS_WITH(parse_upstream(wrong), Catch::Contains("--upstream"));
}

TEST_CASE("a word that is no upstream and no file is refused with the nearest that there is") {
    CHECK_THROWS_WITH(parse_upstream("enrgy"),
                      "--upstream enrgy: expected sum, energy, token:I, logit:P,T or an array; did "
                      "you mean energy?");
    CHECK_THROWS_WITH(
        parse_upstream("tokn:3", "--grad"),
        Catch::Contains("--grad tokn:3: expected sum") && Catch::Contains("did you mean token?"));
    CHECK_THROWS_WITH(parse_upstream("zebra"), Catch::EndsWith("or an array"));
    for (const char* file : {"missing.npy", "folder/missing", "-", "weights.npz:grad"})
        CHECK(parse_upstream(file).array == file);
}

TEST_CASE("a token's upstream is ones in its row of every sequence") {
    const Array<double> expected({2, 2, 1}, {0, 1, 0, 1});
    CHECK(max_difference(gradient_of("token:1", {2, 2, 1}), expected) == 0);
    CHECK_THROWS_WITH(gradient_of("token:2", {2, 2, 1}),
                      "--upstream token:2: there are 2 tokens, counted from 0");
}

TEST_CASE("the gradient of the energy is the output") {
    CHECK(max_difference(gradient_of("energy", {1, 2, 3}), random_array<double>({1, 2, 3}, 1)) ==
          0);
}

TEST_CASE("an array has the shape of the output, or one for each layer") {
    const TempFolder folder;
    const std::string flat = write_array<double>(folder, "a.npy", {2, 1}, {1, 2});
    const std::string both = write_array<double>(folder, "b.npy", {2, 2, 1}, {1, 2, 3, 4});
    CHECK(gradient_of(flat, {1, 2, 1}).data()[1] == 2);
    CHECK(gradient_of(both, {2, 2, 1}).data()[3] == 4);
    CHECK(gradient_of(both, {1, 2, 1}, 1, 2).data()[0] == 3);
    CHECK_THROWS_WITH(gradient_of(both, {1, 2, 1}),
                      Catch::Contains("[2, 2, 1]: expected [2, 1], the shape of the output"));
    CHECK_THROWS_WITH(gradient_of(both, {1, 3, 1}, 0, 2),
                      Catch::Contains("or one for each of the 2 layers"));
}
