#include "attention/definition.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "support/conventions.hpp"

using namespace attn;
using test::all_rows;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kLn2 = std::log(2.0), kLn3 = std::log(3.0);

using Numbers = std::vector<double>;

// One head of one sequence.
Heads<double> tokens(const Numbers& values, std::size_t width = 1) {
    return make_separate_heads(Array<double>({1, 1, values.size() / width, width}, values));
}

// Attention of width 1 whose scale is 1.
struct Small {
    Numbers q, k, v;
    AttentionOptions<double> options;

    Small(Numbers q_, Numbers k_, Numbers v_)
        : q(std::move(q_)), k(std::move(k_)), v(std::move(v_)) {
        options.scale = 1;
    }
    DefinedHead<double> define() const {
        return define_head<double>(tokens(q).view, tokens(k).view, tokens(v).view, options, {},
                                   all_rows(q.size()));
    }
    Broadcast<double> array(const Numbers& row) const {
        return {Array<double>({row.size()}, row), {1, 1, q.size(), k.size()}, "row", "--x"};
    }
};

void check_equal(const Array<double>& array, const Numbers& expected) {
    REQUIRE(array.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        INFO("number " << i);
        if (std::isfinite(expected[i])) CHECK(array.data()[i] == Approx(expected[i]).margin(1e-15));
        if (!std::isfinite(expected[i])) CHECK(array.data()[i] == expected[i]);
    }
}

}  // namespace

TEST_CASE("by definition weights are softmax of q k and the context their mean of values") {
    const auto head = Small({1}, {0, kLn3}, {0, 4}).define();
    check_equal(head.scaled, {0, kLn3});
    check_equal(head.scores, {0, kLn3});
    check_equal(head.weights, {0.25, 0.75});
    check_equal(head.context, {3});
    CHECK(head.logsumexp[0] == Approx(std::log(4.0)));
}

TEST_CASE("by definition the scale is one over the root of the width") {
    const Heads<double> q = tokens({1, 1, 1, 1}, 4), k = tokens({1, 2, 3, 4, 0, 0, 0, 2}, 4);
    const auto head =
        define_head<double>(q.view, k.view, k.view, AttentionOptions<double>(), {}, {0});
    check_equal(head.scaled, {5, 1});
}

TEST_CASE("by definition a soft cap bends scores before anything is added") {
    Small small({1}, {std::atanh(0.5), 0}, {1, 1});
    small.options.softcap = 1;
    small.options.mask.bias = small.array({2, 0});
    const auto head = small.define();
    check_equal(head.scaled, {std::atanh(0.5), 0});
    check_equal(head.softcapped, {0.5, 0});
    check_equal(head.scores, {2.5, 0});
    check_equal(head.added, {2, 0});
}

TEST_CASE("by definition a query without keys has zeros") {
    Small small({1, 1}, {0, 0}, {3, 5});
    small.options.mask.structure.causal = true;
    small.options.mask.structure.offsets = {-1};
    const auto head = small.define();
    check_equal(head.scores, {-kInfinity, -kInfinity, 0, -kInfinity});
    check_equal(head.weights, {0, 0, 1, 0});
    check_equal(head.context, {0, 3});
    CHECK(head.logsumexp[0] == -kInfinity);
    CHECK(head.may_attend == std::vector<std::uint8_t>{0, 0, 1, 0});
}

TEST_CASE("by definition windows and lengths count from where the query stands") {
    Small small({1, 1, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0});
    MaskStructure& structure = small.options.mask.structure;
    structure.window_left = 1;
    structure.window_right = 0;
    structure.offsets = {1};
    structure.key_lengths = {3};
    CHECK(small.define().may_attend ==
          std::vector<std::uint8_t>{1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0});
}

TEST_CASE("by definition a sink takes part of a row and gives nothing") {
    Small small({1}, {0, 0}, {4, 4});
    small.options.sinks = {kLn2};
    const auto head = small.define();
    check_equal(head.weights, {0.25, 0.25});
    check_equal(head.context, {2});
    CHECK(head.logsumexp[0] == Approx(std::log(4.0)));
    small.options.mask.structure.key_lengths = {0};
    check_equal(small.define().weights, {0, 0});
}

TEST_CASE("by definition arrays forbid with zeros, with -inf and beyond their keys") {
    Small small({1}, {0, 0, 0, 0}, {1, 2, 4, 8});
    small.options.mask.may_attend = small.array({1, 0, 1});
    check_equal(small.define().weights, {0.5, 0, 0.5, 0});
    small.options.mask.added = small.array({-kInfinity, 7, kLn2});
    check_equal(small.define().scores, {-kInfinity, -kInfinity, kLn2, -kInfinity});
    small.options.mask.bias = small.array({0, 0, -kInfinity, 0});
    check_equal(small.define().weights, {0, 0, 0, 0});
}

