// Rounding has a signature. Attention is computed here by plain loops, rounded at one place or with
// an error that is as small: only the first may be called rounding.
#include "analysis/half_arithmetic.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "analysis/diagnosis.hpp"
#include "support/arrays.hpp"
#include "support/thinned.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

constexpr std::size_t kHeads = 2, kTokens = 40, kWidth = 8;

using Change = std::function<double(double)>;

// What happens to each number on the way.
struct Plan {
    Change inputs, heads, products, scores, exponentials, weights, output;
    std::function<double(std::size_t query, std::size_t key)> bias;
    double factor = 1;  // of queries, keys and values
};

double apply(const Change& change, double value) {
    return change ? change(value) : value;
}

struct Planted {
    Array<double> q, k, v, weights, output;
};

// One row of causal attention: weights [query + 1].
std::vector<double> row_of(const Plan& plan, const Planted& made, std::size_t head,
                           std::size_t query) {
    const auto at = [&](const Array<double>& x, std::size_t token, std::size_t i) {
        return apply(plan.heads, plan.factor * x.data()[(head * kTokens + token) * kWidth + i]);
    };
    std::vector<double> row;
    double high = -INFINITY, sum = 0;
    for (std::size_t key = 0; key <= query; ++key) {
        double product = 0;
        for (std::size_t i = 0; i < kWidth; ++i)
            product += at(made.q, query, i) * at(made.k, key, i);
        const double bias = plan.bias ? plan.bias(query, key) : 0;
        row.push_back(apply(plan.scores, apply(plan.products, product) / std::sqrt(8.0) + bias));
        high = std::max(high, row.back());
    }
    for (double& value : row) {
        value = apply(plan.exponentials, std::exp(apply(plan.exponentials, value - high)));
        sum += value;
    }
    sum = apply(plan.exponentials, sum);
    for (double& value : row) value = apply(plan.weights, value / sum);
    return row;
}

Planted plant(const Plan& plan, unsigned seed) {
    Planted made;
    const Shape shape{1, kHeads, kTokens, kWidth};
    made.q = random_array<double>(shape, seed);
    made.k = random_array<double>(shape, seed + 1);
    made.v = random_array<double>(shape, seed + 2);
    std::vector<double> weights(kHeads * kTokens * kTokens);
    std::vector<double> output(kTokens * kHeads * kWidth);
    for (std::size_t head = 0; head < kHeads; ++head) {
        for (std::size_t query = 0; query < kTokens; ++query) {
            const std::vector<double> row = row_of(plan, made, head, query);
            for (std::size_t key = 0; key <= query; ++key) {
                weights[(head * kTokens + query) * kTokens + key] = row[key];
                for (std::size_t i = 0; i < kWidth; ++i) {
                    const double value =
                        plan.factor * made.v.data()[(head * kTokens + key) * kWidth + i];
                    output[(query * kHeads + head) * kWidth + i] +=
                        row[key] * apply(plan.heads, value);
                }
            }
        }
    }
    for (double& value : output) value = apply(plan.output, value);
    made.weights = Array<double>({1, kHeads, kTokens, kTokens}, std::move(weights));
    made.output = Array<double>({1, kTokens, kHeads * kWidth}, std::move(output));
    return made;
}

// As float32 saves it, or fewer bits.
Array<double> saved(const Array<double>& exact, Rounding type) {
    std::vector<double> values(exact.data(), exact.data() + exact.size());
    for (double& value : values)
        value = static_cast<double>(static_cast<float>(round_to(type, value)));
    return {exact.shape(), std::move(values)};
}

Diagnosis diagnose_planted(const Plan& plan, Observed kind, Rounding type = Rounding::none,
                           std::optional<double> scale = {}) {
    const Planted made = plant(plan, 11);
    const Heads<double> q = make_separate_heads(made.q), k = make_separate_heads(made.k),
                        v = make_separate_heads(made.v);
    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    options.scale = scale;
    DenseInputs in;
    in.q = &q;
    in.k = &k;
    in.v = &v;
    in.options = &options;
    const Array<double>& seen = kind == Observed::weights ? made.weights : made.output;
    return diagnose(in, {kind, saved(seen, type)}, {});
}

