// What is right is called correct in any precision, and what is nearly right is not. Attention is
// computed here once more, as programs do it that round at other places and add in other orders.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "analysis/diagnosis.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// Given heads, causal or not.
struct Given {
    std::size_t heads, n, d;
    Heads<double> q, k, v;
    AttentionOptions<double> options;

    DenseInputs inputs() const {
        DenseInputs in;
        in.q = &q;
        in.k = &k;
        in.v = &v;
        in.options = &options;
        return in;
    }
};

Given given(unsigned seed) {
    std::mt19937 random(seed);
    Given all;
    all.heads = 1 + random() % 3;
    all.n = 8 + random() % 8;
    all.d = std::size_t{4} << random() % 3;
    std::normal_distribution<double> normal;
    const auto heads = [&] {
        std::vector<double> values(all.heads * all.n * all.d);
        for (double& value : values) value = static_cast<float>(normal(random));
        return make_separate_heads(Array<double>({1, all.heads, all.n, all.d}, std::move(values)));
    };
    all.q = heads();
    all.k = heads();
    all.v = heads();
    all.options.mask.structure.causal = random() % 2 == 0;
    return all;
}

// How a program computes.
struct Way {
    Rounding arithmetic = Rounding::none;  // of everything but sums and softmax; none: float32
    int scaled = 0;                        // 0: the scores, 1: the queries, 2: both by the root
    bool backwards = false;                // sums from the last term
    bool fused = false;                    // scores stay float32, exponentials are rounded
    double scale = 1;                      // times the right one
};

struct Results {
    std::vector<double> scores, weights, output;
};

Results compute(const Given& all, const Way& way) {
    const auto r = [&](float x) {
        return way.arithmetic == Rounding::none ? x
                                                : static_cast<float>(round_to(way.arithmetic, x));
    };
    const auto sum = [&](std::size_t count, const auto& term) {
        float total = 0;
        for (std::size_t i = 0; i < count; ++i) total += term(way.backwards ? count - 1 - i : i);
        return total;
    };
    const auto scale = static_cast<float>(way.scale / std::sqrt(static_cast<double>(all.d)));
    const bool causal = all.options.mask.structure.causal;
    Results results;
    results.output.resize(all.n * all.heads * all.d);
    for (std::size_t head = 0; head < all.heads; ++head) {
        const auto at = [&](const Heads<double>& heads, std::size_t row, std::size_t i) {
            const float x = r(static_cast<float>(heads.view.head(0, head).row(row)[i]));
            if (&heads == &all.v) return x;
            if (way.scaled == 2) return r(x * std::sqrt(scale));
            return way.scaled == 1 && &heads == &all.q ? r(x * scale) : x;
        };
        for (std::size_t query = 0; query < all.n; ++query) {
            const std::size_t keys = causal ? query + 1 : all.n;
            std::vector<float> scores(keys), e(keys);
            float high = -INFINITY;
            for (std::size_t key = 0; key < keys; ++key) {
                const float product = sum(
                    all.d, [&](std::size_t i) { return at(all.q, query, i) * at(all.k, key, i); });
                const float whole = way.fused ? product : r(product);
                scores[key] = way.scaled == 0 ? whole * scale : whole;
                if (!way.fused) scores[key] = r(scores[key]);
                high = std::max(high, scores[key]);
            }
            for (std::size_t key = 0; key < keys; ++key) e[key] = std::exp(scores[key] - high);
            const float total = sum(keys, [&](std::size_t key) { return e[key]; });
            for (std::size_t i = 0; i < all.d; ++i) {
                const float context = sum(keys, [&](std::size_t key) {
                    return (way.fused ? r(e[key]) : r(e[key] / total)) * at(all.v, key, i);
                });
                results.output[(query * all.heads + head) * all.d + i] =
                    way.fused ? context / total : context;
            }
            for (std::size_t key = 0; key < all.n; ++key) {
                results.scores.push_back(key < keys ? scores[key] : -INFINITY);
                results.weights.push_back(key < keys ? e[key] / total : 0);
            }
        }
    }
    return results;
}

Observation observe(const Given& all, const Results& results, Observed kind, Rounding saved) {
    std::vector<double> values = kind == Observed::scores    ? results.scores
                                 : kind == Observed::weights ? results.weights
                                                             : results.output;
    for (double& value : values)
        value = saved == Rounding::none ? static_cast<double>(static_cast<float>(value))
                                        : round_to(saved, value);
    const Shape shape = kind == Observed::output ? Shape{1, all.n, all.heads * all.d}
                                                 : Shape{1, all.heads, all.n, all.n};
    return {kind, Array<double>(shape, std::move(values))};
}

constexpr Observed kKinds[] = {Observed::weights, Observed::scores, Observed::output};
constexpr Rounding kTypes[] = {Rounding::none, Rounding::float16, Rounding::bfloat16};

std::string text(unsigned seed, Observed kind, Rounding type, const Way& way) {
    const char* const kinds[] = {"weights", "scores", "output"};
    return "seed " + std::to_string(seed) + ", " + kinds[static_cast<int>(kind)] + ", " +
           name_of(type) + ", way " + std::to_string(way.scaled) +
           (way.backwards ? " backwards" : "") + (way.fused ? " fused" : "") + ", arithmetic " +
           name_of(way.arithmetic);
}