TEST_CASE("by definition ALiBi and relative positions add by distance") {
    Small alibi({1, 1}, {0, 0}, {0, 0});
    alibi.options.mask.alibi = {kLn2};
    check_equal(alibi.define().scores, {0, kLn2, -kLn2, 0});

    Small relative({1, 1}, {0, 0}, {0, 0});
    RelativeBuckets buckets;
    buckets.buckets = 4;
    relative.options.mask.relative = {Array<double>({4, 1}, {10, 11, 12, 13}), buckets};
    check_equal(relative.define().scores, {10, 10, 11, 10});
}

TEST_CASE("by definition grouped heads share keys in either order") {
    const Heads<double> q = make_separate_heads(Array<double>({1, 4, 1, 1}, {1, 1, 1, 1}));
    const Heads<double> kv = make_separate_heads(Array<double>({1, 2, 1, 1}, {5, 7}));
    AttentionOptions<double> options;
    const auto values = [&] {
        Numbers all;
        for (std::size_t head = 0; head < 4; ++head)
            all.push_back(define_head<double>(q.view, kv.view, kv.view, options, {0, head}, {0})
                              .context.data()[0]);
        return all;
    };
    CHECK(values() == Numbers{5, 5, 7, 7});
    options.kv_order = KvOrder::tile;
    CHECK(values() == Numbers{5, 7, 5, 7});
}

TEST_CASE("by definition rotary positions rotate pairs of queries and keys") {
    const double quarter = std::acos(-1.0) / 2;
    AttentionOptions<double> options;
    RotaryOptions<double> rotary;
    rotary.frequencies.radians = {quarter, 0};
    rotary.positions = {0, 1};
    rotary.table = make_rotary_table<double>(rotary.positions, rotary.frequencies);
    rotary.query_rows = {0, 1};
    rotary.key_rows = {1, 0};
    const Heads<double> q = tokens({1, 2, 3, 4, 1, 2, 3, 4}, 4);
    const auto rotated = [&](RotaryPairs pairs) {
        rotary.pairs = pairs;
        options.rotary = rotary;
        return define_head<double>(q.view, q.view, q.view, options, {}, {0, 1});
    };
    const auto halves = rotated(RotaryPairs::half_split);
    check_equal(halves.q, {1, 2, 3, 4, -3, 2, 1, 4});
    check_equal(halves.k, {-3, 2, 1, 4, 1, 2, 3, 4});
    check_equal(rotated(RotaryPairs::interleaved).q, {1, 2, 3, 4, -2, 1, 3, 4});
}

TEST_CASE("by definition a cache stands in front of the keys, already rotated") {
    Small small({1}, {kLn3}, {4});
    small.options.past_key = Array<double>({1, 1, 1, 1}, {0});
    small.options.past_value = Array<double>({1, 1, 1, 1}, {8});
    const auto head = small.define();
    check_equal(head.weights, {0.25, 0.75});
    check_equal(head.context, {5});
}

TEST_CASE("by definition masked keys take no part, whatever they hold") {
    Small small({1, 1}, {0, std::nan("")}, {3, kInfinity});
    small.options.mask.structure.causal = true;
    const auto head = small.define();
    CHECK(head.context.data()[0] == 3);
    CHECK(std::isnan(head.context.data()[1]));
    check_equal(Array<double>({2}, {head.weights.data()[0], head.weights.data()[1]}), {1, 0});
    Small infinite({1}, {0, 0}, {3, kInfinity});
    CHECK(infinite.define().context.data()[0] == kInfinity);
}

TEST_CASE("chosen queries have the rows that all queries have") {
    const auto problem = test::random_problem<double>(7);
    const auto& view = problem.q.view;
    const auto all = test::define<double>(problem, {0, view.heads - 1});
    const std::size_t last = view.tokens - 1, keys = problem.keys();
    const auto some = define_head<double>(view, problem.k.view, problem.v.view, problem.options,
                                          {0, view.heads - 1}, {last, 0});
    for (std::size_t key = 0; key < keys; ++key) {
        CHECK(some.weights.data()[key] ==
              Approx(all.weights.data()[last * keys + key]).margin(1e-14));
        CHECK(some.weights.data()[keys + key] == Approx(all.weights.data()[key]).margin(1e-14));
    }
}
