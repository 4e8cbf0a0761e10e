// Every sink takes the tiles of every source: those of computed attention hold only the keys that a
// block may attend, those of stored attention all. What sinks say must be the same.
#include <catch2/catch.hpp>

#include "analysis/check_sink.hpp"
#include "analysis/stats_sink.hpp"
#include "attention/layer.hpp"
#include "results/array_sink.hpp"
#include "results/heatmap_sink.hpp"
#include "source/stored_source.hpp"
#include "support/arrays.hpp"
#include "support/folder_contents.hpp"
#include "support/recorder.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kTokens = 130;  // some blocks, the last of them not whole

// Two sequences, four heads, two key/value heads.
struct Problem {
    Array<double> q = random_array<double>({2, 4, kTokens, 8}, 1);
    Array<double> k = random_array<double>({2, 2, kTokens, 8}, 2);
    Array<double> v = random_array<double>({2, 2, kTokens, 6}, 3);
    AttentionOptions<double> options;

    void stream(const Sinks<double>& sinks) const {
        const auto result = compute_heads(0, make_separate_heads(q), make_separate_heads(k),
                                          make_separate_heads(v), options, sinks);
        LayerOutputs<double> outputs;
        outputs.attention = &result;
        for (Sink<double>* sink : sinks) sink->end_layer(outputs);
    }
};

// What all sinks say of one stream.
struct AllSinks {
    TempFolder temporary;
    io::OutputFolder folder{temporary / "out", {"run", {}, {}}};
    analysis::CheckSink<double> check;
    analysis::StatsSink<double> stats{analysis::StatsOptions{}};
    results::ArraySink<double> arrays{folder, {false, true, false, false}, true};
    results::HeatmapDrawer drawer;
    results::HeatmapSink<double> heatmaps{drawer};

    explicit AllSinks(const MaskOptions<double>& mask)
        : check(mask), drawer({}, pictures(), {}, [this](const auto& name, const auto& bytes) {
              folder.write(name, bytes);
          }) {}

    Sinks<double> list() { return {&check, &stats, &arrays, &heatmaps}; }

    // Every file by its name: weights and pictures.
    std::map<std::string, std::string> files() {
        drawer.finish();
        folder.commit("{}");
        return contents(temporary / "out");
    }

    static results::PictureChoice pictures() {
        results::PictureChoice choice;
        choice.heads = choice.head_numbers = {0, 1, 2, 3};
        choice.batch = 2;
        choice.sequences = {0, 1};
        return choice;
    }
};

void require_same(const analysis::HeadCheck& a, const analysis::HeadCheck& b) {
    CHECK(a.place == b.place);
    CHECK(a.sequence == b.sequence);
    CHECK(a.cells == b.cells);
    CHECK(a.rows == b.rows);
    CHECK(a.row_sum.value == Approx(b.row_sum.value).margin(1e-14));
    CHECK(a.largest.value == b.largest.value);
    CHECK(a.largest.query == b.largest.query);
    CHECK(a.largest.key == b.largest.key);
    CHECK(a.choosing_rows == b.choosing_rows);
    CHECK(a.saturated_rows == b.saturated_rows);
    CHECK(a.least_entropy == Approx(b.least_entropy));
    for (std::size_t ban = 0; ban < analysis::kBans; ++ban)
        CHECK(a.leaks[ban].value == b.leaks[ban].value);
}

void compare_sinks(const Problem& problem) {
    AllSinks computed(problem.options.mask), stored(problem.options.mask);
    Recorder<double> recorder(false);
    Sinks<double> sinks = computed.list();
    sinks.push_back(&recorder);
    problem.stream(sinks);

    source::StoredAttention<double> attention;
    attention.heads = {0, 1, 2, 3};
    attention.structure = problem.options.mask.structure;
    attention.layers.resize(1);
    attention.layers[0].weights = {recorder.weight_array(), false};
    source::StoredSource<double>(attention).stream(stored.list(), {}, nullptr);

    REQUIRE(computed.check.heads().size() == 8);
    REQUIRE(stored.check.heads().size() == 8);
    for (std::size_t head = 0; head < 8; ++head) {
        require_same(computed.check.heads()[head], stored.check.heads()[head]);
        for (const analysis::Measure& measure : analysis::measures()) {
            INFO(measure.name);
            const double a = computed.stats.heads()[head].*measure.value;
            const double b = stored.stats.heads()[head].*measure.value;
            CHECK(((std::isnan(a) && std::isnan(b)) || a == Approx(b).margin(1e-12)));
        }
    }
    CHECK(computed.files() == stored.files());
}

}  // namespace

TEST_CASE("every sink takes causal attention from either source") {
    Problem problem;
    problem.options.mask.structure.causal = true;
    compare_sinks(problem);
}

TEST_CASE("every sink takes windowed attention, whose tiles begin behind key 0") {
    Problem problem;
    problem.options.mask.structure.causal = true;
    problem.options.mask.structure.window_left = 5;
    compare_sinks(problem);
}

TEST_CASE("every sink takes padded sequences of a batch") {
    Problem problem;
    problem.options.mask.structure.key_lengths = {kTokens, 40};
    compare_sinks(problem);
}