bool calls_it_rounding(const Diagnosis& diagnosis) {
    const auto& found = diagnosis.explanations;
    return diagnosis.explained() && std::any_of(found.begin(), found.end(), [](const auto& e) {
               return has(e, Fit::rounding);
           });
}

std::string first_name(const Diagnosis& diagnosis) {
    return diagnosis.explained() && !diagnosis.correct ? diagnosis.explanations[0].mistakes[0]->name
                                                       : "";
}

// What is estimated where the mistake is among those that explain what was observed; else empty.
std::string detail_of(const Diagnosis& diagnosis, const std::string& name) {
    if (!diagnosis.explained() || diagnosis.correct) return "";
    for (const Explanation& explanation : diagnosis.explanations) {
        if (explanation.mistakes.size() == 1 && explanation.mistakes[0]->name == name)
            return explanation.detail;
    }
    return "";
}

// Weights do not tell a factor of the input from another scale, which is named before it.
const char* first_of_scaled_input(Observed kind) {
    return kind == Observed::weights ? "another scale" : "scaled input";
}

Change to(Rounding type) {
    return [type](double value) { return round_to(type, value); };
}

Change noise_of(double size) {
    return [size, random = std::mt19937(4), normal = std::normal_distribution<double>()](
               double value) mutable { return value + size * normal(random); };
}

}  // namespace

TEST_CASE("rounding at any place is called rounding, and its place is told") {
    std::size_t number = 0;
    for (const Rounding type : {Rounding::float16, Rounding::bfloat16}) {
        Plan heads, products, scores, exponentials, weights;
        heads.heads = to(type);
        products.products = to(type);
        scores.scores = to(type);
        exponentials.exponentials = to(type);
        weights.weights = to(type);
        const std::pair<const char*, const Plan*> plans[] = {
            {"queries and keys", &heads},
            {"products of queries and keys", &products},
            {"scores", &scores},
            {"exponentials of softmax", &exponentials},
            {"weights", &weights}};
        for (const auto& [place, plan] : plans) {
            for (const Observed kind : {Observed::weights, Observed::output}) {
                // Weights that were rounded are of that type, which is no mistake of arithmetic.
                if (plan == &weights && kind == Observed::weights) continue;
                if (!takes_part(number++, 4)) continue;
                const Diagnosis diagnosis = diagnose_planted(*plan, kind);
                INFO(name_of(type) << ", " << place << ", kind " << static_cast<int>(kind));
                REQUIRE(first_name(diagnosis) == "half-precision rounding");
                CHECK_THAT(diagnosis.explanations[0].detail,
                           Catch::StartsWith(name_of(type)) && Catch::Contains(place));
                CHECK(diagnosis.size_of_rounding.empty());
            }
        }
    }
}

TEST_CASE("rounding at several places is called rounding, and so it is beside a mistake") {
    for (const Rounding type : {Rounding::float16, Rounding::bfloat16}) {
        Plan plan;
        plan.heads = plan.products = plan.scores = plan.exponentials = to(type);
        for (const Observed kind : {Observed::weights, Observed::output}) {
            CHECK(first_name(diagnose_planted(plan, kind)) == "half-precision rounding");
            // What was asked for is another scale than what was done.
            INFO(name_of(type) << ", kind " << static_cast<int>(kind));
            const Diagnosis both = diagnose_planted(plan, kind, Rounding::none, 0.3);
            CHECK(calls_it_rounding(both));
        }
    }
}

TEST_CASE("what was rounded when it was saved is correct, with half arithmetic before it or not") {
    std::size_t number = 0;
    for (const Rounding type : {Rounding::float16, Rounding::bfloat16}) {
        Plan half;
        half.heads = half.products = half.scores = half.weights = half.output = to(type);
        for (const Plan& plan : {Plan(), half}) {
            for (const Observed kind : {Observed::weights, Observed::output}) {
                if (!takes_part(number++, 3)) continue;
                const Diagnosis diagnosis = diagnose_planted(plan, kind, type);
                CHECK(diagnosis.correct);
                CHECK(diagnosis.precision == name_of(type));
            }
        }
    }
}

