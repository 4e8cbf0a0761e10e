// Every known mistake, committed on purpose, is found; alone and in pairs, in float32 and float16.
#include "analysis/diagnosis.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "analysis/hypothesis_pairs.hpp"
#include "core/parallel.hpp"
#include "support/arrays.hpp"
#include "support/planted.hpp"
#include "support/thinned.hpp"
#include "support/worlds.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

std::string found_in(const Diagnosis& diagnosis) {
    std::string text;
    for (const Explanation& explanation : diagnosis.explanations) {
        text += "\n  found " + std::to_string(explanation.residual) + ":";
        for (const Hypothesis* hypothesis : explanation.mistakes)
            text += " " + std::string(hypothesis->name) + ";";
        text += " " + explanation.detail;
    }
    return text;
}

bool names(const Diagnosis& diagnosis, const std::vector<const Hypothesis*>& planted) {
    return std::any_of(diagnosis.explanations.begin(), diagnosis.explanations.end(),
                       [&](const Explanation& e) { return e.mistakes == planted; });
}

std::vector<const Hypothesis*> possible_in(const World& world, Observed kind) {
    std::vector<const Hypothesis*> result;
    for (const Hypothesis& hypothesis : hypotheses()) {
        const Fit fit = hypothesis.fit;
        const bool of_weights =
            fit == Fit::sink || fit == Fit::dropout || fit == Fit::dropout_in_rows;
        const bool told = kind == Observed::weights ||
                          (!of_weights && (fit != Fit::scale || kind == Observed::scores) &&
                           (fit != Fit::rounding || kind == Observed::output));
        DenseInputs inputs = world.inputs();
        inputs.wants_output = kind == Observed::output;
        if (told && hypothesis.possible(inputs)) result.push_back(&hypothesis);
    }
    return result;
}

std::size_t random_size(unsigned seed) {
    return 6 + std::mt19937(seed)() % 7;
}

// Of the many thousand pairs of mistakes one of so many is planted: under sanitizers some of those
// that are planted elsewhere.
constexpr std::size_t kEvery = kSanitized ? 1010 : 101;

// What is observed, and how it was saved.
struct Experiment {
    unsigned number;
    Observed kind;
    Rounding rounding;
};

std::vector<Experiment> experiments() {
    std::vector<Experiment> all;
    for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
        for (const auto rounding : {Rounding::none, Rounding::float16})
            all.push_back({static_cast<unsigned>(all.size()), kind, rounding});
    }
    return all;
}

std::string text(const World& world, const Experiment& experiment,
                 const std::vector<const Hypothesis*>& planted) {
    const char* const kinds[] = {"weights", "scores", "output"};
    std::string result = world.name + ", " + kinds[static_cast<int>(experiment.kind)] + " " +
                         name_of(experiment.rounding) + ":";
    for (const Hypothesis* hypothesis : planted)
        result += " " + std::string(hypothesis->name) + ";";
    return result;
}

Diagnosis find(const World& world, const std::vector<const Hypothesis*>& planted,
               const Experiment& experiment) {
    const Observation seen{experiment.kind,
                           observe(world, planted, experiment.kind, experiment.rounding)};
    return diagnose(world.inputs(), seen, {});
}

// Weights do not tell that a bias of the values is missing, and the like: whether what was planted
// moves the observation beyond rounding.
bool is_visible(const World& world, const std::vector<const Hypothesis*>& planted,
                const Experiment& experiment) {
    const bool rounds = std::any_of(planted.begin(), planted.end(),
                                    [](const Hypothesis* h) { return h->fit == Fit::rounding; });
    // What was saved in half precision does not tell whether the arithmetic was better.
    if (rounds && experiment.rounding != Rounding::none) return false;
    const Array<double> right = observe(world, {}, experiment.kind, Rounding::none);
    const Array<double> wrong = observe(world, planted, experiment.kind, experiment.rounding);
    const double distance = max_difference(right, wrong);
    return rounds && planted.size() == 1 ? distance > 1e-4 : !(distance < 0.02);
}

}  // namespace