std::string names_of(const Diagnosis& diagnosis) {
    std::string names;
    for (const Explanation& explanation : diagnosis.explanations) {
        names += std::to_string(explanation.residual) + ": ";
        for (const Hypothesis* mistake : explanation.mistakes)
            names += std::string(mistake->name) + " + ";
        names += explanation.detail + (explanation.fits() ? "; " : " (does not fit); ");
    }
    return names;
}

// The verdict about the right computation needs no search for mistakes.
Diagnosis judge(const Given& all, const Observation& seen) {
    DiagnosisOptions options;
    options.seconds = 1e-9;
    return diagnose(all.inputs(), seen, options);
}

}  // namespace

TEST_CASE("a thousand right attentions are correct, in any order and precision") {
    std::size_t tried = 0;
    for (unsigned seed = 0; seed < 56; ++seed) {
        const Given all = given(seed);
        for (int i = 0; i < 6; ++i) {
            Way way;
            way.scaled = i % 3;
            way.backwards = i >= 3;
            const Observed kind = kKinds[(seed + static_cast<unsigned>(i) / 3) % 3];
            const Results single = compute(all, way);
            for (const Rounding type : kTypes) {
                // Stored in the type, or computed in it, too.
                for (const bool computed : {false, true}) {
                    if (computed && type == Rounding::none) continue;
                    way.arithmetic = computed ? type : Rounding::none;
                    way.fused =
                        computed && kind == Observed::output && way.scaled == 0 && way.backwards;
                    if (way.scaled != 0 && kind == Observed::scores && computed && seed % 2 == 0)
                        continue;
                    const Observation seen =
                        observe(all, computed ? compute(all, way) : single, kind, type);
                    INFO(text(seed, kind, type, way));
                    const Diagnosis diagnosis = judge(all, seen);
                    INFO(names_of(diagnosis) << diagnosis.differences.largest);
                    CHECK(diagnosis.correct);
                    ++tried;
                }
            }
        }
    }
    CHECK(tried > 1000);
}

TEST_CASE("noise is never correct, in no precision") {
    for (unsigned seed = 100; seed < 130; ++seed) {
        const Given all = given(seed);
        for (const Observed kind : kKinds) {
            for (const Rounding type : kTypes) {
                for (const bool computed : {false, true}) {
                    Way way;
                    way.arithmetic = computed ? type : Rounding::none;
                    Results results = compute(all, way);
                    std::mt19937 random(seed);
                    std::uniform_real_distribution<double> even(-3e-3, 3e-3);
                    std::normal_distribution<double> normal(0, 3e-3);
                    for (auto* values : {&results.scores, &results.weights, &results.output}) {
                        for (double& value : *values) {
                            const double noise = seed % 2 == 0 ? even(random) : normal(random);
                            if (values == &results.weights && value == 0) continue;
                            value += noise;
                        }
                    }
                    INFO(text(seed, kind, type, way));
                    const Diagnosis diagnosis = judge(all, observe(all, results, kind, type));
                    INFO(names_of(diagnosis));
                    CHECK_FALSE(diagnosis.correct);
                }
            }
        }
    }
}

TEST_CASE("noise of a few millionths is no float32 arithmetic where weights are small") {
    for (unsigned seed = 200; seed < 210; ++seed) {
        const Given all = given(seed);
        Results results = compute(all, {});
        std::mt19937 random(seed);
        std::uniform_real_distribution<double> noise(-6e-6, 6e-6);
        for (double& weight : results.weights) weight += weight > 0 ? noise(random) : 0;
        INFO(seed);
        CHECK_FALSE(judge(all, observe(all, results, Observed::weights, Rounding::none)).correct);
    }
}

TEST_CASE("a scale that is a hundred-thousandth off is named, and not correct") {
    for (unsigned seed = 300; seed < 306; ++seed) {
        const Given all = given(seed);
        for (const Observed kind : kKinds) {
            Way way;
            way.scale = seed % 2 == 0 ? 1 + 1e-5 : 1 - 1e-5;
            const Diagnosis diagnosis =
                diagnose(all.inputs(), observe(all, compute(all, way), kind, Rounding::none), {});
            INFO(text(seed, kind, Rounding::none, way) << names_of(diagnosis));
            CHECK_FALSE(diagnosis.correct);
            REQUIRE(diagnosis.explained());
            CHECK(std::string(diagnosis.explanations[0].mistakes[0]->name) == "another scale");
        }
    }
}

TEST_CASE("a scale that is a thousandth off is not correct in half precision either") {
    for (unsigned seed = 400; seed < 410; ++seed) {
        const Given all = given(seed);
        for (const Rounding type : {Rounding::float16, Rounding::bfloat16}) {
            for (const Observed kind : kKinds) {
                Way way;
                way.scale = type == Rounding::float16 ? 1.001 : 0.992;
                const Diagnosis diagnosis = judge(all, observe(all, compute(all, way), kind, type));
                INFO(text(seed, kind, type, way) << names_of(diagnosis));
                CHECK_FALSE(diagnosis.correct);
            }
        }
    }
}
