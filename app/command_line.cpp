#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "attention/blas_threads.hpp"
#include "commands.hpp"
#include "core/interrupt.hpp"
#include "core/numbers.hpp"
#include "core/parallel.hpp"
#include "core/version.hpp"
#include "flag_rules.hpp"
#include "usage_error.hpp"

namespace attn::app {
namespace {

void describe(CLI::App& app, GlobalOptions& global) {
    app.name("attn-inspect");
    app.description(
        "Exact transformer attention from files: scores, weights, pictures, numbers.\n"
        "Arrays are named FILE[:KEY]; '-' is standard input. Exit codes: 0 fine, 1 a check failed\n"
        "or results differ, 2 usage, bad input or I/O.");
    app.set_version_flag("--version", std::string("attn-inspect ") + version());
    app.add_option_function<std::string>(
           "--threads",
           [&global](const std::string& text) {
               global.threads = static_cast<std::size_t>(parse_whole(text, {1, 4096}, "--threads"));
           },
           "Threads to use (default: all cores)")
        ->type_name("N");
    app.add_flag("--quiet", global.quiet, "No progress bar and no summary");
    app.add_flag("--no-color", global.no_color, "No colours in the terminal (also: NO_COLOR)");
    app.require_subcommand(1);
    app.fallthrough();
}

// Help and version are given wherever they are asked for, whatever else is wrong.
std::vector<const char*> words_to_parse(CLI::App& app, int argc, const char* const* argv) {
    const std::vector<const char*> all(argv, argv + argc);
    const char* command = nullptr;
    const char* help = nullptr;
    for (std::size_t i = 1; i < all.size(); ++i) {
        const std::string word = all[i];
        const auto named = [&](const CLI::App* known) { return known->get_name() == word; };
        if (word == "--") break;
        if (word == "--version") return {all[0], all[i]};
        if (word == "--help" || word == "-h") help = all[i];
        if (command == nullptr && !app.get_subcommands(named).empty()) command = all[i];
    }
    if (help == nullptr) return all;
    if (command == nullptr) return {all[0], help};
    return {all[0], command, help};
}

int act(int argc, const char* const* argv, Console& console) {
    CLI::App app;
    CommandLine line{{}, console, {}};
    describe(app, line.global);
    add_run_command(app, line);
    add_heatmap_command(app, line);
    add_stats_command(app, line);
    add_check_command(app, line);
    add_compare_command(app, line);
    add_diagnose_command(app, line);
    add_info_command(app, line);
    let_switches_stand_alone(app);
    try {
        const auto words = words_to_parse(app, argc, argv);
        app.parse(static_cast<int>(words.size()), words.data());
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {  // --help and --version
            std::ostringstream text;
            app.exit(error, text, text);
            console.document(text.str());
            return 0;
        }
        console.complain(explain(app, error));
        return kTrouble;
    }
    require_effect(app);
    const ThreadLimit limit(line.global.threads);
    keep_blas_to_one_thread();
    return line.action();
}

}  // namespace

int run_command_line(int argc, const char* const* argv, Console& console) {
    std::string problem;
    try {
        const int code = act(argc, argv, console);
        console.finish();
        return code;
    } catch (const std::bad_alloc&) {
        problem = "out of memory";
    } catch (const std::length_error&) {
        problem = "out of memory: an array would be larger than any memory";
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