TEST_CASE("what was saved with a few decimals is correct, and what is wrong in it is seen") {
    Plan scaled, ramp;
    scaled.factor = 1.05;
    ramp.bias = [](std::size_t, std::size_t key) { return 0.03 * static_cast<double>(key); };
    for (const Rounding type : {Rounding::decimals3, Rounding::decimals4, Rounding::decimals5}) {
        for (const Observed kind : {Observed::weights, Observed::output}) {
            INFO(name_of(type) << ", kind " << static_cast<int>(kind));
            const Diagnosis right = diagnose_planted({}, kind, type);
            CHECK(right.correct);
            CHECK(right.precision == name_of(type));
            CHECK(first_name(diagnose_planted(scaled, kind, type)) == first_of_scaled_input(kind));
            CHECK_FALSE(diagnose_planted(ramp, kind, type).explained());
            CHECK(first_name(diagnose_planted({}, kind, type, 0.5)) ==
                  "scaled by 1 / sqrt(d_head)");
        }
    }
}

TEST_CASE("where rounding is repeated a cell that is off is not of it") {
    Plan plan;
    plan.heads = plan.products = plan.scores = to(Rounding::bfloat16);
    plan.factor = 4;  // far apart scores, which rounding moves much
    const Planted made = plant(plan, 11);
    const Heads<double> q = make_separate_heads(made.q), k = make_separate_heads(made.k),
                        v = make_separate_heads(made.v);
    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    options.scale = 16 / std::sqrt(8.0);
    DenseInputs in;
    in.q = &q;
    in.k = &k;
    in.v = &v;
    in.options = &options;
    const Array<double> right = saved(made.weights, Rounding::bfloat16);
    std::vector<double> values(right.data(), right.data() + right.size());
    const auto diagnosis = [&] {
        return diagnose(in, {Observed::weights, Array<double>(right.shape(), values)}, {});
    };
    CHECK(diagnosis().correct);
    double& smallest =
        *std::min_element(values.begin() + 30 * kTokens, values.begin() + 30 * kTokens + 30);
    smallest += 0.05;
    CHECK_FALSE(diagnosis().correct);
}

TEST_CASE("errors as small as rounding that are none are not called so") {
    std::size_t number = 0;
    Plan ramp, slope, near_noise, far_noise, of_scores, of_heads;
    ramp.bias = [](std::size_t, std::size_t key) { return 0.01 * static_cast<double>(key); };
    slope.bias = [](std::size_t query, std::size_t key) {
        return -0.001 * static_cast<double>(query - key);
    };
    near_noise.weights = near_noise.output = noise_of(1e-4);
    far_noise.weights = far_noise.output = noise_of(3e-3);
    of_scores.scores = noise_of(3e-3);
    of_heads.heads = noise_of(3e-3);
    for (const Plan* plan : {&ramp, &slope, &near_noise, &far_noise, &of_scores, &of_heads}) {
        for (const Observed kind : {Observed::weights, Observed::output}) {
            if (!takes_part(number++, 5)) continue;
            const Diagnosis diagnosis = diagnose_planted(*plan, kind);
            CHECK_FALSE(diagnosis.correct);
            CHECK_FALSE(calls_it_rounding(diagnosis));
            CHECK_FALSE(diagnosis.explained());
            if (plan == &slope || plan == &of_scores)
                CHECK_FALSE(diagnosis.size_of_rounding.empty());
        }
    }
}

TEST_CASE("a small mistake is seen although what was saved is half precision") {
    Plan ramp, scaled, noise;
    ramp.bias = [](std::size_t, std::size_t key) { return 0.01 * static_cast<double>(key); };
    noise.weights = noise.output = noise_of(3e-2);
    scaled.factor = 1.03;
    for (const Rounding type : {Rounding::float16, Rounding::bfloat16}) {
        for (const Observed kind : {Observed::weights, Observed::output}) {
            CHECK_FALSE(diagnose_planted(ramp, kind, type).explained());
            CHECK_FALSE(diagnose_planted(noise, kind, type).explained());
            const Diagnosis diagnosis = diagnose_planted(scaled, kind, type);
            CHECK(first_name(diagnosis) == first_of_scaled_input(kind));
            CHECK_THAT(detail_of(diagnosis, "scaled input"), Catch::StartsWith("factor 1.0"));
        }
    }
}

