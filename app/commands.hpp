// The subcommands. Each adds its flags to the command line and says what to do when it was chosen.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "console.hpp"
#include "core/communicator.hpp"
#include "flags.hpp"
#include "io/placed_file.hpp"

namespace attn::app {

// Flags that stand for every command.
struct GlobalOptions {
    std::size_t threads = 0;  // 0: as many as there are cores
    bool quiet = false;
    bool no_color = false;
};

struct CommandLine {
    Catalogue catalogue;  // of all commands
    GlobalOptions global;
    Console& console;
    std::string text = "";  // what was asked for, but for where it goes and how it is told
    std::function<int()> action = nullptr;     // of the chosen command; returns the exit code
    Communicator ranks = {};                   // that carry it out together
    io::OpenPlacedFile open_by_mpi = nullptr;  // none where there is no MPI
};

// Does on rank 0 what is not divided among ranks, and says so, while the others wait. Returns the
// exit code, on others 0.
int on_rank_0(const CommandLine& line, const std::string& what, const std::function<int()>& act);

void add_look_command(CLI::App& app, CommandLine& line);
void add_run_command(CLI::App& app, CommandLine& line);
void add_heatmap_command(CLI::App& app, CommandLine& line);
void add_stats_command(CLI::App& app, CommandLine& line);
void add_check_command(CLI::App& app, CommandLine& line);
void add_compare_command(CLI::App& app, CommandLine& line);
void add_diagnose_command(CLI::App& app, CommandLine& line);
void add_approx_command(CLI::App& app, CommandLine& line);
void add_grad_command(CLI::App& app, CommandLine& line);
void add_monitor_command(CLI::App& app, CommandLine& line);
void add_info_command(CLI::App& app, CommandLine& line);
void add_rollout_command(CLI::App& app, CommandLine& line);
void add_report_command(CLI::App& app, CommandLine& line);

struct NamedCommand {
    const char* name;
    void (*add)(CLI::App&, CommandLine&);  // null: not in this program
};

// In the order of the help. A program has all of them (all_commands.cpp), or those of a first look
// (first_commands.cpp), which take less than half the time to compile.
std::vector<NamedCommand> commands();

}  // namespace attn::app
