#include "pipeline/rollout_picture.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "support/picture.hpp"

using namespace attn;
using namespace attn::pipeline;

namespace {

std::map<std::string, std::string> drawn(RolloutPictureFacts facts,
                                         const std::vector<Matrix<double>>& heads, bool plain) {
    results::HeatmapOptions options;
    options.plain = plain;
    std::map<std::string, std::string> files;
    facts.words = {"what", "rollout", "share", "note"};
    facts.sequences = {0};
    facts.rows = heads.front().rows;
    facts.columns = heads.front().columns;
    RolloutPicture picture(
        std::move(facts), options,
        [&](const std::string& name, const std::string& bytes) { files[name] = bytes; }, nullptr);
    for (std::size_t head = 0; head < heads.size(); ++head) picture.add(0, head, heads[head]);
    picture.finish();
    return files;
}

Matrix<double> ramp(std::size_t rows, std::size_t columns) {
    Matrix<double> values(rows, columns);
    for (std::size_t i = 0; i < values.values.size(); ++i)
        values.values[i] = static_cast<double>(i) / 10;
    return values;
}

}  // namespace

TEST_CASE("one matrix is one picture under the name of the array") {
    const auto files = drawn({}, {ramp(2, 3)}, true);
    REQUIRE(files.size() == 1);
    CHECK(files.begin()->first == "rollout.png");
    CHECK(test::decode_png(files.begin()->second).width() == 3);
}

TEST_CASE("heads that are kept apart share a sheet") {
    RolloutPictureFacts facts;
    facts.heads = {2, 5};
    const auto one = drawn({}, {ramp(2, 3)}, false),
               two = drawn(facts, {ramp(2, 3), ramp(2, 3)}, false);
    REQUIRE(two.size() == 1);
    CHECK(two.begin()->first == "rollout.png");
    CHECK(test::decode_png(two.at("rollout.png")).width() !=
          test::decode_png(one.at("rollout.png")).width());
}

TEST_CASE("what no row can reach is drawn as masked") {
    RolloutPictureFacts facts;
    facts.ends = {1, 2};
    const auto masked = drawn(facts, {ramp(2, 2)}, true), free = drawn({}, {ramp(2, 2)}, true);
    CHECK(masked.at("rollout.png") != free.at("rollout.png"));
}

TEST_CASE("labels of some lines are theirs, or their numbers where there are none") {
    using Lists = std::vector<std::vector<std::string>>;
    CHECK(labels_of_lines({{"a", "b", "c"}}, {2, 0}, 3) == Lists{{"c", "a"}});
    CHECK(labels_of_lines({}, {2, 0}, 3) == Lists{{"2", "0"}});
    CHECK(labels_of_lines({}, {0, 1, 2}, 3).empty());
    CHECK(labels_of_lines({{"a", "b"}}, {1, 0}, 2) == Lists{{"a", "b"}});
}