TEST_CASE("an input that is scaled by one percent is called so") {
    Plan plan;
    plan.factor = 1.01;
    for (const Observed kind : {Observed::weights, Observed::output}) {
        const Diagnosis diagnosis = diagnose_planted(plan, kind);
        CHECK(first_name(diagnosis) == first_of_scaled_input(kind));
        CHECK(detail_of(diagnosis, "scaled input") == "factor 1.01");
        CHECK_FALSE(calls_it_rounding(diagnosis));
    }
}

TEST_CASE("transformers rounds RMSNorm before its weight, and behind it") {
    // One head of a Llama in bfloat16: norm, weight, projection, scores of float32.
    constexpr std::size_t kModel = 8;
    const auto bf16 = to(Rounding::bfloat16);
    const auto rounded_array = [&](const Shape& shape, unsigned seed) {
        const Array<double> exact = random_array<double>(shape, seed);
        std::vector<double> values(exact.data(), exact.data() + exact.size());
        for (double& value : values) value = bf16(value);
        return Array<double>(shape, std::move(values));
    };
    const Array<double> hidden = rounded_array({1, kTokens, kModel}, 31);
    Norm<double> norm;
    norm.kind = NormKind::rms;
    norm.epsilon = 1e-6;
    norm.weight = rounded_array({kModel}, 32);
    ProjectionWeights<double> weights;
    weights.W_Q = rounded_array({kModel, kModel}, 33);
    weights.W_K = rounded_array({kModel, kModel}, 34);
    weights.W_V = rounded_array({kModel, kModel}, 35);

    std::vector<double> queries, keys;
    for (std::size_t token = 0; token < kTokens; ++token) {
        const double* const row = hidden.data() + token * kModel;
        double squares = 0;
        for (std::size_t i = 0; i < kModel; ++i) squares += row[i] * row[i];
        const double factor = 1 / std::sqrt(squares / kModel + norm.epsilon);
        for (std::size_t column = 0; column < kModel; ++column) {
            double q = 0, k = 0;
            for (std::size_t i = 0; i < kModel; ++i) {
                const double input = bf16(norm.weight.data()[i] * bf16(row[i] * factor));
                q += input * weights.W_Q.data()[i * kModel + column];
                k += input * weights.W_K.data()[i * kModel + column];
            }
            queries.push_back(bf16(q));
            keys.push_back(bf16(k));
        }
    }
    std::vector<double> seen(kTokens * kTokens);
    for (std::size_t query = 0; query < kTokens; ++query) {
        double sum = 0;
        double* const row = seen.data() + query * kTokens;
        for (std::size_t key = 0; key <= query; ++key) {
            double product = 0;
            for (std::size_t i = 0; i < kModel; ++i)
                product += queries[query * kModel + i] * keys[key * kModel + i];
            sum += row[key] = std::exp(product / std::sqrt(8.0));
        }
        for (std::size_t key = 0; key <= query; ++key) row[key] /= sum;
    }

    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    const Array<double> x = normalise(hidden, norm);
    DenseInputs in;
    in.x = &x;
    in.x_before_norm = &hidden;
    in.input_norm = &norm;
    in.weights = &weights;
    in.options = &options;
    const Array<double> observed({1, 1, kTokens, kTokens}, std::move(seen));
    const Diagnosis diagnosis = diagnose(in, {Observed::weights, observed}, {});
    REQUIRE(first_name(diagnosis) == "half-precision rounding");
    CHECK_THAT(diagnosis.explanations[0].detail,
               Catch::Contains("bfloat16: norms before their weights, input, projections"));
}

TEST_CASE("stages that nothing follows are kept out") {
    Mistakes mistakes;
    const auto square_left = [](const Mistakes& tried) {
        const bool repeated =
            tried.arithmetic == Rounding::bfloat16 && (tried.stages & stage::scores) != 0;
        const double others = (tried.stages & stage::heads) != 0 ? 0.5 : 0.0;
        return tried.arithmetic == Rounding::none ? 1.0 : (repeated ? 0.01 : 1.2) + others;
    };
    const HalfArithmetic found =
        find_half_arithmetic(mistakes, {stage::heads, stage::scores},
                             {Rounding::float16, Rounding::bfloat16}, square_left);
    CHECK(found.is_repeated());
    CHECK(found.type == Rounding::bfloat16);
    CHECK(found.stages == stage::scores);
    CHECK(text_of(found) == "bfloat16: scores");
}
