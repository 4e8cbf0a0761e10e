#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "attention/product_processor.hpp"
#include "bracketed_words.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"
#include "core/version.hpp"
#include "flag_rules.hpp"
#include "help.hpp"
#include "io/shared_standard_input.hpp"
#include "kernels/kernels.hpp"
#include "program.hpp"
#include "terminal.hpp"
#include "usage_error.hpp"

namespace attn::app {
namespace {

// What is asked about the program itself, wherever it stands and whatever else is wrong.
struct Question {
    enum class Kind { none, help, help_all } kind = Kind::none;
    std::string command;  // that it is about; empty: the program
};

Question question_of(const Catalogue& catalogue, const std::vector<std::string>& words) {
    Question question;
    if (words.empty()) question.kind = Question::Kind::help;
    bool named = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--") break;
        if (word == "--help" || word == "-h" || (word == "help" && i == 0)) {
            if (question.kind == Question::Kind::none) question.kind = Question::Kind::help;
        } else if (word == "--help-all") {
            question.kind = Question::Kind::help_all;
        } else if (!named && (catalogue.find(word) != nullptr || words[0] == "help")) {
            named = true;
            question.command = word;
        }
    }
    return question;
}

std::string answer(const Catalogue& catalogue, const Question& question) {
    const std::size_t columns = std::min<std::size_t>(terminal_columns(), 100);
    if (question.command.empty()) return program_help(catalogue, columns);
    const CommandEntry* command = catalogue.find(question.command);
    if (command == nullptr) {
        refuse_left_out(question.command);
        fail_unknown_command(catalogue, question.command);
    }
    return command_help(catalogue, *command, question.kind == Question::Kind::help_all, columns);
}

// The parser takes "-o=dir" for a folder named "=dir"; everybody else means "dir".
std::vector<std::string> without_equals_signs(std::vector<std::string> words) {
    for (std::string& word : words) {
        if (word == "--") break;
        if (word.size() > 2 && word[0] == '-' && word[1] != '-' && word[2] == '=') word.erase(2, 1);
    }
    return words;
}

// A first word that is no command but names a file, or can be nothing else, is for look.
std::vector<std::string> with_command(const Catalogue& catalogue, std::vector<std::string> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--threads") ++i;
        if (word.size() > 1 && word[0] == '-' && word[1] != ':') continue;
        if (catalogue.find(word) != nullptr) return words;
        const bool path = word.find_first_of("/.:") != std::string::npos || word == "-";
        std::error_code error;
        if (path || std::filesystem::exists(word, error)) words.insert(words.begin(), "look");
        return words;
    }
    return words;
}

// What processors choose differs in the last bits, and results must not depend on who computed a
// head.
void require_same_kernels(const Communicator& ranks) {
    const std::string own = std::string("kernels ") + kernels<float>().instruction_set +
                            ", OpenBLAS " + product_processor();
    const std::vector<std::string> names = ranks.gather_all(own);
    for (std::size_t rank = 1; rank < names.size(); ++rank) {
        if (names[rank] == names[0]) continue;
        throw JointError("rank " + std::to_string(rank) + " computes with " + names[rank] +
                         ", rank 0 with " + names[0] + ", whose last bits differ; choose one for " +
                         "all with " + kKernelsVariable + " and OPENBLAS_CORETYPE");
    }
}

// The first word that does not belong to a flag of the program. Everything else may need to know
// all commands: help, a file without a command, a mistake.
std::string first_word(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--threads") {
            ++i;
        } else if (words[i].empty() || words[i][0] != '-') {
            return words[i];
        }
    }
    return "";
}

constexpr std::array<std::string_view, 3> kHelpFlags{"--help", "-h", "--help-all"};
constexpr std::array<std::string_view, 1> kVersionFlag{"--version"};

// Whether one of the flags is among the words, up to the "--" that ends flags.
template <class Iterator, class Flags>
bool holds_flag(Iterator begin, Iterator end, const Flags& flags) {
    return std::any_of(begin, std::find(begin, end, std::string_view("--")),
                       [&](const std::string_view word) {
                           return std::find(flags.begin(), flags.end(), word) != flags.end();
                       });
}

