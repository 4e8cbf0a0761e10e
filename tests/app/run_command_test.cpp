#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/small_files.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

namespace {

// Whether the command fails as it must: exit code 2, one line with `text`, nothing written.
void check_run_refused(const TempFolder& folder, std::vector<std::string> arguments,
                       const std::string& text, const std::string& input = "") {
    arguments.insert(arguments.begin(), "run");
    arguments.insert(arguments.end(), {"-o", folder / "out"});
    const auto result = run_program(arguments, input);
    INFO(text << "\n" << result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: ") && Catch::Contains(text));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK_FALSE(fs::exists(folder / "out"));
}

std::string weights_json(const std::string& more = "") {
    return R"({"W_Q": [[1, 0], [0, 1]], "W_K": [[1, 0], [0, 1]], "W_V": [[1, 0], [0, 1]])" + more +
           "}";
}

}  // namespace

TEST_CASE(
    "run says what each folder holds, lists its files with --list, the manifest with --json") {
    const TempFolder folder;
    const std::vector<std::string> command{
        "run", "-x",          sample("embeddings.npy"), "-w", sample("weights"), "--causal",
        "-o",  folder / "out"};
    const auto brief = run_program(command);
    CHECK_THAT(brief.out, Catch::Contains("out/layer01: 3 arrays, 5 pictures\n") &&
                              Catch::Contains("out/layers.png\n") &&
                              !Catch::Contains("head00.png"));
    std::vector<std::string> with_documents = command;
    with_documents.insert(with_documents.end(), {"--save", "check,stats,weights"});
    CHECK_THAT(run_program(with_documents).out, Catch::Contains("out: 2 JSON files\n") &&
                                                    Catch::Contains("out/layer00/weights.npy\n"));
    std::vector<std::string> listing = command;
    listing.emplace_back("--list");
    const auto result = run_program(listing);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    CHECK_THAT(result.out,
               Catch::Contains("out/layer01/weights.npy\n") && Catch::Contains("out/layers.png\n"));

    const auto json =
        run_program({"run", "-w", sample("model.json"), "-o", folder / "out", "--json"});
    CHECK(json.out == read_file(folder / "out/manifest.json"));
    CHECK(run_program({"--quiet", "run", "-w", sample("model.json"), "-o", folder / "out"})
              .out.empty());
    CHECK(run_program({"run", "-w", sample("model.json"), "-o", folder / "out", "--quiet"})
              .out.empty());
}

TEST_CASE("embeddings and weights come from standard input") {
    const TempFolder folder;
    const auto npy = run_program(
        {"run", "-x", "-", "-w", sample("weights"), "-o", folder / "a", "--save", "weights"},
        read_file(sample("embeddings.npy")));
    CHECK(npy.exit_code == 0);
    const auto json = run_program({"run", "-w", "-", "-o", folder / "b", "--save", "weights"},
                                  read_file(sample("model.json")));
    CHECK(json.exit_code == 0);
    CHECK(read_file(folder / "a/layer01/weights.npy") ==
          read_file(folder / "b/layer01/weights.npy"));
    check_run_refused(folder, {"-x", "-", "-w", sample("weights")}, "standard input is empty");
}

TEST_CASE("embeddings that cannot be used are refused") {
    const TempFolder folder;
    const std::string weights = folder.write("w.json", weights_json());
    const auto refused = [&](const std::string& bytes, const std::string& text) {
        check_run_refused(folder, {"-x", folder.write("x.npy", bytes), "-w", weights}, text);
    };
    const std::string good = npy_floats("(2, 2)", {1, 2, 3, 4});
    refused(good.substr(0, good.size() - 4),
            "holds 12 bytes of data, its header promises 16 (float32 [2, 2])");
    refused(npy_floats("(1000000, 2)", {1, 2}), "its header promises 8000000");
    refused(npy_floats("(4294967296, 4294967296)", {1}), "memory can address");
    refused(npy_bytes(npy_dictionary("<q9", "(2, 2)"), "data"), "unknown dtype '<q9'");
    refused(npy_bytes(npy_dictionary("<f4", "(0, 2)"), ""), "has no values");
    refused("", "is empty");
    refused(npy_floats("(2,)", {1, 2}), "expected embeddings [tokens, d_model]");
    refused(npy_floats("(1, 1, 2, 2)", {1, 2, 3, 4}), "expected embeddings [tokens, d_model]");
    refused(npy_floats("(2, 3)", {1, 2, 3, 4, 5, 6}),
            "expected 3 rows, the width of the embeddings");
    refused(npy_floats("(2, 2)", {1, 2, std::nanf(""), 4}), "NaN at [1, 0]");
    refused(npy_floats("(2, 2)", {1, 2, 3, -INFINITY}), "-inf at [1, 1]");
    check_run_refused(folder, {"-x", weights, "-w", weights}, "holds W_K, W_Q, W_V; choose one as");
    check_run_refused(folder, {"-x", "/", "-w", weights},
                      "a folder without .safetensors, .npy or .npz");
    check_run_refused(folder, {"-x", folder / "none.npy", "-w", weights}, "cannot open");
    check_run_refused(folder, {"-w", weights},
                      "holds no \"embeddings\"; give them with --embeddings");
    check_run_refused(folder, {"-x", folder.write("x.npz", "PK\x03\x04"), "-w", weights},
                      "is a damaged ZIP archive");
}

TEST_CASE("NaN goes through when it is allowed") {
    const TempFolder folder;
    const std::string x = folder.write("x.npy", npy_floats("(2, 2)", {1, 2, std::nanf(""), 4}));
    const auto result = run_program({"run", "-x", x, "-w", folder.write("w.json", weights_json()),
                                     "-o", folder / "out", "--allow-nonfinite"});
    CHECK(result.exit_code == 0);
    CHECK(std::isnan(load(folder / "out/layer00/weights.npy").data()[0]));
}

TEST_CASE("weights that cannot be used are refused") {
    const TempFolder folder;
    const std::string x = folder.write("x.npy", npy_floats("(2, 2)", {1, 2, 3, 4}));
    const auto refused = [&](const std::string& json, const std::string& text,
                             std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"-x", x, "-w", folder.write("w.json", json)};
        arguments.insert(arguments.end(), more.begin(), more.end());
        check_run_refused(folder, arguments, text);
    };
    refused(R"({"W_Q": [[1, 0], [0, 1]], "W_V": [[1, 0], [0, 1]]})", "has no W_K");
    refused(R"({"W_Q": [[1, 0], [0]]})", "W_Q: is ragged");
    refused(weights_json(R"(, "b_Q": [1, null])"), "b_Q");
    refused(R"({"W_Q": [["a"]]})", "has no W_Q");
    refused(R"({"W_Q": [[NaN]]})", "JSON has no NaN");
    refused(weights_json(), "2 columns cannot be divided among 3 heads (--heads)",
            {"--heads", "3"});
    refused(weights_json(R"(, "b_Q": [1, 2, 3])"), "b_Q [3]: expected 2 values");
    refused(weights_json(R"(, "heads": 1, "b_Q": [1, 1e39])"),
            "does not fit in float32; use --precision f64");
    refused("{", "is not valid JSON");
}