TEST_CASE("what is right is called correct") {
    for (const World& world : worlds(5, 9)) {
        for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
            for (const auto rounding : {Rounding::none, Rounding::float16, Rounding::bfloat16}) {
                INFO(world.name << ", kind " << static_cast<int>(kind));
                const Observation seen{kind, observe(world, {}, kind, rounding)};
                const Diagnosis diagnosis = diagnose(world.inputs(), seen, {});
                CHECK(diagnosis.correct);
                CHECK(diagnosis.explanations.size() == 1);
                CHECK(diagnosis.explanations[0].mistakes.empty());
            }
        }
    }
}

TEST_CASE("every mistake is found in weights, scores and outputs, in any precision") {
    const ThreadLimit one(1);
    std::size_t found = 0, number = 0;
    std::vector<const Hypothesis*> seen_somewhere;
    for (const unsigned seed : {10u, 20u, 30u}) {
        for (const World& world : worlds(seed, random_size(seed))) {
            for (const Experiment& experiment : experiments()) {
                for (const Hypothesis* hypothesis : possible_in(world, experiment.kind)) {
                    const auto seen =
                        std::count(seen_somewhere.begin(), seen_somewhere.end(), hypothesis);
                    if (seen > 0 && !takes_part(number++, 12)) continue;
                    if (!is_visible(world, {hypothesis}, experiment)) continue;
                    INFO(text(world, experiment, {hypothesis}));
                    const Diagnosis diagnosis = find(world, {hypothesis}, experiment);
                    INFO(found_in(diagnosis));
                    CHECK_FALSE(diagnosis.correct);
                    CHECK(diagnosis.explained());
                    CHECK(names(diagnosis, {hypothesis}));
                    ++found;
                    seen_somewhere.push_back(hypothesis);
                }
            }
        }
    }
    CHECK(found > (kSanitized ? 50 : 300));
    for (const Hypothesis& hypothesis : hypotheses()) {
        INFO(hypothesis.name);
        CHECK(std::count(seen_somewhere.begin(), seen_somewhere.end(), &hypothesis) > 0);
    }
}

TEST_CASE("pairs of mistakes are found in weights, scores and outputs, in any precision") {
    // Small computations: faster without threads.
    const ThreadLimit one(1);
    std::size_t found = 0, simpler = 0, pair = 0;
    for (const Experiment& experiment : experiments()) {
        const unsigned seed = 40 + 10 * experiment.number;
        for (const World& world : worlds(seed, random_size(seed))) {
            const auto possible = possible_in(world, experiment.kind);
            for (std::size_t a = 0; a < possible.size(); ++a) {
                for (std::size_t b = a + 1; b < possible.size(); ++b) {
                    const std::vector<const Hypothesis*> planted{possible[a], possible[b]};
                    if (!may_be_together(*planted[0], *planted[1]) || ++pair % kEvery != 0)
                        continue;
                    if (!is_visible(world, planted, experiment)) continue;
                    INFO(text(world, experiment, planted));
                    const Diagnosis diagnosis = find(world, planted, experiment);
                    INFO(found_in(diagnosis));
                    CHECK_FALSE(diagnosis.correct);
                    CHECK(diagnosis.explained());
                    if (!diagnosis.explained()) continue;
                    // Where one of the two has no effect beside the other, a single one explains
                    // it.
                    const bool single = diagnosis.explanations[0].mistakes.size() == 1;
                    const bool named = names(diagnosis, planted);
                    CHECK((single || named));
                    ++(named ? found : simpler);
                }
            }
        }
    }
    CHECK(found > 15000 / kEvery);
    CHECK(simpler < found / 4);
}

TEST_CASE("what no mistake explains is said to be unexplained") {
    const World world = decoder(40, 8);
    const Observation noise{Observed::weights, random_array<double>({2, 4, 8, 8}, 1)};
    const Diagnosis diagnosis = diagnose(world.inputs(), noise, {});
    CHECK_FALSE(diagnosis.correct);
    CHECK(diagnosis.explanations.empty());
}

