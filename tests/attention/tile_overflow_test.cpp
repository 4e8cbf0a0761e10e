// Finite numbers in, numbers beyond the range out: an error that names the place.
#include "attention/tile_overflow.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "attention/layer.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

template <class T>
struct LargeScores {
    std::size_t queries = 3, keys = 4;
    std::vector<T> q, k, v;  // [1, 2, tokens, 2]
    AttentionOptions<T> options;

    LargeScores() : q(2 * queries * 2, 1), k(2 * keys * 2, 1), v(2 * keys * 2, 1) {}

    T& at(std::vector<T>& values, std::size_t head, std::size_t token, std::size_t column) const {
        return values[(head * (values.size() / 4) + token) * 2 + column];
    }
    AttentionSizes sizes() const { return {1, 2, queries, keys}; }
    Array<T> solve(bool allow = false) {
        options.allow_nonfinite = allow;
        const auto heads = [](const std::vector<T>& values) {
            return make_separate_heads(Array<T>({1, 2, values.size() / 4, 2}, values));
        };
        return compute_heads<T>(5, heads(q), heads(k), heads(v), options, {}).output;
    }
    std::string error() {
        try {
            solve();
        } catch (const Error& problem) {
            return problem.what();
        }
        return "none";
    }
};

// A number whose square is beyond the range, but not the number itself.
template <class T>
T large() {
    return std::sqrt(std::numeric_limits<T>::max()) * 2;
}

}  // namespace

TEMPLATE_TEST_CASE("a score beyond the range is refused with its place", "", float, double) {
    LargeScores<TestType> problem;
    for (const TestType sign : {TestType{1}, TestType{-1}}) {
        problem.at(problem.q, 1, 2, 0) = large<TestType>();
        problem.at(problem.k, 1, 3, 0) = sign * large<TestType>();
        const std::string error = problem.error();
        INFO(error);
        CHECK_THAT(error, Catch::StartsWith("layer 5, sequence 0, head 1, query 2, key 3: the "
                                            "score "));
        CHECK_THAT(error, Catch::Contains("--scale") && Catch::Contains("--allow-nonfinite"));
        const bool single = std::is_same_v<TestType, float>;
        CHECK((error.find("--precision f64") != std::string::npos) == single);
        CHECK_THAT(error, Catch::Contains(single ? "e+38" : "e+308") || Catch::Contains("e+39") ||
                              Catch::Contains("e+309"));
        CHECK_NOTHROW(problem.solve(true));
    }
}

TEST_CASE("a sum that leaves the range on its way is refused though its end is within") {
    LargeScores<float> problem;
    problem.at(problem.q, 0, 0, 0) = problem.at(problem.q, 0, 0, 1) = large<float>();
    problem.at(problem.k, 0, 1, 0) = large<float>();
    problem.at(problem.k, 0, 1, 1) = -large<float>();
    CHECK_THAT(problem.error(), Catch::Contains("head 0, query 0, key 1: a part of the sum"));
}

TEST_CASE("a small scale does not rescue a product that overflows before it") {
    LargeScores<float> problem;
    problem.options.scale = 1e-10;
    problem.at(problem.q, 0, 0, 0) = large<float>();
    problem.at(problem.k, 0, 1, 0) = large<float>();
    CHECK_THAT(problem.error(), Catch::Contains("query 0, key 1"));
}

TEST_CASE("a softcap does not hide a score beyond the range") {
    LargeScores<float> problem;
    problem.options.softcap = 30;
    problem.at(problem.q, 0, 1, 0) = large<float>();
    problem.at(problem.k, 0, 2, 0) = large<float>();
    CHECK_THAT(problem.error(), Catch::Contains("query 1, key 2"));
}

TEST_CASE("a score beyond the range that is masked is none") {
    LargeScores<float> problem;
    problem.at(problem.q, 1, 0, 0) = large<float>();
    problem.at(problem.k, 1, 3, 0) = large<float>();
    problem.options.mask.structure.causal = true;
    CHECK(problem.error() == "none");
    problem.options.mask.structure.causal = false;
    problem.options.mask.may_attend = {Array<float>({4}, {1, 1, 1, 0}), problem.sizes(), "", ""};
    CHECK(problem.error() == "none");
}

TEMPLATE_TEST_CASE("biases that push a score out of the range are refused", "", float, double) {
    const TestType most = std::numeric_limits<TestType>::max();
    LargeScores<TestType> problem;
    const auto add = [&](std::vector<TestType> row) {
        return Broadcast<TestType>(Array<TestType>({4}, std::move(row)), problem.sizes(), "", "");
    };
    problem.options.mask.bias = add({0, 0, most, 0});
    CHECK(problem.error() == "none");
    problem.options.mask.added = add({0, 0, most / 2, 0});
    CHECK_THAT(problem.error(),
               Catch::StartsWith("layer 5, sequence 0, head 0, query 0, key 2: ") &&
                   Catch::Contains("biases"));
    // Far below all others a weight is 0, and no number is wrong.
    problem.options.mask.bias = add({0, 0, -most, 0});
    problem.options.mask.added = add({0, 0, -most, 0});
    CHECK(problem.error() == "none");
    // But a row of them would look like one without keys.
    problem.options.mask.bias = problem.options.mask.added = add({-most, -most, -most, -most});
    CHECK_THAT(problem.error(), Catch::Contains("all of its row"));
}

TEST_CASE("queries, keys and values that are not finite any more are refused with their place") {
    const float infinity = std::numeric_limits<float>::infinity();
    LargeScores<float> queries, keys, values;
    queries.at(queries.q, 1, 2, 0) = infinity;
    CHECK_THAT(queries.error(), Catch::Contains("head 1, query 2: the query itself"));
    keys.at(keys.k, 1, 3, 1) = -infinity;
    CHECK_THAT(keys.error(), Catch::Contains("head 1, key 3: the key itself"));
    values.at(values.v, 0, 1, 1) = infinity;
    CHECK_THAT(values.error(), Catch::Contains("head 0, key 1: the value of the key"));
}

TEST_CASE("a context beyond the range is refused with its place") {
    // Of several pieces the sums of exponentials go beyond what their mean is.
    LargeScores<float> problem;
    problem.queries = 48;
    problem.keys = 6000;
    problem.q.assign(2 * problem.queries * 2, 0);
    problem.k.assign(2 * problem.keys * 2, 0);
    problem.v.assign(2 * problem.keys * 2, std::numeric_limits<float>::max());
    CHECK_THAT(problem.error(), Catch::Contains("column 0: the context"));
}

TEST_CASE("which place is named does not depend on the number of threads") {
    LargeScores<float> problem;
    problem.queries = 400;
    problem.q.assign(2 * problem.queries * 2, large<float>());
    problem.k.assign(2 * problem.keys * 2, large<float>());
    std::string first;
    for (const std::size_t threads : {1, 2, 4, 4, 4}) {
        const ThreadLimit limit(threads);
        const std::string error = problem.error();
        if (first.empty()) first = error;
        CHECK(error == first);
    }
}
