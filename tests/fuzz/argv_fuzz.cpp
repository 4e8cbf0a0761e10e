// The command line: arguments made of commands, their flags and values that nobody means. Whatever
// they are, the exit code is 0, 1 or 2, and 2 comes with one line. Everything that is written lies
// in a folder of its own, where the arguments are relative to.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "fuzz/fuzz.hpp"

using namespace attn;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kCommands{"look",    "run",      "heatmap", "stats", "check",
                                         "compare", "diagnose", "grad",    "info"};

const std::vector<std::string> kValues{"-1",
                                       "0",
                                       "1",
                                       "2",
                                       "nan",
                                       "inf",
                                       "1e999",
                                       "1e39",
                                       "1e-320",
                                       "0.5",
                                       "0x10",
                                       "1,2",
                                       "0-1",
                                       "0-99999",
                                       "0:1",
                                       "1:",
                                       "-1,0",
                                       "end",
                                       "log",
                                       "abs",
                                       "tile",
                                       "scaled",
                                       "scores",
                                       "hidden,probs",
                                       "stats,received",
                                       "npz",
                                       "f64",
                                       "magma",
                                       "1x2",
                                       "1x1+1",
                                       "18446744073709551615",
                                       "99999999999999999999",
                                       "/",
                                       "-",
                                       "--",
                                       "no/such/file:key",
                                       "\xff\xfe",
                                       "\x1b[31m",
                                       "finite",
                                       "ignore",
                                       ""};

const std::vector<std::pair<std::string, std::string>> kFiles{
    {"weights.json", "[[[1, 0], [0.5, 0.5]], [[1, 0], [0.25, 0.75]]]"},
    {"heads.json",
     R"({"q": [[[1, 0], [0, 1]]], "k": [[[1, 0], [0, 1]]], "v": [[[1], [2]]], "n": [2]})"},
    {"model.json", R"({"W_Q": [[1, 0], [0, 1]], "W_K": [[1, 0], [0, 1]], "W_V": [[1, 2], [3, 4]],)"
                   R"( "embeddings": [[1, 0], [0.5, 1]], "heads": 1, "tokens": ["a", "b"]})"},
    {"tokens.json", R"(["a", "b"])"},
    {"mask.json", "[[true, false], [true, true]]"},
};

const std::vector<std::string> kSources{"weights.json", "heads.json:q", "heads.json:k",
                                        "heads.json:v", "heads.json:n", "model.json",
                                        "tokens.json",  "mask.json",    "out"};

std::string text_of_descriptor(int descriptor) {
    std::string text;
    char piece[4096];
    ::lseek(descriptor, 0, SEEK_SET);
    for (ssize_t count; (count = ::read(descriptor, piece, sizeof piece)) > 0;)
        text.append(piece, static_cast<std::size_t>(count));
    return text;
}

struct Outcome {
    int code;
    std::string results;
    std::string messages;
};

Outcome run(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv{"attn-inspect"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    const int results = ::memfd_create("results", 0);
    const int messages = ::memfd_create("messages", 0);
    app::Console console(results, messages);
    const int code = app::run_command_line(static_cast<int>(argv.size()), argv.data(), console);
    const Outcome outcome{code, text_of_descriptor(results), text_of_descriptor(messages)};
    ::close(results);
    ::close(messages);
    return outcome;
}

// The last name of each, as --help-all lists them: "  -o, --output DIR  …".
std::vector<std::string> flags_of(const std::string& command) {
    std::vector<std::string> flags;
    std::istringstream help(run({command, "--help-all"}).results);
    for (std::string line; std::getline(help, line);) {
        if (line.compare(0, 3, "  -") != 0) continue;
        std::istringstream names(line);
        std::string name;
        while (names >> name && name.back() == ',') continue;
        flags.push_back(name);
    }
    return flags;
}

class Table {
  public:
    Table() {
        std::string folder = (fs::temp_directory_path() / "attn-fuzz-XXXXXX").string();
        if (::mkdtemp(folder.data()) == nullptr) std::abort();
        fs::current_path(folder_ = folder);
        const int nothing = ::open("/dev/null", O_RDONLY);
        ::dup2(nothing, STDIN_FILENO);
        ::close(nothing);
        for (const std::string& command : kCommands) flags_.push_back(flags_of(command));
    }
    ~Table() {
        fs::current_path("/");
        fs::remove_all(folder_);
    }

    // Removes what the last arguments gave, and writes what the next ones may read.
    void reset() const {
        for (const auto& entry : fs::directory_iterator(folder_)) fs::remove_all(entry.path());
        for (const auto& [name, text] : kFiles) std::ofstream(name) << text;
    }

    // The first byte is the command, each pair of the others one word or two.
    std::vector<std::string> arguments(const std::uint8_t* data, std::size_t size) const {
        const std::size_t command = data[0] % kCommands.size();
        std::vector<std::string> words{"--threads", "1", kCommands[command]};
        for (std::size_t i = 1; i + 1 < size && words.size() < kMostWords; i += 2) {
            const auto pick = [&](const std::vector<std::string>& list) {
                return list[data[i + 1] % list.size()];
            };
            switch (data[i] % 4) {
                case 0:
                    words.push_back(pick(flags_[command]));
                    break;
                case 1:
                    words.push_back(harmless(words.back(), pick(kValues)));
                    break;
                case 2:
                    words.push_back(pick(kSources));
                    break;
                case 3:
                    words.insert(words.end(),
                                 {pick(flags_[command]), kSources[data[i] / 4 % kSources.size()]});
                    break;
            }
        }
        return words;
    }

  private:
    static constexpr std::size_t kMostWords = 40;

    // Nothing is written outside of the folder.
    static std::string harmless(const std::string& flag, const std::string& value) {
        const bool output = flag == "--output" || flag == "--received";
        return output && value == "/" ? "out" : value;
    }

    fs::path folder_;
    std::vector<std::vector<std::string>> flags_;
};

[[noreturn]] void report(const std::vector<std::string>& arguments, const Outcome& outcome) {
    std::string text = "exit code " + std::to_string(outcome.code) + ":";
    for (const std::string& word : arguments) text += " '" + word + "'";
    std::ofstream("/dev/stderr") << text << '\n' << outcome.messages << '\n';
    std::abort();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Table table;
    if (size == 0) return 0;
    table.reset();
    const std::vector<std::string> arguments = table.arguments(data, size);
    const Outcome outcome = run(arguments);
    const std::string mark = "attn-inspect: error: ";
    const std::size_t first = outcome.messages.find(mark);
    const bool told = first != std::string::npos &&
                      outcome.messages.find('\n', first) + 1 == outcome.messages.size();
    if (outcome.code < 0 || outcome.code > app::kTrouble) report(arguments, outcome);
    if ((outcome.code == app::kTrouble) != told) report(arguments, outcome);
    return 0;
}
