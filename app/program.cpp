#include "program.hpp"

#include <CLI/CLI.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bracketed_words.hpp"
#include "core/error.hpp"
#include "core/numbers.hpp"
#include "core/shell_word.hpp"
#include "core/word_list.hpp"
#include "flag_rules.hpp"
#include "kernels/kernel_sets.hpp"

namespace attn::app {
namespace {

void add_entry(CommandEntry& program, std::vector<std::string> names, const std::string& takes,
               const std::string& help) {
    FlagEntry entry;
    entry.names = std::move(names);
    entry.takes = takes;
    entry.help = help;
    entry.heading = "For every command";
    program.flags.push_back(entry);
}

// Flags that stand for every command, in front of it or behind.
void add_global_flags(CLI::App& app, CommandLine& line) {
    GlobalOptions& global = line.global;
    CommandEntry& program = line.catalogue.program;
    app.add_option_function<std::string>("--threads",
                                         [&global](const std::string& text) {
                                             global.threads = static_cast<std::size_t>(parse_whole(
                                                 unguarded(text), {1, 4096}, "--threads"));
                                         })
        ->type_name("N");
    add_entry(
        program, {"--threads"}, "N",
        "Threads to use (default: all cores; of attn-inspect-mpi each rank: its part of them)");
    app.add_flag("--quiet", global.quiet);
    add_entry(program, {"--quiet"}, "", "No progress bar, no warnings and no summary");
    app.add_flag("--no-color", global.no_color);
    add_entry(program, {"--no-color"}, "", "No colours in the terminal (also: NO_COLOR)");
    // These are found before the parser sees the line.
    add_entry(program, {"-h", "--help"}, "", "The usual flags of a command");
    add_entry(program, {"--help-all"}, "", "All flags of a command");
    add_entry(program, {"--version"}, "", "The version");
}

constexpr const char* kBuildAll = "./scripts/build.sh builds all commands";

// Commands that this program was built without.
std::vector<std::string> left_out_commands() {
    std::vector<std::string> names;
    for (const NamedCommand& command : commands()) {
        if (command.add == nullptr) names.emplace_back(command.name);
    }
    return names;
}

void add_program(CLI::App& app, CommandLine& line) {
    app.name("attn-inspect");
    app.set_help_flag();
    app.require_subcommand(1);
    app.fallthrough();
    line.catalogue.program.description =
        "exact transformer attention from files: scores, weights, pictures, numbers";
    line.catalogue.program.footer =
        "Arrays are named FILE[:KEY]; '-' is standard input. Exit codes: 0 fine, 1 a check failed "
        "or results differ, 2 usage, bad input or I/O. A command's flags: attn-inspect help "
        "COMMAND.";
    if (const std::vector<std::string> left_out = left_out_commands(); !left_out.empty())
        line.catalogue.program.footer += " This program was built for a first look, without " +
                                         joined(left_out, ", ") + "; " + kBuildAll + ".";
    line.catalogue.environment = {
        {"NO_COLOR", "No colours in the terminal, as --no-color"},
        {kKernelsVariable, "The instruction set of the inner loops (" + joined(kernel_set_names()) +
                               "; default: the best one that the machine has); the last bits of "
                               "results depend on it"},
    };
    add_global_flags(app, line);
}

}  // namespace

std::string command_text(const CLI::App& app) {
    const std::set<std::string> left_out{"--output", "--json",   "--force", "--durable",
                                         "--sha256", "--resume", "--list",  "--io"};
    std::string text = "attn-inspect";
    for (const CLI::App* command : app.get_subcommands()) {
        text += " " + command->get_name();
        for (const CLI::Option* option : command->get_options()) {
            if (option->count() == 0 || left_out.count(option->get_name()) > 0) continue;
            if (!option->get_positional()) text += " " + option->get_name();
            if (option->get_expected_min() == 0) continue;
            for (const std::string& value : option->results())
                text += " " + shell_word(unguarded(value));
        }
    }
    return text;
}

void refuse_left_out(const std::string& name) {
    for (const std::string& left_out : left_out_commands()) {
        if (name == left_out)
            fail(name, " is not in this program, which was built for a first look; ", kBuildAll);
    }
}

void describe_program(CLI::App& app, CommandLine& line) {
    add_program(app, line);
    for (const NamedCommand& command : commands()) {
        if (command.add != nullptr) command.add(app, line);
    }
    let_switches_stand_alone(app);
}

bool describe_command(CLI::App& app, CommandLine& line, const std::string& name) {
    for (const NamedCommand& command : commands()) {
        if (name != command.name) continue;
        refuse_left_out(name);
        add_program(app, line);
        command.add(app, line);
        let_switches_stand_alone(app);
        return true;
    }
    return false;
}

}  // namespace attn::app