TEST_CASE("of what nothing explains the nearest mistakes are listed, unless none is near") {
    const World world = decoder(40, 8);
    for (const double size : {0.1, 10.0}) {
        const Array<double> right = observe(world, {}, Observed::weights, Rounding::none);
        std::vector<double> values(right.data(), right.data() + right.size());
        std::mt19937 random(5);
        std::uniform_real_distribution<double> noise(0, size);
        for (double& value : values) value += value > 0 ? noise(random) : 0;
        const Diagnosis diagnosis =
            diagnose(world.inputs(), {Observed::weights, Array<double>(right.shape(), values)}, {});
        CHECK_FALSE(diagnosis.explained());
        CHECK(diagnosis.explanations.empty() == (size > 1));
        for (std::size_t i = 0; i < diagnosis.explanations.size(); ++i) {
            CHECK(diagnosis.explanations[i].residual < 0.3);
            if (i == 0) continue;
            CHECK(diagnosis.explanations[i - 1].residual <= diagnosis.explanations[i].residual);
        }
    }
}

TEST_CASE("one cell that is off makes it not correct") {
    std::mt19937 random(3);
    for (const World& world : worlds(60, 8)) {
        for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
            const Array<double> right = observe(world, {}, kind, Rounding::none);
            std::vector<double> values(right.data(), right.data() + right.size());
            double& cell = values[random() % values.size()];
            cell = std::isinf(cell) ? 0.5 : cell + 1e-3 * std::max(1.0, std::abs(cell));
            const Observation seen{kind, Array<double>(right.shape(), values)};
            CHECK_FALSE(diagnose(world.inputs(), seen, {}).correct);
        }
    }
}

TEST_CASE("a few cells that are off are no rounding, and no precision excuses a leak") {
    std::size_t leaks = 0, number = 0;
    for (const World& world : worlds(70, 12)) {
        for (const auto rounding : {Rounding::none, Rounding::float16, Rounding::bfloat16}) {
            const Array<double> right = observe(world, {}, Observed::weights, rounding);
            for (std::size_t i = 0; i < right.size(); i += 101) {
                const bool masked = right.data()[i] == 0;
                if (!masked && rounding != Rounding::none) continue;
                if (!takes_part(number++, 3)) continue;
                std::vector<double> values(right.data(), right.data() + right.size());
                values[i] += 0x1p-13;
                INFO(world.name << ", " << name_of(rounding) << ", cell " << i);
                CHECK_FALSE(diagnose(world.inputs(),
                                     {Observed::weights, Array<double>(right.shape(), values)}, {})
                                .explained());
                leaks += masked ? 1 : 0;
            }
        }
    }
    CHECK(leaks > (kSanitized ? 6 : 20));
}

TEST_CASE("rows without a key may be NaN, as PyTorch has them") {
    const World world = decoder(80, 7);
    Mistakes mistakes;
    mistakes.shift = -1;
    const Array<double> weights = compute_dense(world.inputs(), mistakes).weights;
    std::vector<double> values(weights.data(), weights.data() + weights.size());
    for (std::size_t head = 0; head < 8; ++head)
        std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(head * 49), 7, std::nan(""));
    const Diagnosis diagnosis =
        diagnose(world.inputs(), {Observed::weights, Array<double>(weights.shape(), values)}, {});
    REQUIRE(diagnosis.explained());
    CHECK(std::string(diagnosis.explanations[0].mistakes[0]->name) ==
          "mask off by one: the query cannot see itself");
}

TEST_CASE("what is NaN altogether is shown as NaN") {
    const World world = decoder(90, 6);
    const std::vector<double> values(8 * 36, std::nan(""));
    const Diagnosis diagnosis =
        diagnose(world.inputs(), {Observed::weights, Array<double>({2, 4, 6, 6}, values)}, {});
    CHECK_FALSE(diagnosis.explained());
    CHECK(diagnosis.differences.differing == 8 * 36);
    CHECK(std::isnan(diagnosis.differences.observed));
    CHECK(diagnosis.differences.place == std::vector<std::size_t>{0, 0, 0, 0});
}

