// Commands that several ranks carry out together give what one process gives, byte for byte.
#include <catch2/catch.hpp>

#include <filesystem>

#include "io/npy_writer.hpp"
#include "pipeline/approx.hpp"
#include "pipeline/check.hpp"
#include "pipeline/compare.hpp"
#include "pipeline/draw.hpp"
#include "pipeline/monitor.hpp"
#include "pipeline/rollout.hpp"
#include "pipeline/run.hpp"
#include "pipeline/stats.hpp"
#include "results/check_report.hpp"
#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/folder_contents.hpp"
#include "support/temp_folder.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::pipeline;
using namespace attn::test;

namespace {

using Texts = std::vector<std::string>;

RunRequest sample_request() {
    RunRequest request;
    request.input.embeddings = sample("batch_embeddings.npy");
    request.input.weights = sample("weights");
    request.input.tokens = sample("batch_tokens.json");
    request.input.attention.causal = true;
    return request;
}

// What is in the folder after so many ranks have run it together.
std::map<std::string, std::string> run_with(std::size_t size, RunRequest request) {
    const TempFolder folder;
    request.output = folder / "out";
    const Texts errors = ThreadRanks(size).run([&](const Communicator& ranks) {
        RunRequest own = request;
        own.ranks = ranks;
        ranks.together([&] { run(own, {}, {}); });
    });
    CHECK(errors == Texts(size));
    return contents(folder.path());
}

void require_same_folders(const RunRequest& request) {
    const auto alone = run_with(1, request);
    CHECK(alone.count("out/manifest.json") == 1);
    for (const std::size_t size : {2, 3, 14}) {
        const auto together = run_with(size, request);
        for (const auto& [name, bytes] : alone) {
            INFO(size << " ranks: " << name);
            CHECK((together.count(name) == 1 && together.at(name) == bytes));
        }
        CHECK(together.size() == alone.size());
    }
}

// What so many ranks return for a request; all return the same.
template <class Work>
std::string text_with(std::size_t size, const Work& work) {
    Texts texts(size);
    const Texts errors = ThreadRanks(size).run([&](const Communicator& ranks) {
        ranks.together([&] { texts[ranks.rank()] = work(ranks); });
    });
    CHECK(errors == Texts(size));
    CHECK(texts == Texts(size, texts.front()));
    return texts.front();
}

}  // namespace

TEST_CASE("ranks that run together write the folder of one process") {
    RunRequest request = sample_request();
    request.save = results::parse_save(
        "scores,weights,context,logsumexp,output,q,k,v,heatmaps,stats,received,check");
    require_same_folders(request);
    request.format = results::ArrayFormat::npz;
    request.layers = {1};
    request.heads = {0, 2};
    request.verify = true;
    request.save = results::parse_save("weights,heatmaps,stats,check");
    request.heatmaps.shared_scale = true;
    require_same_folders(request);
}

TEST_CASE("ranks share the rows of a head where there are more of them than heads") {
    // 7 tiles of 300 queries while they are computed, 10 of 30 rows while they are read.
    const TempFolder folder;
    RunRequest request;
    request.input.query = folder / "q.npy";
    request.input.key = folder / "k.npy";
    request.input.value = folder / "v.npy";
    const auto write_random = [&](const char* name, const Shape& shape, unsigned seed) {
        const Array<float> array = random_array<float>(shape, seed);
        write_array(folder, name, shape,
                    std::vector<float>(array.values().begin(), array.values().end()));
    };
    write_random("q.npy", {1, 300, 4}, 1);
    write_random("k.npy", {1, 4300, 4}, 2);
    write_random("v.npy", {1, 4300, 3}, 3);
    request.input.attention.causal = true;
    request.save =
        results::parse_save("scores,weights,context,logsumexp,output,stats,received,check");
    const auto alone = run_with(1, request);
    for (const std::size_t size : {2, 3, 9}) CHECK(run_with(size, request) == alone);
    // Heads are whole where pictures are drawn.
    request.save = results::parse_save("weights,heatmaps,stats");
    CHECK(run_with(3, request) == run_with(1, request));

    request.output = folder / "out";
    request.save = results::parse_save("scores,weights");
    run(request, {}, {});
    const auto measured = [&](const Communicator& ranks) {
        StatsRequest stats;
        stats.from.source = request.output;
        stats.ranks = ranks;
        return stats_json(measure(stats, {}, {}));
    };
    const auto checked = [&](const Communicator& ranks) {
        CheckRequest check_request;
        check_request.from.source = request.output;
        check_request.ranks = ranks;
        const CheckResult result = check(check_request, {}, {});
        return results::checks_json({{request.output, result}}, false, !result.failed());
    };
    for (const std::size_t size : {2, 3, 9}) {
        CHECK(text_with(size, measured) == measured({}));
        CHECK(text_with(size, checked) == checked({}));
    }
}

