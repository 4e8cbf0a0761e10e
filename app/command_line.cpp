#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <new>
#include <sstream>
#include <string>

#include "attention/blas_threads.hpp"
#include "commands.hpp"
#include "core/interrupt.hpp"
#include "core/parallel.hpp"
#include "core/version.hpp"
#include "number_flags.hpp"
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
    add_whole(app, "--threads", global.threads, {1, 4096}, "Threads to use (default: all cores)");
    app.add_flag("--quiet", global.quiet, "No progress bar and no summary");
    app.add_flag("--no-color", global.no_color, "No colours in the terminal (also: NO_COLOR)");
    app.require_subcommand(1);
    app.fallthrough();
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
    try {
        app.parse(argc, argv);
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
    } catch (const std::exception& error) {
        problem = error.what();
    }
    // The watcher of signals may have removed what the work was writing to: no error of the user's.
    stop_if_interrupted();
    console.complain(problem);
    return kTrouble;
}

}  // namespace attn::app