TEST_CASE("a scale that nobody thought of is estimated") {
    const World world = decoder(50, 8);
    Mistakes mistakes;
    mistakes.scale = 0.33;
    const Observation seen{Observed::weights, compute_dense(world.inputs(), mistakes).weights};
    const Diagnosis diagnosis = diagnose(world.inputs(), seen, {});
    REQUIRE(diagnosis.explanations.size() == 1);
    CHECK(std::string(diagnosis.explanations[0].mistakes[0]->name) == "another scale");
    CHECK(diagnosis.explanations[0].detail == "scale 0.33");
}

TEST_CASE("one row of NaN is not correct, nor explained by what is finite") {
    for (const World& world : worlds(90, 9)) {
        for (const auto kind : {Observed::weights, Observed::output}) {
            const Array<double> right = observe(world, {}, kind, Rounding::none);
            const auto width = static_cast<std::ptrdiff_t>(right.shape().back());
            std::vector<double> values(right.data(), right.data() + right.size());
            std::fill_n(values.begin() + width * 4, width, std::nan(""));
            const Diagnosis diagnosis =
                diagnose(world.inputs(), {kind, Array<double>(right.shape(), values)}, {});
            INFO(world.name);
            CHECK_FALSE(diagnosis.correct);
            CHECK_FALSE(diagnosis.explained());
            CHECK(diagnosis.non_finite.nan == static_cast<std::size_t>(width));
            CHECK(diagnosis.non_finite.whole_rows == 1);
            CHECK(diagnosis.differences.finite_agree);
        }
    }
}

TEST_CASE("no mistake explains NaN or infinity in a single number, in any world") {
    for (const World& world : worlds(91, 8)) {
        for (const double value : {std::nan(""), double(INFINITY), -double(INFINITY)}) {
            for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
                const Array<double> right = observe(world, {}, kind, Rounding::none);
                std::vector<double> values(right.data(), right.data() + right.size());
                // The first query's own key is masked nowhere but behind a window or a cache.
                const auto seen = std::find_if(values.begin(), values.end(),
                                               [](double x) { return std::isfinite(x) && x != 0; });
                *seen = value;
                const Diagnosis diagnosis =
                    diagnose(world.inputs(), {kind, Array<double>(right.shape(), values)}, {});
                INFO(world.name << ", kind " << static_cast<int>(kind) << ": " << value
                                << found_in(diagnosis));
                CHECK_FALSE(diagnosis.correct);
                CHECK_FALSE(diagnosis.explained());
            }
        }
    }
}

TEST_CASE("rows without a key that are NaN are a mistake with a name") {
    World world = decoder(92, 7);
    world.options.mask.structure.offsets = {-2};  // the first two queries see nothing
    for (const auto kind : {Observed::weights, Observed::output}) {
        Mistakes mistakes;
        mistakes.nan_without_keys = true;
        const Array<double> seen = part(compute_dense(world.inputs(), mistakes), kind);
        const Diagnosis diagnosis = diagnose(world.inputs(), {kind, seen}, {});
        CHECK_FALSE(diagnosis.correct);
        REQUIRE(diagnosis.explained());
        CHECK(std::string(diagnosis.explanations[0].mistakes[0]->name) ==
              "NaN in rows without a key");
    }
}

TEST_CASE("arrays of one number, and rows that are all alike, are not explained") {
    for (const World& world : worlds(93, 9)) {
        for (const auto kind : {Observed::weights, Observed::output}) {
            const Shape shape = observe(world, {}, kind, Rounding::none).shape();
            for (const double value : {0.0, 0.3, 1.0}) {
                const std::vector<double> values(element_count(shape, "test"), value);
                const Diagnosis diagnosis =
                    diagnose(world.inputs(), {kind, Array<double>(shape, values)}, {});
                CHECK_FALSE(diagnosis.explained());
                CHECK(diagnosis.constant);
            }
        }
        const Array<double> right = observe(world, {}, Observed::weights, Rounding::none);
        std::vector<double> values(right.data(), right.data() + right.size());
        const std::size_t width = right.extent(3);
        for (std::size_t row = 0; row < values.size(); row += width) {
            const auto first = values.begin() + static_cast<std::ptrdiff_t>(row);
            const auto last = first + static_cast<std::ptrdiff_t>(width);
            const auto keys = std::count_if(first, last, [](double weight) { return weight > 0; });
            for (auto weight = first; weight != last; ++weight)
                *weight = *weight > 0 ? 1 / static_cast<double>(keys) : 0;
        }
        const Diagnosis uniform =
            diagnose(world.inputs(), {Observed::weights, Array<double>(right.shape(), values)}, {});
        INFO(world.name << found_in(uniform));
        CHECK_FALSE(uniform.explained());
    }
}