TEST_CASE("ranks compute every family of checkpoints as one process does") {
    for (const auto& entry : std::filesystem::directory_iterator(golden("models"))) {
        const auto file = [&](const char* name) {
            return exists(entry.path() / name) ? (entry.path() / name).string() : "";
        };
        INFO(entry.path().string());
        RunRequest request;
        request.input.weights = file("model.safetensors");
        request.input.token_ids = file("token_ids.npy");
        request.input.token_type_ids = file("token_type_ids.npy");
        request.input.attention.positions = file("positions.npy");
        request.input.embeddings = file("embeddings.npy");
        request.input.hidden_states = file("hidden_states.npy");
        request.save = results::parse_save("weights,output");
        request.save.hidden = exists(entry.path() / "expected/hidden.npy");
        request.save.logits = exists(entry.path() / "expected/logits.npy");
        CHECK(run_with(3, request) == run_with(1, request));
    }
}

TEST_CASE("rows of projections and feed-forward parts are dealt out in whole blocks") {
    // 720 rows: three blocks, the last of them not whole.
    const TempFolder folder;
    std::vector<std::int64_t> ids(60 * 12);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i * i % 21);
    RunRequest request;
    request.input.weights = golden("models/gpt2/model.safetensors");
    request.input.token_ids = write_array(folder, "ids.npy", {60, 12}, ids);
    request.save = results::parse_save("q,v,output,hidden,logits,stats");
    const auto alone = run_with(1, request);
    for (const std::size_t size : {2, 3, 5}) CHECK(run_with(size, request) == alone);
}

TEST_CASE("what the values add is told by ranks that each compute all") {
    RunRequest request = sample_request();
    request.save = results::parse_save("norms,value_weighted,layer_norms");
    require_same_folders(request);
}

TEST_CASE("the definition is divided, too") {
    RunRequest request = sample_request();
    request.input.attention.engine = Engine::xtensor;
    request.input.precision = source::Precision::f64;
    request.save = results::parse_save("weights,context");
    require_same_folders(request);
}

TEST_CASE("ranks measure, check and draw stored attention as one process does") {
    const TempFolder folder;
    RunRequest request = sample_request();
    request.output = folder / "out";
    request.save = results::parse_save("scores,weights");
    run(request, {}, {});

    const auto measured = [&](const Communicator& ranks) {
        StatsRequest stats;
        stats.from.source = request.output;
        stats.ranks = ranks;
        stats.similarity = true;
        return stats_json(measure(stats, {}, {}));
    };
    const auto checked = [&](const Communicator& ranks) {
        CheckRequest check_request;
        check_request.from.source = request.output;
        check_request.ranks = ranks;
        const CheckResult result = check(check_request, {}, {});
        return results::checks_json({{request.output, result}}, false, !result.failed());
    };
    for (const std::size_t size : {2, 3, 14}) {
        CHECK(text_with(size, measured) == measured({}));
        CHECK(text_with(size, checked) == checked({}));
    }

    for (const char* output : {"pictures", "sheet.png", "one.png"}) {
        DrawRequest drawing;
        drawing.from.source = request.output;
        drawing.sheet = output == std::string("sheet.png");
        if (output == std::string("one.png")) drawing.from.layers = drawing.from.heads = {1};
        if (output != std::string("pictures")) drawing.from.sequences = {2};
        drawing.heatmaps.max_size = 300;
        const auto drawn_with = [&](std::size_t size) {
            const TempFolder place;
            drawing.output = place / output;
            const Texts errors = ThreadRanks(size).run([&](const Communicator& ranks) {
                DrawRequest own = drawing;
                own.ranks = ranks;
                ranks.together([&] { draw(own, {}, {}); });
            });
            CHECK(errors == Texts(size));
            return contents(place.path());
        };
        const auto alone = drawn_with(1);
        CHECK(!alone.empty());
        CHECK(drawn_with(3) == alone);
    }
}

TEST_CASE("ranks compare two attentions as one process does") {
    const TempFolder folder;
    RunRequest request = sample_request();
    request.output = folder / "a";
    request.save = results::parse_save("weights");
    run(request, {}, {});
    CompareRequest comparison;
    comparison.a = request.output;
    comparison.computed = request.input;
    comparison.computed.attention.scale = 0.3;
    // B is computed, then read.
    const auto compared = [&](const Communicator& ranks) {
        CompareRequest own = comparison;
        own.ranks = ranks;
        return results::comparison_json(compare(own, {}, {}));
    };
    for (const std::size_t size : {2, 3, 14}) CHECK(text_with(size, compared) == compared({}));
    request.output = folder / "b";
    request.input.attention.scale = 0.3;
    request.layers = {1};
    run(request, {}, {});
    comparison.b = request.output;
    for (const std::size_t size : {2, 3, 14}) CHECK(text_with(size, compared) == compared({}));

    const auto drawn_with = [&](std::size_t size) {
        const TempFolder place;
        comparison.output = place / "pictures";
        const Texts errors = ThreadRanks(size).run(
            [&](const Communicator& ranks) { ranks.together([&] { compared(ranks); }); });
        CHECK(errors == Texts(size));
        return contents(place.path());
    };
    const auto alone = drawn_with(1);
    CHECK(alone.size() > 8);
    CHECK(drawn_with(3) == alone);
}

