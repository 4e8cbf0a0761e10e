// What commands may write over, and what they make of the name behind -o.

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "support/arrays.hpp"
#include "support/attention.hpp"
#include "support/folder_contents.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/small_files.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

// The command is refused in one line with `text`, and everything stays as it was.
void check_refused(const TempFolder& temp, const Words& arguments, const std::string& text,
                   const std::string& input = "") {
    const auto before = contents(temp.path());
    const auto result = run_program(arguments, input);
    INFO(text << "\n" << result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: ") && Catch::Contains(text) &&
                               !Catch::Contains(".attn-inspect-"));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK(contents(temp.path()) == before);
}

void check_works(const Words& arguments, const std::string& input = "") {
    const auto result = run_program(arguments, input);
    INFO(result.err);
    CHECK(result.exit_code == 0);
}

std::string folder_of_run(const TempFolder& temp, const std::string& name = "run") {
    check_works({"run", "-w", sample("model.json"), "-o", temp / name, "--quiet", "--save",
                 "weights,q,k,v"});
    return temp / name;
}

std::string attention(const TempFolder& temp, const std::string& name = "in.npy") {
    return RandomAttention(2, 4, true).write(temp, name);
}

}  // namespace

TEST_CASE("no command replaces a folder of another command") {
    const TempFolder temp;
    const std::string run = folder_of_run(temp);
    const std::string in = attention(temp);
    check_refused(temp, {"heatmap", in, "-o", run}, "holds the results of another command, run");
    check_refused(temp, {"heatmap", run + "/layer01/weights.npy", "-o", run}, "--force");
    check_refused(temp, {"heatmap", run, "-o", run}, "--force");
    check_works({"heatmap", in, "-o", temp / "pictures"});
    check_refused(temp, {"run", "-w", sample("model.json"), "-o", temp / "pictures"},
                  "holds the results of another command, heatmap");
    check_works({"run", "-w", sample("model.json"), "-o", temp / "pictures", "--force"});
    CHECK(fs::exists(temp / "pictures/layer00/weights.npy"));
}

TEST_CASE("no command replaces the folder that it reads from") {
    const TempFolder temp;
    const std::string run = folder_of_run(temp);
    fs::create_directory_symlink(run, temp.path() / "link");
    fs::create_hard_link(run + "/layer00/q.npy", temp.path() / "q.npy");
    const auto again = [&](const std::string& q) {
        return Words{"run", "-q", q, "-k", run + "/layer00/k.npy", "-v", run + "/layer00/v.npy",
                     "-o",  run};
    };
    check_refused(temp, again(run + "/layer00/q.npy"), "holds what this command reads");
    check_refused(temp, again(temp / "link/layer00/q.npy"), "holds what this command reads");
    check_refused(
        temp, {"run", "-q", temp / "q.npy", "-k", temp / "q.npy", "-v", temp / "q.npy", "-o", run},
        "holds what this command reads");
    // By force nothing that was there is lost: it may not have been read.
    Words forced = again(run + "/layer00/q.npy");
    forced.insert(forced.end(), {"--force", "--save", "weights", "--quiet"});
    check_works(forced);
    for (const char* file : {"/layer00/q.npy", "/layer01/v.npy", "/layer00/weights.npy"})
        CHECK(fs::exists(run + file));
}

TEST_CASE("no command overwrites its input or somebody's file, and its own file always") {
    const TempFolder temp;
    const std::string in = attention(temp);
    const std::string picture = attention(temp, "in.png");
    const std::string notes = temp.write("notes.txt", "mine");
    fs::create_hard_link(in, temp.path() / "hard.npy");
    check_refused(temp, {"stats", in, "--received", in}, "is an input of this command");
    check_refused(temp, {"stats", in, "--received", temp / "hard.npy"}, "is an input");
    check_refused(temp, {"heatmap", picture, "-o", picture}, "is an input of this command");
    check_refused(temp, {"stats", in, "--received", notes}, "was not written by this command");
    check_refused(temp, {"heatmap", in, "-o", temp.write("theirs.png", "?")}, "--force");
    const std::string tokens = temp.write("tokens.png", "a\nb\nc\nd\n");
    check_refused(temp, {"heatmap", in, "--tokens", tokens, "-o", tokens}, "is an input");
    for (int i = 0; i < 3; ++i) {
        check_works({"stats", in, "--received", temp / "received.npy"});
        check_works({"heatmap", in, "-o", temp / "fig.png"});
        check_works({"heatmap", in, "-o", temp / "figures"});
        check_works({"run", "-w", sample("model.json"), "-o", temp / "run", "--quiet"});
    }
    check_works({"stats", in, "--received", in, "--force"});
    CHECK(load(in).shape() == attn::Shape{2, 4});
}

TEST_CASE("standard input is an input too") {
    const TempFolder temp;
    const std::string in = attention(temp);
    const std::string command = std::string(ATTN_BINARY) + " stats - --received " + in + " < " +
                                in + " > /dev/null 2> " + (temp / "error");
    const std::string before = read_file(in);
    CHECK(std::system(command.c_str()) != 0);
    CHECK(read_file(in) == before);
    CHECK_THAT(read_file(temp / "error"), Catch::Contains("is an input of this command"));
}

TEST_CASE("one picture or array goes to standard output, a folder does not") {
    const TempFolder temp;
    const std::string in = attention(temp);
    const auto picture = run_program({"heatmap", in, "--head", "0", "--plain", "-o", "-"});
    CHECK(picture.exit_code == 0);
    CHECK(decode_png(picture.out).width() == 4);
    const auto array = run_program({"stats", in, "--received", "-"});
    CHECK(array.exit_code == 0);
    CHECK(load(temp.write("received.npy", array.out)).shape() == attn::Shape{2, 4});
    check_refused(temp, {"run", "-w", sample("model.json"), "-o", "-"},
                  "--output -: standard output cannot hold a folder");
    check_refused(temp, {"stats", in, "--received", "-", "--json"}, "both want standard output");
    check_refused(temp, {"stats", in, "--received", "-", "--csv"}, "both want standard output");
    CHECK_FALSE(fs::exists("-"));
}

