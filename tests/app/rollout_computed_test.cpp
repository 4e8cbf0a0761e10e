// rollout of attention that is computed, block by block, against that of attention that was saved.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Catch::Contains;
using Words = std::vector<std::string>;

namespace {

const std::string kModel = sample("model.json");

Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

void done(const Words& words) {
    const ProgramResult result = run_program(with(words, {"--quiet", "--force"}));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
}

// Computes with `model`, saves that and rolls it out, and rolls out what is computed anew.
void check_same(const Words& model, const std::vector<Words>& rollouts) {
    const TempFolder folder;
    const Words f64{"--precision", "f64"};
    done(with(with({"run", "--save", "weights", "-o", folder / "run"}, model), f64));
    for (const Words& flags : rollouts) {
        const Words output = with(flags, {"--save", "rollout", "-o"});
        done(with(with({"rollout", folder / "run"}, output), {folder / "saved"}));
        done(with(with(with({"rollout"}, with(model, f64)), output), {folder / "computed"}));
        CAPTURE(flags);
        const bool relevance = std::count(flags.begin(), flags.end(), "relevance") > 0;
        const std::string name = relevance ? "/relevance.npy" : "/rollout.npy";
        const Array<double> saved = load(folder / "saved" + name),
                            computed = load(folder / "computed" + name);
        REQUIRE(saved.shape() == computed.shape());
        CHECK(max_difference(saved, computed) < 1e-14);
    }
}

const std::vector<Words> kLines{{"--targets", "last"},
                                {"--targets", "0,7,3"},
                                {"--sources", "0,5"},
                                {"--targets", "5-9", "--fuse", "max", "--renormalise", "none"},
                                {"--targets", "4,20", "--first-key", "residual"},
                                {"--sources", "4,20", "--first-key", "drop"},
                                {"--targets", "last", "--discard", "0.4", "--discard-scope", "row"},
                                {"--targets", "6", "--start-layer", "1"},
                                {"--sources", "6", "--layer", "0", "--head", "1,3"}};

}  // namespace

TEST_CASE("targets and sources of attention that is computed are those of attention saved before") {
    check_same({"-w", kModel}, kLines);
}

TEST_CASE("rollout of computed attention knows windows, positions, caps and sinks") {
    const TempFolder folder;
    const std::string sink = write_array<double>(folder, "sink.npy", {4}, {0.5, -1, 2, 0});
    check_same({"-w", kModel, "--window", "5,0", "--sink", sink, "--softcap", "3", "--rope"},
               {{"--targets", "last"},
                {"--targets", "1,9", "--renormalise", "none"},
                {"--sources", "0,9", "--renormalise", "before"}});
}

TEST_CASE("rollout of computed attention keeps the sequences of a batch apart") {
    const Words model{"-w", kModel, "-x", sample("batch_embeddings.npy")};
    check_same(model,
               {{"--targets", "last"}, {"--sources", "3"}, {"--targets", "2", "--seq", "1"}});
}

TEST_CASE("heads of computed attention weigh what --head-weights says") {
    const TempFolder folder;
    const std::string shares =
        write_array<double>(folder, "shares.npy", {2, 4}, {1, 2, 0, 0.5, 0, 3, 1, 0});
    check_same({"-w", kModel}, {{"--head-weights", shares},
                                {"--head-weights", shares, "--targets", "48,7"},
                                {"--head-weights", shares, "--sources", "0,5"},
                                {"--head-weights", shares, "--head", "0,1", "--targets", "9"},
                                {"--head-weights", shares, "--layer", "1", "--sources", "3"}});
    const std::string nothing =
        write_array<double>(folder, "nothing.npy", {2, 4}, {1, 1, 1, 1, 0, 0, 0, 0});
    const ProgramResult zeros = run_program({"rollout", "-w", kModel, "--head-weights", nothing});
    CHECK(zeros.exit_code == 2);
    CHECK_THAT(zeros.err, Contains("all heads of layer 1 weigh 0"));
    const std::string wide =
        write_array<double>(folder, "wide.npy", {4, 2}, {1, 1, 1, 1, 1, 1, 1, 1});
    const ProgramResult other = run_program({"rollout", "-w", kModel, "--head-weights", wide});
    CHECK(other.exit_code == 2);
    CHECK_THAT(other.err, Contains("--head-weights " + wide) && Contains("[2, 4]"));
}

TEST_CASE("rollout of given queries, keys and values is that of their one layer") {
    const TempFolder folder;
    std::vector<double> values(2 * 5 * 3);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<double>(i * 7 % 11) / 5 - 1;
    const std::string heads = write_array<double>(folder, "heads.npy", {2, 5, 3}, values);
    check_same({"-q", heads, "-k", heads, "-v", heads, "--causal"},
               {{"--targets", "0-4"}, {"--sources", "1"}});
}

