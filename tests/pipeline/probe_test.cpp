// A small input on which explanations differ, or the reason why there is none.
#include "pipeline/probe.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;
using pipeline::ProbeRequest;
using pipeline::write_probe;

namespace {

struct Given {
    TempFolder folder;
    io::Inputs files;

    ProbeRequest request(Observed kind = Observed::weights) const {
        ProbeRequest request;
        request.folder = folder / "probe";
        request.kind = kind;
        for (auto* path : {&request.input.query, &request.input.key, &request.input.value}) {
            const std::string name = std::to_string(path - &request.input.query) + ".npy";
            *path = folder.write(name, npy_floats("(1, 2, 20, 4)", std::vector<float>(160, 0.5f)));
        }
        return request;
    }
    bool wrote() const { return std::filesystem::exists(folder.path() / "probe"); }
};

const Hypothesis& row_with(Fit fit) {
    for (const Hypothesis& row : hypotheses()) {
        if (row.fit == fit) return row;
    }
    throw std::logic_error("no such row");
}

// One that fits, whatever it is called.
Explanation with(const Mistakes& made, Fit fit = Fit::nothing) {
    Explanation explanation;
    explanation.mistakes = {&row_with(fit)};
    explanation.fitting = true;
    explanation.made = made;
    return explanation;
}

Mistakes scaled(double scale) {
    Mistakes mistakes;
    mistakes.scale = scale;
    return mistakes;
}

}  // namespace

TEST_CASE("a probe is of a few tokens, on which the explanations differ in what was observed") {
    for (const Observed kind : {Observed::weights, Observed::scores, Observed::output}) {
        Given given;
        const auto probe =
            write_probe(given.request(kind), {with(scaled(0.5)), with(scaled(1))}, given.files);
        CHECK(probe.reason.empty());
        CHECK(probe.observe == kind);
        CHECK(probe.apart >= 0.02);
        CHECK(probe.flags == std::vector<std::string>{"-q", "-k", "-v"});
        REQUIRE(probe.files.size() == 3);
        for (const std::string& file : probe.files) {
            const Array<double> array = load(file);
            CHECK(array.shape() == Shape{1, 2, 12, 4});
            CHECK(array.data()[0] != array.data()[1]);
        }
        CHECK(max_difference(load(probe.files[0]), load(probe.files[1])) > 0);
        CHECK(std::filesystem::exists(given.folder / "probe/manifest.json"));
    }
}

TEST_CASE("what weights do not tell is told by the output") {
    Given given;
    Mistakes swapped;
    swapped.value_order = {1, 0};
    const auto probe = write_probe(given.request(), {with({}), with(swapped)}, given.files);
    CHECK(probe.reason.empty());
    CHECK(probe.observe == Observed::output);
}

TEST_CASE("explanations that give the same on all inputs leave no folder behind") {
    Given given;
    const auto probe =
        write_probe(given.request(), {with(scaled(0.7)), with(scaled(0.7))}, given.files);
    CHECK_THAT(probe.reason, Catch::Contains("the explanations give the same"));
    CHECK(probe.files.empty());
    CHECK_FALSE(given.wrote());
}

TEST_CASE("a probe needs two explanations that fit and can be computed again") {
    Given given;
    Explanation poor = with(scaled(2));
    poor.fitting = false;
    const auto reason = [&](const std::vector<Explanation>& explanations) {
        return write_probe(given.request(), explanations, given.files).reason;
    };
    CHECK(reason({}) == "there is no explanation to tell from others");
    CHECK(reason({poor, poor}) == "there is no explanation to tell from others");
    CHECK(reason({with(scaled(1)), poor}) == "there is one explanation only");
    for (const Fit random : {Fit::dropout, Fit::dropout_in_rows, Fit::rounding})
        CHECK(reason({with(scaled(1)), with({}, random)}) == "there is one explanation only");
    Explanation other = with({});
    other.mistakes = {&another_layer()};
    CHECK(reason({with(scaled(1)), other}) == "there is one explanation only");
    CHECK_FALSE(given.wrote());
}