TEST_CASE("tokens must be as many as the embeddings") {
    const TempFolder folder;
    const std::string x = folder.write("x.npy", npy_floats("(2, 2)", {1, 2, 3, 4}));
    const std::string w = folder.write("w.json", weights_json());
    check_run_refused(folder, {"-x", x, "-w", w, "--tokens", folder.write("t.txt", "a\nb\nc\n")},
                      "t.txt: has 3 tokens");
    check_run_refused(
        folder,
        {"-x", x, "-w", w, "--tokens", folder.write("t.json", R"([["a", "b"], ["c", "d"]])")},
        "has tokens for 2 sequences");
}

TEST_CASE("places that cannot be written are refused and left as they were") {
    const TempFolder folder;
    const std::string file = folder.write("file", "mine");
    const auto to = [&](const std::string& output) {
        return run_program({"run", "-w", sample("model.json"), "-o", output});
    };
    CHECK_THAT(to(file).err, Catch::Contains("is a file, expected a folder"));
    CHECK(read_file(file) == "mine");
    CHECK(to("/proc/out").exit_code == 2);
    folder.write("theirs/data.txt", "theirs");
    CHECK_THAT(to(folder / "theirs").err, Catch::Contains("is not empty and has no manifest.json"));
}

TEST_CASE("a result that no disk can hold is refused before the first byte") {
    const TempFolder folder;
    const std::string x =
        folder.write("x.npy", npy_floats("(4000000, 2)", std::vector<float>(8000000)));
    check_run_refused(folder,
                      {"-x", x, "-w", folder.write("w.json", weights_json(R"(, "heads": 1)"))},
                      "needs 128.0 TB, the disk has");
}

TEST_CASE("a disk that fills up on the way leaves the earlier result") {
    const TempFolder folder;
    REQUIRE(run_program({"run", "-w", sample("model.json"), "-o", folder / "out"}).exit_code == 0);
    const std::string before = read_file(folder / "out/layer00/weights.npy");

    // Files may not grow beyond 20 kB from here on; the arrays are larger.
    const auto result =
        run_program({"run", "-w", sample("model.json"), "-o", folder / "out", "--no-causal"}, "",
                    [] { limit_file_size(20000); });

    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::Contains("cannot write"));
    CHECK(read_file(folder / "out/layer00/weights.npy") == before);
    for (const auto& entry : fs::directory_iterator(folder / "out")) {
        CHECK(entry.path().filename().string().front() != '.');
    }
}

