#include "render/axis.hpp"

#include <catch2/catch.hpp>

using namespace attn::render;

namespace {

std::vector<std::string> texts(const Axis& axis) {
    std::vector<std::string> result;
    for (const AxisLabel& label : axis.labels) result.push_back(label.text);
    return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("large cells have all their tokens, small ones every second or fifth") {
    const Texts tokens{"a", "b", "c", "d", "e", "f", "g"};
    const Font& font = Font::embedded();
    CHECK(texts(make_axis(tokens, {0, 7}, {14, 1}, font, 12, false)) == tokens);
    CHECK(texts(make_axis(tokens, {0, 7}, {7, 1}, font, 12, false)) == Texts{"a", "c", "e", "g"});
    CHECK(texts(make_axis(tokens, {0, 7}, {3, 1}, font, 12, false)) == Texts{"a", "f"});
}

TEST_CASE("a window shows the labels of its own positions") {
    const Texts tokens{"a", "b", "c", "d", "e", "f", "g"};
    const Axis axis = make_axis(tokens, {3, 2}, {14, 1}, Font::embedded(), 12, true);
    CHECK(texts(axis) == Texts{"d", "e"});
    CHECK(axis.labels[0].center == 7);
    CHECK(axis.labels[1].center == 21);
}

TEST_CASE("without tokens there are round indices, at their places among pooled cells") {
    const Axis axis = make_axis({}, {0, 4096}, {1, 4}, Font::embedded(), 12, true);
    REQUIRE(axis.labels.size() > 3);
    CHECK(axis.labels[0].text == "0");
    CHECK(axis.labels[1].text == "200");
    CHECK(axis.labels[1].center == 50);
    CHECK_FALSE(axis.tokens);
}

TEST_CASE("white space in tokens becomes visible") {
    CHECK(visible_token(" the") == "␣the");
    CHECK(visible_token("\n") == "\\n");
    CHECK(visible_token("a\tb\r") == "a\\tb\\r");
    CHECK(visible_token("").size() == 2);
}

TEST_CASE("long tokens are shortened") {
    const Axis axis =
        make_axis({std::string(100, 'w')}, {0, 1}, {20, 1}, Font::embedded(), 12, false);
    CHECK(axis.widest <= 9 * 12);
}

TEST_CASE("both axes are thinned by the same step") {
    const auto steps = [](std::size_t queries, std::size_t keys, const CellLayout& layout) {
        const AxisPair axes =
            make_axes({}, {0, queries}, {}, {0, keys}, layout, Font::embedded(), 12);
        return std::pair{axes.queries.step, axes.keys.step};
    };
    for (const std::size_t tokens : {20, 100, 512, 4000}) {
        for (const std::size_t pixels : {1, 3, 12, 28}) {
            const auto [queries, keys] = steps(tokens, tokens, {pixels, 1});
            CHECK(queries == keys);
        }
    }
    const AxisPair mixed =
        make_axes(Texts(64, "token"), {0, 64}, {}, {0, 64}, {5, 1}, Font::embedded(), 12);
    CHECK(mixed.queries.step == mixed.keys.step);
    // Where the other axis is long, a short one keeps its labels.
    CHECK(steps(5, 4000, {1, 1}).first < 100);
    CHECK(
        make_axes({}, {0, 2}, {}, {0, 4000}, {20, 1}, Font::embedded(), 12).queries.labels.size() ==
        2);
}
