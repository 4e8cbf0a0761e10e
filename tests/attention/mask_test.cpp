#include "attention/mask.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "support/mask.hpp"

using attn::Array;
using attn::AttentionSizes;
using attn::Broadcast;
using attn::KeyRange;
using attn::Mask;
using attn::MaskOptions;
using attn::MaskStructure;

namespace {

Mask<float> with(const MaskStructure& structure, std::size_t keys) {
    MaskOptions<float> options;
    options.structure = structure;
    return Mask<float>(options, keys);
}

// "begin-end" for queries 0 … count - 1
std::vector<std::string> ranges(const MaskStructure& structure, std::size_t keys,
                                std::size_t count) {
    std::vector<std::string> result;
    for (std::size_t query = 0; query < count; ++query) {
        const KeyRange range = with(structure, keys).allowed(0, query);
        result.push_back(
            range.empty() ? "none" : std::to_string(range.begin) + "-" + std::to_string(range.end));
    }
    return result;
}

using Ranges = std::vector<std::string>;
const float kForbidden = -std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("without a mask every key may be attended") {
    CHECK(ranges({}, 5, 2) == Ranges{"0-5", "0-5"});
}

TEST_CASE("a causal query attends to itself and what is before") {
    MaskStructure structure;
    structure.causal = true;
    CHECK(ranges(structure, 3, 5) == Ranges{"0-1", "0-2", "0-3", "0-3", "0-3"});
    structure.offsets = {2};
    CHECK(ranges(structure, 5, 3) == Ranges{"0-3", "0-4", "0-5"});
    structure.offsets = {-2};
    CHECK(ranges(structure, 5, 4) == Ranges{"none", "none", "0-1", "0-2"});
}

TEST_CASE("a window counts from the query's own position") {
    MaskStructure structure;
    structure.window_left = 1;
    structure.window_right = 2;
    CHECK(ranges(structure, 6, 6) == Ranges{"0-3", "0-4", "1-5", "2-6", "3-6", "4-6"});
    structure.window_right = {};
    CHECK(ranges(structure, 4, 3) == Ranges{"0-4", "0-4", "1-4"});
    structure.causal = true;
    CHECK(ranges(structure, 4, 4) == Ranges{"0-1", "0-2", "1-3", "2-4"});
    structure.window_left = {};
    structure.causal = false;
    structure.window_right = 0;
    CHECK(ranges(structure, 4, 2) == Ranges{"0-1", "0-2"});
}

TEST_CASE("lengths and offsets are each sequence's own") {
    MaskStructure structure;
    structure.causal = true;
    structure.offsets = {0, 3};
    structure.key_lengths = {2, 5};
    const Mask<float> mask = with(structure, 6);
    CHECK(mask.allowed(0, 4).end == 2);
    CHECK(mask.allowed(1, 0).end == 4);
    CHECK(mask.allowed(1, 4).end == 5);
}

TEST_CASE("the range of a block is the hull of its rows") {
    MaskStructure structure;
    structure.causal = true;
    structure.window_left = 3;
    for (const std::ptrdiff_t offset : {-9, -2, 0, 4, 30}) {
        structure.offsets = {offset};
        const Mask<float> mask = with(structure, 20);
        for (std::size_t first = 0; first < 20; ++first) {
            for (std::size_t rows = 0; first + rows <= 20; ++rows) {
                std::size_t begin = 20, end = 0;
                for (std::size_t row = first; row < first + rows; ++row) {
                    const KeyRange range = mask.allowed(0, row);
                    if (range.empty()) continue;
                    begin = std::min(begin, range.begin);
                    end = std::max(end, range.end);
                }
                const KeyRange hull = mask.allowed(0, first, rows);
                if (begin >= end) {
                    CHECK(hull.empty());
                } else {
                    CHECK((hull.begin == begin && hull.end == end));
                }
            }
        }
    }
}

TEST_CASE("mask arrays forbid single keys, whatever their score was") {
    const AttentionSizes sizes{1, 1, 1, 4};
    MaskOptions<float> options;
    options.may_attend = Broadcast<float>(Array<float>({3}, {1, 0, 1}), sizes, "m", "--mask");
    options.added =
        Broadcast<float>(Array<float>({1, 4}, {0.5F, 0, kForbidden, 0}), sizes, "a", "--mask");
    const Mask<float> mask(options, 4);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> scores{1, nan, -kForbidden, 2};
    std::vector<std::uint8_t> blocked(4);
    mask.apply(0, 0, 0, {0, 4}, scores.data(), blocked.data());
    CHECK(scores == std::vector<float>{1.5F, kForbidden, kForbidden, kForbidden});
    CHECK(blocked == std::vector<std::uint8_t>{0, 1, 1, 1});
}

TEST_CASE("arrays broadcast over the axes that they lack") {
    const AttentionSizes sizes{2, 3, 4, 5};
    const auto value = [&](attn::Shape shape, std::size_t b, std::size_t h, std::size_t q,
                           std::size_t k) {
        std::vector<float> numbers(attn::element_count(shape, "x"));
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
        return Broadcast<float>(Array<float>(shape, numbers), sizes, "x", "--mask").at(b, h, q, k);
    };
    CHECK(value({5}, 1, 2, 3, 4) == 4);
    CHECK(value({4, 5}, 1, 2, 3, 4) == 19);
    CHECK(value({3, 4, 5}, 1, 2, 3, 4) == 59);
    CHECK(value({3, 1, 5}, 1, 2, 3, 4) == 14);
    CHECK(value({2, 1, 4, 5}, 1, 2, 3, 4) == 39);
    CHECK(value({2, 3, 4, 5}, 1, 2, 3, 4) == 119);
    CHECK(value({4, 1}, 1, 2, 3, 4) == 3);
}

TEST_CASE("arrays that do not broadcast are refused with both shapes") {
    const AttentionSizes sizes{2, 3, 4, 5};
    for (const attn::Shape& shape :
         {attn::Shape{6}, {3, 5}, {2, 4, 5}, {3, 3, 4, 5}, {1, 2, 3, 4, 5}, {}}) {
        const Array<float> array(shape, std::vector<float>(attn::element_count(shape, "m")));
        CHECK_THROWS_WITH(Broadcast<float>(array, sizes, "m.npy", "--mask"),
                          Catch::Contains("m.npy " + attn::to_string(shape) +
                                          ": does not broadcast to [2, 3, 4, 5]") &&
                              Catch::Contains("--mask"));
    }
}
