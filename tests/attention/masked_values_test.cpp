// What masked keys and values hold is of no account: NaN and infinity behind a mask change no bit.
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>

#include "attention/layer.hpp"
#include "support/arrays.hpp"
#include "support/recorder.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kSequences = 2, kQueryHeads = 4, kKeyHeads = 2, kD = 5;

// Keys that no query may attend, of every sequence; the same in the last sizes of a problem.
using Broken = std::vector<std::size_t>;

template <class T>
struct MaskedProblem {
    std::size_t queries = 7, keys = 9, past = 0;
    AttentionOptions<T> options;

    AttentionSizes sizes() const { return {kSequences, kQueryHeads, queries, past + keys}; }

    struct Result {
        Array<T> weights, scores, output;
    };

    // With `value` in all keys and values of the tokens `broken`, which count those of the cache.
    Result solve(const Broken& broken, T value) const {
        const auto make = [&](std::size_t heads, std::size_t tokens, std::size_t first,
                              unsigned seed) {
            const Array<T> array = random_array<T>({kSequences, heads, tokens, kD}, seed);
            std::vector<T> values(array.values().begin(), array.values().end());
            for (std::size_t matrix = 0; matrix < kSequences * heads; ++matrix) {
                for (const std::size_t token : broken) {
                    if (token < first || token >= first + tokens) continue;
                    const std::size_t at = (matrix * tokens + token - first) * kD;
                    std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(at), kD, value);
                }
            }
            return Array<T>(array.shape(), std::move(values));
        };
        AttentionOptions<T> all = options;
        all.allow_nonfinite = true;
        if (past > 0) {
            all.past_key = make(kKeyHeads, past, 0, 4);
            all.past_value = make(kKeyHeads, past, 0, 5);
        }
        const Heads<T> q =
            make_separate_heads(random_array<T>({kSequences, kQueryHeads, queries, kD}, 1));
        const Heads<T> k = make_separate_heads(make(kKeyHeads, keys, past, 2));
        const Heads<T> v = make_separate_heads(make(kKeyHeads, keys, past, 3));
        Recorder<T> recorder;
        const LayerResult<T> result = compute_heads<T>(0, q, k, v, all, {&recorder});
        return {recorder.weight_array(), recorder.score_array(), result.output};
    }
};

template <class T>
bool same_bits(const Array<T>& a, const Array<T>& b) {
    return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
bool has_nan(const Array<T>& a) {
    return std::any_of(a.values().begin(), a.values().end(), [](T x) { return x != x; });
}

template <class T>
void check_of_no_account(const MaskedProblem<T>& problem, const Broken& broken) {
    const auto clean = problem.solve(broken, T{0});
    CHECK_FALSE(has_nan(clean.output));
    constexpr T infinity = std::numeric_limits<T>::infinity();
    for (const T value : {std::numeric_limits<T>::quiet_NaN(), infinity, -infinity}) {
        const auto result = problem.solve(broken, value);
        CHECK(same_bits(result.weights, clean.weights));
        CHECK(same_bits(result.scores, clean.scores));
        CHECK(same_bits(result.output, clean.output));
    }
}

template <class T>
Broadcast<T> forbid(const MaskedProblem<T>& problem, const Broken& broken, T allowed, T forbidden) {
    std::vector<T> values(problem.sizes().keys, allowed);
    for (const std::size_t key : broken) values[key] = forbidden;
    return {Array<T>({values.size()}, values), problem.sizes(), "mask", "--mask"};
}

}  // namespace

TEMPLATE_TEST_CASE("what stands behind a mask of any kind changes no bit", "", float, double) {
    constexpr TestType infinity = std::numeric_limits<TestType>::infinity();
    MaskedProblem<TestType> problem;
    Broken broken{7, 8};
    SECTION("key lengths") {
        problem.options.mask.structure.key_lengths = {7, 3};
    }
    SECTION("a causal mask with keys behind the last query") {
        problem.options.mask.structure.causal = true;
    }
    SECTION("a window") {
        problem.options.mask.structure.window_left = 1;
        problem.options.mask.structure.window_right = 0;
        problem.options.mask.structure.offsets = {2, 3};
        broken = {0};
    }
    SECTION("a mask of true and false") {
        broken = {0, 4};
        problem.options.mask.may_attend = forbid<TestType>(problem, broken, 1, 0);
    }
    SECTION("a mask of numbers") {
        broken = {3};
        problem.options.mask.added = forbid<TestType>(problem, broken, 0, -infinity);
    }
    SECTION("a bias of -inf") {
        broken = {0, 8};
        problem.options.mask.bias = forbid<TestType>(problem, broken, 1, -infinity);
    }
    SECTION("a short mask") {
        const Array<TestType> mask({6}, std::vector<TestType>(6, 1));
        problem.options.mask.may_attend = {mask, problem.sizes(), "mask", "--mask"};
        broken = {6, 7, 8};
    }
    SECTION("sinks and a softcap") {
        problem.options.mask.structure.key_lengths = {7, 7};
        problem.options.sinks = {0, 1, -1, 2};
        problem.options.softcap = 3;
    }
    SECTION("key/value heads in tiled order") {
        problem.options.mask.structure.key_lengths = {7, 1};
        problem.options.kv_order = KvOrder::tile;
    }
    SECTION("a cache") {
        problem.past = 4;
        broken = {0, 2};
        problem.options.mask.may_attend = forbid<TestType>(problem, broken, 1, 0);
    }
    SECTION("rows in several pieces and blocks") {
        problem.queries = 50;
        problem.keys = 6000;
        broken = {0, 2999, 5999};
        problem.options.mask.may_attend = forbid<TestType>(problem, broken, 1, 0);
    }
    SECTION("no key at all") {
        problem.options.mask.structure.key_lengths = {0, 0};
        broken = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    }
    check_of_no_account(problem, broken);
}

TEST_CASE(
    "a value that is not finite counts for the queries that may attend it, and for no other") {
    MaskedProblem<float> problem;
    problem.options.mask.structure.causal = true;
    const auto clean = problem.solve({}, 0);
    std::vector<float> v;
    const auto result = problem.solve({3}, std::numeric_limits<float>::quiet_NaN());
    const std::size_t width = kQueryHeads * kD;
    for (std::size_t row = 0; row < kSequences * problem.queries; ++row) {
        const bool sees = row % problem.queries >= 3;
        for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
            if (sees) CHECK(std::isnan(result.output.data()[i]));
            if (!sees) CHECK(result.output.data()[i] == clean.output.data()[i]);
        }
    }
}

TEST_CASE("an infinite value makes the columns infinite that hold it") {
    const Array<float> q({1, 1, 2, 1}, {0, 0}), k({1, 1, 2, 1}, {0, 0});
    const float infinity = std::numeric_limits<float>::infinity();
    const Array<float> v({1, 1, 2, 3}, {1, infinity, 3, 3, -4, -infinity});
    AttentionOptions<float> options;
    options.allow_nonfinite = true;
    options.mask.structure.causal = true;
    const auto result = compute_heads<float>(0, make_separate_heads(q), make_separate_heads(k),
                                             make_separate_heads(v), options, {});
    const std::vector<float> expected{1, infinity, 3, 2, infinity, -infinity};
    CHECK(std::vector<float>(result.output.values().begin(), result.output.values().end()) ==
          expected);
}