TEST_CASE("ranks approximate attention as one process does") {
    ApproxRequest request;
    request.input = sample_request().input;
    // Masks, factors, changed inputs and projections, whole heads, and random methods.
    request.methods =
        "local:window=8,topk:k=4,kmeans,svd:rank=4,lowrank-values:rank=3,lowrank-scores:rank=5,"
        "int8,quant-weights:bits=6,prune-heads:share=0.5";
    request.needs = true;
    request.growth = {16, 64};
    request.per_head = true;
    request.max_error = 0.1;
    const auto approximated = [&](const Communicator& ranks) {
        ApproxRequest own = request;
        own.ranks = ranks;
        const ApproxResult result = approximate(own, {}, {});
        std::string text = results::approx_json(result.report);
        for (const std::string& above : result.above) text += above + "\n";
        return text;
    };
    for (const std::size_t size : {2, 3, 14})
        CHECK(text_with(size, approximated) == approximated({}));
    // Only some heads: no outputs behind W_O.
    request.from.heads = {1, 2};
    request.from.layers = {1};
    request.from.sequences = {0, 2};
    for (const std::size_t size : {2, 3}) CHECK(text_with(size, approximated) == approximated({}));

    const auto written_with = [&](std::size_t size) {
        const TempFolder place;
        ApproxRequest own = request;
        own.methods = "topk:k=4,local:window=8";
        own.output = place / "out";
        const Texts errors = ThreadRanks(size).run([&](const Communicator& ranks) {
            ApproxRequest of_rank = own;
            of_rank.ranks = ranks;
            ranks.together([&] { approximate(of_rank, {}, {}); });
        });
        CHECK(errors == Texts(size));
        return contents(place.path());
    };
    const auto alone = written_with(1);
    CHECK(alone.size() > 8);
    CHECK(written_with(3) == alone);
}

TEST_CASE("ranks approximate stored attention as one process does") {
    const TempFolder folder;
    RunRequest run_request = sample_request();
    run_request.output = folder / "out";
    run_request.save = results::parse_save("weights,v");
    run(run_request, {}, {});
    ApproxRequest request;
    request.from.source = run_request.output;
    request.from.layers = {0};
    request.value = folder / "out/layer00/v.npy";
    request.needs = true;
    const auto approximated = [&](const Communicator& ranks) {
        ApproxRequest own = request;
        own.ranks = ranks;
        return results::approx_json(approximate(own, {}, {}).report);
    };
    for (const std::size_t size : {2, 3, 14})
        CHECK(text_with(size, approximated) == approximated({}));
}

TEST_CASE("ranks roll sequences out as one process does") {
    const TempFolder folder;
    RunRequest run_request = sample_request();
    run_request.output = folder / "out";
    run_request.save = results::parse_save("weights");
    run(run_request, {}, {});
    RolloutRequest request;
    request.from.source = run_request.output;
    const auto rolled = [&](const Communicator& ranks) {
        RolloutRequest own = request;
        own.ranks = ranks;
        return results::rollout_json(rollout(
                                         own, [](auto, auto) {}, [](const auto&) {})
                                         .summary);
    };
    const auto require_same = [&] {
        for (const std::size_t size : {2, 3, 14}) CHECK(text_with(size, rolled) == rolled({}));
    };
    require_same();
    request.fuse = analysis::Fuse::per_head;
    request.sources = {0, 5};
    require_same();
    request = {};
    request.from.source = run_request.output;
    request.method = RolloutMethod::flow;
    request.targets = {3, 11};
    require_same();
    // Attention that is computed while it is rolled out.
    request = {};
    request.computed = run_request.input;
    request.attention.causal = true;
    request.targets = {2, 9};
    require_same();
    request.targets.reset();
    request.sources = {0};
    require_same();

    request = {};
    request.from.source = run_request.output;
    const auto written_with = [&](std::size_t size) {
        const TempFolder place;
        request.output = place / "out";
        const Texts errors = ThreadRanks(size).run(
            [&](const Communicator& ranks) { ranks.together([&] { rolled(ranks); }); });
        CHECK(errors == Texts(size));
        return contents(place.path());
    };
    const auto alone = written_with(1);
    CHECK(alone.count("out/rollout.npy") == 1);
    CHECK(written_with(3) == alone);
}

