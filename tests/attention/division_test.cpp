#include "attention/division.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace attn;

namespace {

std::vector<double> loads(const std::vector<double>& areas, const std::vector<std::size_t>& owners,
                          std::size_t ranks) {
    std::vector<double> load(ranks, 0);
    for (std::size_t i = 0; i < areas.size(); ++i) load.at(owners[i]) += areas[i];
    return load;
}

}  // namespace

TEST_CASE("heads of one size are dealt out evenly") {
    const std::vector<double> areas(12, 5.0);
    CHECK(loads(areas, deal_out(areas, 3), 3) == std::vector<double>{20, 20, 20});
    const std::vector<double> seven = loads(areas, deal_out(areas, 7), 7);
    CHECK(*std::max_element(seven.begin(), seven.end()) == 10);
    CHECK(*std::min_element(seven.begin(), seven.end()) == 5);
}

TEST_CASE("long sequences go with short ones") {
    const std::vector<double> areas{9, 9, 1, 1, 5, 5};
    CHECK(loads(areas, deal_out(areas, 2), 2) == std::vector<double>{15, 15});
}

TEST_CASE("layers of one head go to one rank after another") {
    for (std::size_t layer = 0; layer < 5; ++layer)
        CHECK(deal_out({3.0}, 3, layer) == std::vector<std::size_t>{layer % 3});
}

TEST_CASE("ranks without work are told of, and only these") {
    std::vector<std::string> warnings;
    const Warn warn = [&](const std::string& text) { warnings.push_back(text); };
    const Communicator three(0, 3, nullptr);
    warn_of_idle_ranks(three, 3, warn);
    warn_of_idle_ranks(Communicator(), 0, warn);
    CHECK(warnings.empty());
    warn_of_idle_ranks(three, 1, warn);
    CHECK(warnings ==
          std::vector<std::string>{"there is 1 head to compute and 3 ranks; a head is "
                                   "not divided, so that 2 of them have nothing to do"});
}

TEST_CASE("a head is cut into pieces of nearly the same area") {
    using Ends = std::vector<std::size_t>;
    CHECK(cut_evenly({1, 1, 1, 1}, 2) == Ends{2, 4});
    // Causal: the last rows are as long as the first ones together.
    CHECK(cut_evenly({1, 2, 3, 4, 5, 6, 7, 8}, 2) == Ends{6, 8});
    // More pieces than tiles: some are empty.
    CHECK(cut_evenly({1}, 3) == Ends{0, 1, 1});
    CHECK(cut_evenly({}, 2) == Ends{0, 0});
}

TEST_CASE("ranks without rows are told of") {
    std::vector<std::string> warnings;
    const Warn warn = [&](const std::string& text) { warnings.push_back(text); };
    Division division;
    division.ranks = Communicator(0, 3, nullptr);
    division.pieces = {{0, 0, 0, 4, 0}, {0, 0, 4, 8, 1}, {0, 0, 8, 8, 2}};
    warn_of_idle_ranks(division, 1, warn);
    CHECK(warnings ==
          std::vector<std::string>{"heads are dealt out in blocks of rows, too few for 3 "
                                   "ranks, so that 1 of them has nothing to do"});
    division.pieces[2].end = 12;
    warn_of_idle_ranks(division, 1, warn);
    CHECK(warnings.size() == 1);
}