TEST_CASE("a run that is killed in the middle leaves the earlier result") {
    const TempFolder folder;
    REQUIRE(run_program({"run", "-w", sample("model.json"), "-o", folder / "out"}).exit_code == 0);
    const std::string before = read_file(folder / "out/layer00/weights.npy");
    const std::string x =
        folder.write("x.npy", npy_floats("(16384, 2)", std::vector<float>(32768, 0.5F)));
    const std::string w = folder.write("w.json", weights_json());

    const pid_t child = ::fork();
    if (child == 0) {
        const std::string out = folder / "out";
        ::execl(ATTN_BINARY, ATTN_BINARY, "run", "-x", x.c_str(), "-w", w.c_str(), "-o",
                out.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    // Wait until it writes, then kill it while it does: the matrix has 2 GiB.
    const auto staging = [&] {
        for (const auto& entry : fs::directory_iterator(folder / "out")) {
            if (entry.path().filename().string().front() == '.')
                return fs::exists(entry.path() / "layer00/scores.npy");
        }
        return false;
    };
    for (int i = 0; i < 20000 && !staging(); ++i) ::usleep(1000);
    REQUIRE(staging());
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    CHECK(read_file(folder / "out/layer00/weights.npy") == before);
    CHECK(fs::exists(folder / "out/manifest.json"));

    // The next run clears away what was left.
    CHECK(run_program({"run", "-w", sample("model.json"), "-o", folder / "out"}).exit_code == 0);
    CHECK_FALSE(staging());
    for (const auto& entry : fs::directory_iterator(folder / "out")) {
        CHECK(entry.path().filename().string().front() != '.');
    }
}

TEST_CASE("Ctrl-C stops the work, leaves nothing half-written and tells the shell") {
    const TempFolder folder;
    const std::vector<float> values(std::size_t{30000} * 8, 0.5F);
    const std::string tokens = folder.write("q.npy", npy_floats("(8, 30000, 1)", values));
    for (const auto& [signal, code] : {std::pair<std::string, int>{"INT", 130}, {"TERM", 143}}) {
        const std::string command = "timeout --preserve-status --signal=" + signal + " 0.3 " +
                                    ATTN_BINARY + " run -q " + tokens + " -k " + tokens + " -v " +
                                    tokens + " --save output -o " + (folder / "out");
        const int status = std::system((command + " 2> " + (folder / "err")).c_str());
        CHECK(WEXITSTATUS(status) == code);
        CHECK(read_file(folder / "err").empty());
        CHECK_FALSE(fs::exists(folder / "out"));
    }
}

TEST_CASE("zeros left and right of a wide window are holes in the file, and read as zeros") {
    const TempFolder folder;
    const std::size_t n = 4000;
    const std::string tokens =
        folder.write("q.npy", npy_floats("(1, 4000, 1)", std::vector<float>(n, 1)));
    run_program({"run", "-q", tokens, "-k", tokens, "-v", tokens, "--window", "9,0", "--save",
                 "weights", "-o", folder / "out"});
    const attn::Array<double> weights = load(folder / "out/layer00/weights.npy");
    std::size_t wrong = 0;
    for (std::size_t row = 0; row < n; ++row) {
        const double share = 1.0 / static_cast<double>(std::min<std::size_t>(row + 1, 10));
        for (std::size_t key = 0; key < n; ++key) {
            const double expected = key <= row && key + 9 >= row ? share : 0;
            wrong += std::abs(weights.data()[row * n + key] - expected) > 1e-6;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("run says with --timing where its time went, and leaves no trace of it in the folder") {
    const TempFolder folder;
    const std::vector<std::string> plain{
        "run", "-w", sample("model.json"), "-o", folder / "out", "--threads", "2"};
    REQUIRE(run_program(plain).exit_code == 0);
    const std::string manifest = read_file(folder / "out/manifest.json");

    std::vector<std::string> timed = plain;
    timed.insert(timed.end(), {"--timing", "--json"});
    const auto result = run_program(timed);
    REQUIRE(result.exit_code == 0);
    CHECK(read_file(folder / "out/manifest.json") == manifest);
    auto printed = nlohmann::json::parse(result.out);
    const auto timing = printed["timing"];
    double sum = timing["waiting"];
    for (const char* phase : {"open", "convert", "project", "attend", "write", "draw", "commit"}) {
        INFO(phase);
        CHECK(timing["phases"][phase] > 0);
        CHECK_THAT(result.err, Catch::Contains(std::string("  ") + phase + " "));
        sum += timing["phases"][phase].get<double>();
    }
    CHECK(sum >= Approx(2 * timing["seconds"].get<double>()));
    printed.erase("timing");
    CHECK(printed == nlohmann::json::parse(manifest));
}

TEST_CASE("arrays are written through MPI by the program that has it alone") {
    const TempFolder folder;
    for (const std::string command : {"run", "grad", "approx", "rollout"}) {
        const auto result = run_program({command, "-x", sample("embeddings.npy"), "-w",
                                         sample("weights"), "-o", folder / "out", "--io", "mpi"});
        CHECK(result.exit_code == 2);
        CHECK(result.err ==
              "attn-inspect: error: --io mpi: there is no MPI in attn-inspect; start "
              "attn-inspect-mpi\n");
    }
}