TEST_CASE("long sequences are screened on a sample, with the same verdict") {
    const World world = capped(94, 150);
    for (const char* name : {"softcap missing", "softmax over the queries", "matrix transposed"}) {
        Mistakes mistakes;
        for (const Hypothesis& hypothesis : hypotheses()) {
            if (hypothesis.name == std::string(name)) hypothesis.commit(world.inputs(), mistakes);
        }
        const Array<double> seen = compute_dense(world.inputs(), mistakes).weights;
        const Diagnosis diagnosis = diagnose(world.inputs(), {Observed::weights, seen}, {});
        INFO(name << found_in(diagnosis));
        REQUIRE(diagnosis.explained());
        CHECK(diagnosis.explanations.size() == 1);
        CHECK(std::string(diagnosis.explanations[0].mistakes[0]->name) == name);
        CHECK(diagnosis.untried.empty());
    }
}

TEST_CASE("mistakes with a name are tried before those that bring an estimated number") {
    DiagnosisOptions options;
    options.seconds = 1e-9;  // nothing is tried, and what was planned is told in its order
    for (const World& world : worlds(97, 9)) {
        const Array<double> right = observe(world, {}, Observed::weights, Rounding::none);
        const Array<double> noise = random_array<double>(right.shape(), 1);
        const auto planned =
            diagnose(world.inputs(), {Observed::weights, noise}, options).untried.mistakes;
        INFO(world.name);
        REQUIRE(planned.size() > 10);
        for (const std::size_t together : {1u, 2u}) {
            std::ptrdiff_t before = 0, most = 0;
            for (const auto& mistakes : planned) {
                const auto count = [&](const auto& is) {
                    return std::count_if(mistakes.begin(), mistakes.end(), is);
                };
                const auto rounds = [](const Hypothesis* h) { return h->fit == Fit::rounding; };
                if (mistakes.size() != together || count(rounds) > 0) continue;
                const auto estimated =
                    count([](const Hypothesis* h) { return brings_number(h->fit); });
                CHECK(estimated >= before);
                before = estimated;
                most = std::max(most, estimated);
            }
            CHECK(most > 0);
        }
    }
}

TEST_CASE("where another scale and a scaled input do the same, the scale is named first") {
    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    options.scale = 0.5;
    for (unsigned seed = 0; seed < 60; seed += 3) {
        const Shape shape{1, 2, 7, 4};
        const Heads<double> q = make_separate_heads(random_array<double>(shape, seed)),
                            k = make_separate_heads(random_array<double>(shape, seed + 1)),
                            v = make_separate_heads(random_array<double>(shape, seed + 2));
        DenseInputs inputs;
        inputs.q = &q;
        inputs.k = &k;
        inputs.v = &v;
        inputs.options = &options;
        Mistakes mistakes;
        mistakes.scale = 0.3;
        const Array<double> exact = compute_dense(inputs, mistakes).weights;
        // Which of the two comes nearer after float32 is a matter of chance.
        std::vector<float> values;
        for (const double value : exact.values()) values.push_back(static_cast<float>(value));
        const Observation seen{Observed::weights, Array<float>(exact.shape(), std::move(values))};
        const Diagnosis diagnosis = diagnose(inputs, seen, {});
        INFO(seed << found_in(diagnosis));
        REQUIRE(diagnosis.explanations.size() == 2);
        CHECK(std::string(diagnosis.explanations[0].mistakes[0]->name) == "another scale");
        CHECK(std::string(diagnosis.explanations[1].mistakes[0]->name) == "scaled input");
    }
}