TEST_CASE("pictures of kinds that are not written are refused, naming those that are") {
    const TempFolder temp;
    const std::string in = attention(temp);
    for (const char* name : {"x.svgz", "x.eps", "x.jpg", "x.JPEG", "x.webp", "x.gif", "x.tiff"})
        check_refused(temp, {"heatmap", in, "-o", temp / name},
                      "one picture FILE.png, FILE.svg or FILE.pdf");
    check_refused(temp, {"run", "-w", sample("model.json"), "-o", temp / "x.png"},
                  "a .png file is not what this command writes; expected a folder");
    check_works({"heatmap", in, "-o", temp / "x.Png"});
}

TEST_CASE("folders above the output are made, and go again when nothing is written") {
    const TempFolder temp;
    const std::string in = attention(temp);
    check_works({"heatmap", in, "-o", temp / "no/such/dir/a.png"});
    check_works({"stats", in, "--received", temp / "none/either/a.npy"});
    check_works({"heatmap", in, "-o", temp / "deep/er/"});
    CHECK(fs::exists(temp / "deep/er/layer00/heads.png"));
    check_refused(temp, {"heatmap", in, "--queries", "7:9", "-o", temp / "gone/too/a.png"}, "7:9");
    check_refused(temp, {"heatmap", in, "--queries", "7:9", "-o", temp / "gone/too"}, "7:9");
}

TEST_CASE("names behind -o that cannot be meant are refused") {
    const TempFolder temp;
    const std::string in = attention(temp);
    const std::string model = sample("model.json");
    check_refused(temp, {"run", "-w", model, "-o", ""}, "--output");
    check_refused(temp, {"heatmap", in, "-o", ""}, "--output");
    check_refused(temp, {"stats", in, "--received", ""}, "is empty");
    check_refused(temp, {"run", "-w", model, "-o", in}, "is a file, expected a folder");
    check_refused(temp, {"run", "-w", model, "-o", in + "/out"}, "cannot create the folder");
    check_refused(temp, {"run", "-w", model, "-o", "/"}, "is not empty");
    check_refused(temp, {"heatmap", in, "-o", "/dev/null"},
                  "is no folder but a device or pipe, expected a folder");
    check_refused(temp, {"stats", in, "--received", "/dev/null"}, "is not a plain file");
    check_refused(temp, {"stats", in, "--received", temp.path().string()}, "is a folder");
}

TEST_CASE("errors of the disk name the file as the user will see it") {
    const TempFolder temp;
    for (const char* format : {"npy", "npz", "safetensors"}) {
        const auto result =
            run_program({"run", "-w", sample("model.json"), "-o", temp / "out", "--format", format},
                        "", [] { limit_file_size(20000); });
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains((temp / "out") + "/layer00/") &&
                                   Catch::Contains("cannot write") &&
                                   !Catch::Contains(".attn-inspect-"));
        CHECK(fs::is_empty(temp.path()));
    }
}

TEST_CASE("two runs into one folder leave the files of one, as its manifest lists them") {
    const TempFolder temp;
    const auto run = [&](const std::string& save) {
        for (int i = 0; i < 3; ++i)
            check_works(
                {"run", "-w", sample("model.json"), "-o", temp / "out", "--save", save, "--quiet"});
    };
    std::thread other([&] { run("q,k"); });
    run("scores,output,context");
    other.join();
    const std::string listed = read_file(temp / "out/manifest.json");
    for (const auto& [file, content] : contents(temp / "out")) {
        if (content == "(folder)" || file == "manifest.json") continue;
        INFO(file);
        CHECK_THAT(listed, Catch::Contains("\"" + file + "\""));
    }
    const bool first = fs::exists(temp / "out/layer00/q.npy");
    CHECK(first != fs::exists(temp / "out/layer00/scores.npy"));
}

TEST_CASE("a durable run writes the same") {
    const TempFolder temp;
    const std::string in = attention(temp);
    check_works({"heatmap", in, "-o", temp / "a.png"});
    check_works({"heatmap", in, "-o", temp / "b.png", "--durable"});
    CHECK(read_file(temp / "a.png") == read_file(temp / "b.png"));
    check_works({"run", "-w", sample("model.json"), "-o", temp / "out", "--durable", "--quiet"});
    check_works({"stats", in, "--received", temp / "r.npy", "--durable"});
}

TEST_CASE("a disk that fails at any byte of any format is told by the user's name of the file") {
    const TempFolder temp;
    for (const char* format : {"npy", "npz", "safetensors"}) {
        const std::string out = temp / format;
        std::size_t failed = 0;
        // Less would leave no room for the error, which goes to a file here.
        for (const rlim_t bytes : {400, 1000, 9000, 20000, 40000, 60000, 80000, 100000}) {
            const ProgramResult result =
                run_program({"run", "-w", sample("model.json"), "--save", "scores,weights,output",
                             "--format", format, "-o", out, "--quiet"},
                            "", [bytes] { limit_file_size(bytes); });
            if (result.exit_code == 0) continue;
            ++failed;
            INFO(format << " " << bytes << ": " << result.err);
            CHECK(result.exit_code == 2);
            CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: " + out));
            CHECK_THAT(result.err, !Catch::Contains(".attn-inspect"));
            CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
            CHECK_FALSE(fs::exists(out));
        }
        CHECK(failed > 3);
    }
}