// Whether "-" or /dev/stdin is among the words, but for where results go.
bool reads_standard_input(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& before = i == 0 ? words[i] : words[i - 1];
        if (before == "-o" || before == "--output" || before == "--received") continue;
        const std::string& word = words[i];
        const std::size_t equals = word.rfind("--", 0) == 0 ? word.find('=') : std::string::npos;
        if (equals != std::string::npos &&
            (word.rfind("--output=", 0) == 0 || word.rfind("--received=", 0) == 0))
            continue;
        const std::string value = equals == std::string::npos ? word : word.substr(equals + 1);
        if (value == "-" || value.rfind("-:", 0) == 0 || value.rfind("/dev/stdin", 0) == 0)
            return true;
    }
    return false;
}

int act(int argc, const char* const* argv, Console& console, const Ranks& ranks) {
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    if (holds_flag(words.begin(), words.end(), kVersionFlag)) {
        console.document(std::string("attn-inspect ") + version() + "\n");
        return 0;
    }
    CLI::App app;
    CommandLine line{{}, {}, console};
    line.open_by_mpi = ranks.open_by_mpi;
    // The flags of one command are described much faster than those of all.
    if (holds_flag(words.begin(), words.end(), kHelpFlags) ||
        !describe_command(app, line, first_word(words)))
        describe_program(app, line);
    const Question question = question_of(line.catalogue, words);
    if (question.kind != Question::Kind::none) {
        console.document(answer(line.catalogue, question));
        return 0;
    }
    try {
        std::vector<std::string> reversed =
            guarded(without_equals_signs(with_command(line.catalogue, words)));
        std::reverse(reversed.begin(), reversed.end());
        app.parse(reversed);
    } catch (const CLI::ParseError& error) {
        console.complain(explain(app, error));
        return kTrouble;
    }
    if (line.global.quiet) console.silence_warnings();
    require_effect(app);
    line.text = command_text(app);
    line.ranks = ranks.communicator;
    const ThreadLimit limit(line.global.threads > 0 ? line.global.threads : ranks.threads);
    kernels<float>();  // a name that says nothing is refused before any work
    if (line.ranks.is_alone()) return line.action();
    require_same_kernels(line.ranks);
    if (reads_standard_input(words)) io::share_standard_input(line.ranks);
    int code = 0;
    line.ranks.together([&] { code = line.action(); });
    return code;
}

}  // namespace

int on_rank_0(const CommandLine& line, const std::string& what, const std::function<int()>& act) {
    if (line.ranks.is_alone()) return act();
    if (!line.ranks.is_root()) {
        line.ranks.wait_for_all();
        return 0;
    }
    line.console.warn(what + " is not divided among ranks; rank 0 does all of it");
    std::exception_ptr problem;
    int code = 0;
    try {
        code = act();
    } catch (...) {
        problem = std::current_exception();
    }
    line.ranks.wait_for_all();
    if (problem) std::rethrow_exception(problem);
    return code;
}

bool is_question(int argc, const char* const* argv) {
    const char* const* const begin = argv + std::min(argc, 1);
    const char* const* const end = argv + argc;
    return holds_flag(begin, end, kVersionFlag) || holds_flag(begin, end, kHelpFlags);
}

int run_command_line(int argc, const char* const* argv, Console& console, const Ranks& ranks) {
    std::string problem;
    try {
        const int code = act(argc, argv, console, ranks);
        console.finish();
        return code;
    } catch (const std::bad_alloc&) {
        problem = "out of memory";
    } catch (const std::length_error&) {
        problem = "out of memory: an array would be larger than any memory";
    } catch (const std::filesystem::filesystem_error& error) {
        problem = error.path1().string() + ": " + error.code().message();
    } catch (const std::system_error& error) {
        problem = error.what();
        if (error.code() == std::errc::resource_unavailable_try_again) problem = kNoThread;
    } catch (const std::exception& error) {
        problem = error.what();
    }
    // The watcher of signals may have removed what the work was writing to: no error of the user's.
    stop_if_interrupted();
    console.complain(problem);
    return kTrouble;
}

}  // namespace attn::app