TEST_CASE("ranks watch a training as one process does") {
    // Two checkpoints, the second with other keys.
    const TempFolder folder;
    for (const char* step : {"step1", "step2"})
        std::filesystem::copy(sample("weights"), folder / step,
                              std::filesystem::copy_options::recursive);
    folder.write("step2/layers.0.W_K.npy", read_file(sample("weights") + "/layers.0.W_Q.npy"));
    MonitorRequest request;
    request.checkpoints = {folder / "step1", folder / "step2"};
    request.input.embeddings = sample("batch_embeddings.npy");
    request.input.attention.causal = true;
    request.per_sequence = true;
    const auto watched = [&](const Communicator& ranks) {
        MonitorRequest own = request;
        own.ranks = ranks;
        return results::training_json(monitor(own, {}, {}).report, false);
    };
    for (const std::size_t size : {2, 3, 14}) CHECK(text_with(size, watched) == watched({}));

    const auto written_with = [&](std::size_t size) {
        const TempFolder place;
        MonitorRequest own = request;
        own.output = place / "out";
        const Texts errors = ThreadRanks(size).run([&](const Communicator& ranks) {
            MonitorRequest of_rank = own;
            of_rank.ranks = ranks;
            ranks.together([&] { monitor(of_rank, {}, {}); });
        });
        CHECK(errors == Texts(size));
        return contents(place.path());
    };
    const auto alone = written_with(1);
    CHECK(alone.count("out/monitor.json") == 1);
    CHECK(written_with(3) == alone);

    // Attention that was saved at each step.
    request.sources = {ATTN_SOURCE_DIR "/data/training"};
    request.checkpoints.clear();
    request.input = {};
    for (const std::size_t size : {2, 3}) CHECK(text_with(size, watched) == watched({}));
}

TEST_CASE("a rank that reads another file is named before anything is written") {
    const TempFolder folder;
    const std::string a = folder.write("a.npy", read_file(sample("embeddings.npy")));
    std::string bytes = read_file(a);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    const std::string b = folder.write("b.npy", bytes);
    std::filesystem::rename(b, a + "2");
    RunRequest request = sample_request();
    request.input.tokens = "";
    request.output = folder / "out";
    // The same name on two machines: a link that leads elsewhere for each rank.
    const Texts errors = ThreadRanks(2).run([&](const Communicator& ranks) {
        RunRequest own = request;
        own.ranks = ranks;
        own.input.embeddings = ranks.rank() == 0 ? a : a + "2";
        ranks.together([&] { run(own, {}, {}); });
    });
    CHECK(errors == Texts(2, "rank 1: " + a +
                                 "2: is not the file that rank 0 reads; all ranks must see the "
                                 "same files"));
    CHECK_FALSE(std::filesystem::exists(request.output));
}

TEST_CASE("an output folder that is another one on some rank is found before computing") {
    const TempFolder folder;
    const Texts errors = ThreadRanks(3).run([&](const Communicator& ranks) {
        RunRequest own = sample_request();
        own.ranks = ranks;
        own.output = folder / (ranks.rank() == 2 ? "elsewhere" : "out");
        ranks.together([&] { run(own, {}, {}); });
    });
    CHECK(errors == Texts(3, "rank 2: " + (folder / "elsewhere") +
                                 ": is not the folder that rank 0 writes into; give one that all "
                                 "machines share"));
    CHECK(contents(folder.path()).empty());
}

TEST_CASE("numbers that one rank finds out of range end all, and leave nothing") {
    const TempFolder folder;
    RunRequest request;
    request.input.query = folder / "q.npy";
    request.input.key = folder / "k.npy";
    request.input.value = folder / "v.npy";
    request.output = folder / "out";
    for (const std::string& name : {request.input.query, request.input.key, request.input.value}) {
        // Head 1 of 2: 3e38 times 3e38 is no float.
        std::vector<float> values(2 * 4 * 2, 1);
        std::fill(values.begin() + 8, values.end(), 3e38F);
        io::OutputPath path{std::filesystem::path(name)};
        io::NpyWriter file(path, DType::float32, {2, 4, 2});
        file.write(0, Span<const float>(values));
        file.close();
    }
    const auto fault_with = [&](std::size_t size) {
        return ThreadRanks(size).run([&](const Communicator& ranks) {
            RunRequest own = request;
            own.ranks = ranks;
            ranks.together([&] { run(own, {}, {}); });
        });
    };
    const std::string alone = fault_with(1).front();
    CHECK(alone.find("head 1") != std::string::npos);
    CHECK(fault_with(2) == Texts(2, "rank 1: " + alone));
    CHECK_FALSE(std::filesystem::exists(request.output));
}
