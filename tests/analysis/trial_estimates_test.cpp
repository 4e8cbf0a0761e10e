// Numbers that nobody thought of, planted in attention that is written out here once more.
#include <catch2/catch.hpp>
#include <cmath>

#include "analysis/diagnosis.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

constexpr std::size_t kHeads = 2, kRows = 9, kWidth = 4;

struct Numbers {
    double scale = 0.5, cap = 0, slope = 0, mask_value = -INFINITY;
    bool fills = false, causal = true;
};

struct Made {
    Array<double> q = random_array<double>({1, kHeads, kRows, kWidth}, 1),
                  k = random_array<double>({1, kHeads, kRows, kWidth}, 2),
                  v = random_array<double>({1, kHeads, kRows, kWidth}, 3);
};

// Weights in float32.
Observation weights_of(const Made& made, const Numbers& numbers) {
    std::vector<float> weights;
    for (std::size_t head = 0; head < kHeads; ++head) {
        for (std::size_t query = 0; query < kRows; ++query) {
            std::vector<double> row;
            double sum = 0;
            for (std::size_t key = 0; key < kRows; ++key) {
                double score = 0;
                for (std::size_t i = 0; i < kWidth; ++i)
                    score += 4 * made.q.data()[(head * kRows + query) * kWidth + i] *
                             made.k.data()[(head * kRows + key) * kWidth + i];
                score *= numbers.scale;
                if (numbers.cap > 0) score = numbers.cap * std::tanh(score / numbers.cap);
                score -=
                    numbers.slope * std::abs(static_cast<double>(query) - static_cast<double>(key));
                if (numbers.causal && key > query)
                    score = numbers.mask_value + (numbers.fills ? 0 : score);
                row.push_back(std::exp(score));
                sum += row.back();
            }
            for (const double value : row) weights.push_back(static_cast<float>(value / sum));
        }
    }
    return {Observed::weights, Array<float>({1, kHeads, kRows, kRows}, std::move(weights))};
}

// As asked for by `right`.
Diagnosis diagnosed(const Observation& seen, const Made& made, const Numbers& right) {
    const auto times = [](const Array<double>& array, double factor) {
        std::vector<double> values(array.data(), array.data() + array.size());
        for (double& value : values) value *= factor;
        return make_separate_heads(Array<double>(array.shape(), std::move(values)));
    };
    const Heads<double> q = times(made.q, 2), k = times(made.k, 2), v = times(made.v, 1);
    AttentionOptions<double> options;
    options.scale = right.scale;
    if (right.cap > 0) options.softcap = right.cap;
    if (right.slope > 0) options.mask.alibi = {right.slope, right.slope};
    options.mask.structure.causal = right.causal;
    DenseInputs inputs;
    inputs.q = &q;
    inputs.k = &k;
    inputs.v = &v;
    inputs.options = &options;
    return diagnose(inputs, seen, {});
}

// The first name and its detail.
std::string found(const Numbers& made_with, const Numbers& right) {
    const Made made;
    const Diagnosis diagnosis = diagnosed(weights_of(made, made_with), made, right);
    if (!diagnosis.explained()) return "unexplained";
    const Explanation& best = diagnosis.explanations.front();
    std::string text;
    for (const Hypothesis* mistake : best.mistakes) text += std::string(mistake->name) + "; ";
    return text + best.detail;
}

Numbers with(double scale, double cap, double slope) {
    Numbers numbers;
    numbers.scale = scale;
    numbers.cap = cap;
    numbers.slope = slope;
    return numbers;
}

}  // namespace

TEST_CASE("another scale is found under a cap, beside a bias, and under both") {
    CHECK(found(with(0.3, 50, 0), with(0.6, 50, 0)) == "another scale; scale 0.3");
    CHECK(found(with(0.9, 2, 0), with(0.6, 2, 0)) == "another scale; scale 0.9");
    CHECK(found(with(0.3, 0, 0.2), with(0.6, 0, 0.2)) == "another scale; scale 0.3");
    CHECK(found(with(0.3, 5, 0.2), with(0.6, 5, 0.2)) == "another scale; scale 0.3");
    CHECK(found(with(0.5, 0, 0.2), with(1, 0, 0.2)) == "scaled by 1 / sqrt(d_head); ");
}

TEST_CASE("another cap and another factor of the bias are found") {
    CHECK(found(with(0.5, 2, 0), with(0.5, 4, 0)) == "another softcap; softcap 2");
    CHECK(found(with(0.5, 9, 0.1), with(0.5, 1, 0.1)) == "another softcap; softcap 9");
    CHECK(found(with(0.5, 0, 0.3), with(0.5, 0, 0.1)) ==
          "bias of the scores times a number; factor 3");
}

TEST_CASE("a finite number for the mask is told with what leaks") {
    for (const bool fills : {false, true}) {
        for (const double value : {-2.0, -10.0, -40.0}) {
            Numbers leaky;
            leaky.mask_value = value;
            leaky.fills = fills;
            INFO(fills << ", " << value);
            const std::string text = found(leaky, {});
            CHECK_THAT(text, Catch::StartsWith(fills ? "masked scores filled with a finite number; "
                                                     : "a finite number added for the mask; "));
            CHECK_THAT(text, Catch::Contains("; " + std::to_string(static_cast<int>(value)) +
                                             ", masked keys get weight, up to "));
        }
    }
}

TEST_CASE("one leaking cell among many is no finite mask") {
    const Made made;
    Numbers leaky;
    leaky.mask_value = -20;
    const Observation all = weights_of(made, leaky);
    std::vector<float> values;
    for (std::size_t i = 0; i < all.values.size(); ++i) {
        const std::size_t query = i / kRows % kRows, key = i % kRows;
        values.push_back(key > query && i != 5 ? 0 : static_cast<float>(all.values[i]));
    }
    const Observation one{Observed::weights, Array<float>(all.values.shape(), std::move(values))};
    CHECK_FALSE(diagnosed(one, made, {}).explained());
}