TEST_CASE("gradients that grad saved weigh attention that is computed as they weigh saved one") {
    const TempFolder folder;
    const Words model{"-w", kModel, "-x", sample("batch_embeddings.npy")};
    const std::string gradients = folder / "grad";
    done(with(with({"grad", "--save", "weights", "--precision", "f64", "-o", gradients}, model),
              {"--upstream", "energy"}));
    for (const char* method : {"relevance", "gradient-rollout"}) {
        const Words flags{"--method", method, "--gradients", gradients};
        check_same(model,
                   {flags, with(flags, {"--targets", "3,1"}), with(flags, {"--sources", "2"}),
                    with(flags, {"--layer", "1", "--head", "0,2"}),
                    with(flags, {"--start-layer", "1", "--seq", "1"})});
    }
}

TEST_CASE("gradients of other layers or heads than the computed ones are refused") {
    const TempFolder folder;
    done({"grad", "-w", kModel, "--save", "weights", "--layers", "1", "-o", folder / "grad"});
    const std::string small =
        write_array<float>(folder, "small.npy", {2, 4, 2, 2}, std::vector<float>(32, 0.5F));
    for (const auto& [gradients, text] :
         {std::pair(folder / "grad", "has gradients of the layers 1"), std::pair(small, "2 of ")}) {
        const ProgramResult result = run_program({"rollout", "-w", kModel, "--method", "relevance",
                                                  "--gradients", gradients, "-o", folder / "out"});
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Contains("--gradients " + gradients) && Contains(text));
        CHECK_FALSE(std::filesystem::exists(folder / "out"));
    }
}

TEST_CASE("axes are named of saved arrays alone, also beside computed attention") {
    const TempFolder folder;
    const ProgramResult none = run_program({"rollout", "-w", kModel, "--axes", "layers,heads,q,k"});
    CHECK(none.exit_code == 2);
    CHECK_THAT(none.err, Contains("--axes: has no effect on attention that is computed"));
    const std::string flipped = write_array<float>(folder, "flipped.npy", {4, 2, 49, 49},
                                                   std::vector<float>(4 * 2 * 49 * 49, 0.5F));
    done({"rollout", "-w", kModel, "--method", "relevance", "--gradients", flipped, "--axes",
          "heads,layers,q,k", "--targets", "last", "-o", folder / "out"});
}

TEST_CASE("computed attention of a decoder rolls out beside saved attention to its encoder") {
    const TempFolder folder;
    const Words model{"-w", kModel, "-x", sample("batch_embeddings.npy")};
    done(with({"run", "--save", "weights", "-o", folder / "run"}, model));
    const Shape shape = load(folder / "run/layer00/weights.npy").shape();
    const Shape crossed{2, shape[0], 3, shape[2], 5};
    std::vector<double> values(2 * shape[0] * 3 * shape[2] * 5);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<double>(i * 7 % 11) / 30;
    const std::string cross = write_array<double>(folder, "cross.npy", crossed, values);
    check_same(model, {{"--cross", cross},
                       {"--cross", cross, "--targets", "last"},
                       {"--cross", cross, "--layer", "1", "--head", "0,2"}});
    const std::string names = folder.write("names.json", R"(["die","Katze","sass","da","."])");
    const ProgramResult named =
        run_program(with(with({"rollout"}, model), {"--cross", cross, "--key-tokens", names,
                                                    "--targets", "last", "--seq", "0"}));
    INFO(named.err);
    CHECK(named.exit_code == 0);
    CHECK_THAT(named.out, Contains("1 Katze: "));
}

TEST_CASE("rollout of computed attention has the same bits for any number of threads") {
    const TempFolder folder;
    for (const Words& lines : {Words{"--targets", "3,40"}, Words{"--sources", "0,1"}}) {
        for (const char* threads : {"1", "3"})
            done(with({"--threads", threads, "rollout", "-w", kModel, "--save", "rollout", "-o",
                       folder / threads},
                      lines));
        CHECK(read_file(folder / "1/rollout.npy") == read_file(folder / "3/rollout.npy"));
    }
}

TEST_CASE(
    "discarding from whole matrices of too many computed tokens is refused before the start") {
    const TempFolder folder;
    const std::string heads =
        write_array<float>(folder, "heads.npy", {1, 4097, 1}, std::vector<float>(4097, 0.5F));
    const ProgramResult result = run_program(
        {"rollout", "-q", heads, "-k", heads, "-v", heads, "--discard", "0.5", "--targets", "1"});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains("up to 4096 tokens") && Contains("--discard-scope row"));
}
