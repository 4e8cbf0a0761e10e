// The command line: parses it, runs the chosen command, and turns every error into one line.
#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <string>

#include "attention/blas_threads.hpp"
#include "commands.hpp"
#include "core/interrupt.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/version.hpp"
#include "usage_error.hpp"

namespace {

// Exit codes as in diff and grep: 1 is for checks that fail and results that differ.
constexpr int kTrouble = 2;

int complain(const std::string& text) {
    std::cerr << "attn-inspect: error: " << text << '\n';
    return kTrouble;
}

// The watcher of signals may have removed what the work was writing to: no error of the user's.
int complain_unless_interrupted(const std::string& text) {
    if (const int signal = attn::interrupted()) attn::die_by(signal);
    return complain(text);
}

void describe(CLI::App& app, attn::app::GlobalOptions& global) {
    app.name("attn-inspect");
    app.description(
        "Exact transformer attention from files: scores, weights, pictures, numbers.\n"
        "Arrays are named FILE[:KEY]; '-' is standard input. Exit codes: 0 fine, 1 a check failed\n"
        "or results differ, 2 usage, bad input or I/O.");
    app.set_version_flag("--version", std::string("attn-inspect ") + attn::version());
    app.add_option("--threads", global.threads, "Threads to use (default: all cores)")
        ->check(CLI::Range(1, 4096))
        ->type_name("N");
    app.add_flag("--quiet", global.quiet, "No progress bar and no summary");
    app.add_flag("--no-color", global.no_color, "No colours in the terminal (also: NO_COLOR)");
    app.require_subcommand(1);
    app.fallthrough();
}

}  // namespace

int main(int argc, char** argv) {
    attn::keep_freed_memory();
    attn::watch_signals([](const std::string& text) { complain(text); }, kTrouble);
    CLI::App app;
    attn::app::CommandLine line;
    describe(app, line.global);
    attn::app::add_run_command(app, line);
    attn::app::add_heatmap_command(app, line);
    attn::app::add_stats_command(app, line);
    attn::app::add_check_command(app, line);
    attn::app::add_compare_command(app, line);
    attn::app::add_diagnose_command(app, line);
    attn::app::add_info_command(app, line);

    try {
        app.parse(argc, argv);
        const attn::ThreadLimit limit(line.global.threads);
        attn::keep_blas_to_one_thread();
        return line.action();
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
        return complain(attn::app::explain(app, error));
    } catch (const attn::Interrupted& request) {
        attn::die_by(request.signal);
    } catch (const std::bad_alloc&) {
        return complain_unless_interrupted("out of memory");
    } catch (const std::exception& error) {
        return complain_unless_interrupted(error.what());
    }
}
