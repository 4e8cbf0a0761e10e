#include "analysis/wrong_structure.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using namespace attn::analysis;

namespace {

using Lengths = std::vector<std::size_t>;
using Offsets = std::vector<std::ptrdiff_t>;

// Two sequences of 5 and 3 valid keys out of 6, causal from the first key, with a window.
MaskStructure padded() {
    MaskStructure structure;
    structure.causal = true;
    structure.key_lengths = {5, 3};
    structure.window_left = 2;
    return structure;
}

template <class Change>
MaskStructure wrong(const Change& change, const MaskStructure& right = padded()) {
    Mistakes mistakes;
    change(mistakes);
    return wrong_structure(right, mistakes, 4, 6);
}

}  // namespace

TEST_CASE("without mistakes a structure stays as it is") {
    const MaskStructure same = wrong([](Mistakes&) {});
    CHECK(same.causal);
    CHECK(same.key_lengths == padded().key_lengths);
    CHECK(same.window_left == 2);
    CHECK(same.offsets == padded().offsets);
}

TEST_CASE("mistakes in lengths change lengths, or leave them to padding_allows") {
    CHECK(wrong([](Mistakes& m) { m.ignored_padding = true; }).key_lengths.empty());
    CHECK(wrong([](Mistakes& m) { m.padding = Padding::left; }).key_lengths.empty());
    CHECK(wrong([](Mistakes& m) { m.padding_of_next = true; }).key_lengths == Lengths{3, 5});
    CHECK(wrong([](Mistakes& m) { m.padding_step = 2; }).key_lengths == Lengths{6, 5});
    CHECK(wrong([](Mistakes& m) { m.padding_step = -4; }).key_lengths == Lengths{1, 0});
}

TEST_CASE("mistakes in windows move, drop or mirror them") {
    CHECK(wrong([](Mistakes& m) { m.window_shift = -1; }).window_left == 1);
    CHECK_FALSE(wrong([](Mistakes& m) { m.ignored_window = true; }).window_left);
    CHECK_FALSE(wrong([](Mistakes& m) { m.window_in_chunks = true; }).window_left);
    const MaskStructure mirrored = wrong([](Mistakes& m) { m.window_to_both_sides = true; });
    CHECK(mirrored.window_right == 2);
    CHECK_FALSE(mirrored.causal);
}

TEST_CASE("the other alignment is that of the last key, or of the first where that was right") {
    const auto change = [](Mistakes& m) { m.other_alignment = true; };
    CHECK(wrong(change).offsets == Offsets{1, -1});
    MaskStructure at_end = padded();
    at_end.offsets = {1, -1};
    CHECK(wrong(change, at_end).offsets == Offsets{0});
    CHECK(wrong([](Mistakes& m) { m.shift = -1; }).offsets == Offsets{-1});
}

TEST_CASE("lengths that were read from the other side mask other keys") {
    Mistakes mistakes;
    const auto allowed = [&](std::size_t query) {
        std::vector<bool> keys;
        for (std::size_t key = 0; key < 6; ++key)
            keys.push_back(padding_allows(padded(), mistakes, 1, query, key, 6));
        return keys;
    };
    CHECK(allowed(0) == std::vector<bool>(6, true));  // the structure has them
    mistakes.padding = Padding::left;
    CHECK(allowed(0) == std::vector<bool>{false, false, false, true, true, true});
    mistakes.padding = Padding::inverted;
    CHECK(allowed(0) == std::vector<bool>{false, false, false, true, true, true});
    mistakes.padding = Padding::queries;
    CHECK(allowed(2) == std::vector<bool>(6, true));
    CHECK(allowed(3) == std::vector<bool>(6, false));
}

TEST_CASE("a window in chunks is the query's chunk, one from the end the last keys") {
    Mistakes mistakes;
    const auto allowed = [&](std::size_t query) {
        std::vector<std::size_t> keys;
        for (std::size_t key = 0; key < 6; ++key)
            if (window_allows(padded(), mistakes, 0, query, key, 6)) keys.push_back(key);
        return keys;
    };
    CHECK(allowed(4).size() == 6);
    mistakes.window_in_chunks = true;
    CHECK(allowed(2) == Lengths{0, 1, 2});
    CHECK(allowed(4) == Lengths{3, 4, 5});
    mistakes = {};
    mistakes.window_from_end = true;
    CHECK(allowed(0) == Lengths{3, 4, 5});
}
