// Where queries stand among the keys of sequences of different lengths, in every command that takes
// the flags.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/plain_attention.hpp"
#include "support/program.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kBatch = 2, kHeads = 2, kKeys = 8, kD = 4;

// Arrays of a batch whose sequences have 5 and 3 valid keys.
struct Files {
    TempFolder folder;
    std::size_t queries;
    PlainInputs in;
    std::vector<std::string> inputs;

    explicit Files(std::size_t queries_)
        : queries(queries_),
          in{random_array<double>({kBatch, kHeads, queries, kD}, 1),
             random_array<double>({kBatch, kHeads, kKeys, kD}, 2),
             random_array<double>({kBatch, kHeads, kKeys, kD}, 3)} {
        inputs = {"-q", write("q", in.q), "-k", write("k", in.k), "-v", write("v", in.v)};
    }
    std::string write(const std::string& name, const Array<double>& array) const {
        return write_array(folder, name + ".npy", array.shape(),
                           std::vector<double>(array.values().begin(), array.values().end()));
    }
    ProgramResult run(const std::vector<std::string>& command,
                      const std::vector<std::string>& more) const {
        std::vector<std::string> arguments = command;
        arguments.insert(arguments.end(), inputs.begin(), inputs.end());
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_program(arguments);
    }
    // The last query stands at the last valid key of its sequence.
    PlainResult expected() const {
        const std::size_t lengths[] = {5, 3};
        return attend_plainly(in, [&](std::size_t b, std::size_t i, std::size_t j) {
            return j < lengths[b] && j + queries <= i + lengths[b];
        });
    }
};

Array<double> as_array(const std::vector<double>& values, std::size_t queries,
                       std::size_t columns) {
    return {{kBatch, kHeads, queries, columns}, values};
}

}  // namespace

TEST_CASE("the end that queries are aligned with is each sequence's own") {
    for (const std::size_t queries : {2, 4, 8}) {
        const Files files(queries);
        const PlainResult expected = files.expected();
        const std::string lengths = write_array<std::int64_t>(files.folder, "n.npy", {2}, {5, 3});
        for (const std::string& given : {std::string("5,3"), lengths}) {
            const auto result =
                files.run({"run", "-o", files.folder / "out", "--precision", "f64", "--save",
                           "weights,context"},
                          {"--causal", "--key-lengths", given, "--query-offset", "end"});
            INFO(queries << " queries: " << result.err);
            REQUIRE(result.exit_code == 0);
            const std::string layer = files.folder / "out/layer00/";
            CHECK(max_difference(load(layer + "weights.npy"),
                                 as_array(expected.weights, queries, kKeys)) < 1e-12);
            CHECK(max_difference(load(layer + "context.npy"),
                                 as_array(expected.context, queries, kD)) < 1e-12);
        }
    }
}

TEST_CASE("a cache in front changes nothing about where a sequence ends") {
    const Files files(2);
    // The first six keys as a cache, of which some are padding.
    const auto part = [&](const Array<double>& all, std::size_t begin, std::size_t end) {
        std::vector<double> values;
        for (std::size_t matrix = 0; matrix < kBatch * kHeads; ++matrix) {
            const double* from = all.data() + matrix * kKeys * kD;
            values.insert(values.end(), from + begin * kD, from + end * kD);
        }
        return Array<double>({kBatch, kHeads, end - begin, kD}, std::move(values));
    };
    const auto result = run_program({"run",
                                     "-q",
                                     files.inputs[1],
                                     "-k",
                                     files.write("new_k", part(files.in.k, 6, 8)),
                                     "-v",
                                     files.write("new_v", part(files.in.v, 6, 8)),
                                     "--past-key",
                                     files.write("past_k", part(files.in.k, 0, 6)),
                                     "--past-value",
                                     files.write("past_v", part(files.in.v, 0, 6)),
                                     "--causal",
                                     "--key-lengths",
                                     "5,3",
                                     "--query-offset",
                                     "end",
                                     "--precision",
                                     "f64",
                                     "--save",
                                     "weights",
                                     "-o",
                                     files.folder / "out"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    CHECK(max_difference(load(files.folder / "out/layer00/weights.npy"),
                         as_array(files.expected().weights, 2, kKeys)) < 1e-12);
}

TEST_CASE("check and diagnose count the end of a sequence as run does") {
    const Files files(4);
    const PlainResult expected = files.expected();
    const std::string weights = files.write(
        "w", as_array(expected.weights, 4, kKeys).reshaped({1, kBatch, kHeads, 4, kKeys}));
    const std::vector<std::string> flags{"--causal", "--key-lengths", "5,3", "--query-offset",
                                         "end"};
    std::vector<std::string> check{"check", weights, "--only", "row_sum,causal_leak,padding_leak"};
    check.insert(check.end(), flags.begin(), flags.end());
    const auto checked = run_program(check);
    INFO(checked.out << checked.err);
    CHECK(checked.exit_code == 0);

    const std::string observed = files.write("o", as_array(expected.weights, 4, kKeys));
    const auto diagnosed = files.run({"diagnose", "--observed", observed, "--json"}, flags);
    INFO(diagnosed.out << diagnosed.err);
    CHECK(nlohmann::json::parse(diagnosed.out).at("verdict") == "correct");
}

TEST_CASE("lengths that a run remembers say where its sequences end") {
    const Files files(4);
    const auto run = files.run({"run", "-o", files.folder / "out", "--save", "weights"},
                               {"--causal", "--key-lengths", "5,3", "--query-offset", "end"});
    REQUIRE(run.exit_code == 0);
    const auto checked = run_program(
        {"check", files.folder / "out", "--query-offset", "end", "--only", "row_sum,causal_leak"});
    INFO(checked.out << checked.err);
    CHECK(checked.exit_code == 0);
}

TEST_CASE("alignment at the other end is found where padding makes the ends differ") {
    const Files files(8);
    const PlainResult observed = files.expected();
    const auto result =
        files.run({"diagnose", "--observed", files.write("o", as_array(observed.weights, 8, kKeys)),
                   "--json"},
                  {"--causal", "--key-lengths", "5,3"});
    INFO(result.out << result.err);
    CHECK_THAT(result.out, Catch::Contains("causal alignment at the other end"));
}
