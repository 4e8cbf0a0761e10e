// Writes the manual pages and the completions at build time: attn-manual FOLDER.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "completions.hpp"
#include "manual.hpp"
#include "program.hpp"

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace

int main(int argc, char** argv) {
    using namespace attn::app;
    if (argc != 2) {
        std::cerr << "usage: attn-manual FOLDER\n";
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    CLI::App app;
    Console console;
    CommandLine line{{}, {}, console};
    describe_program(app, line);
    const Catalogue& catalogue = line.catalogue;
    write(folder / "man1/attn-inspect.1", program_manual(catalogue));
    write(folder / "man1/attn-inspect-mpi.1", ranks_manual());
    for (const CommandEntry& command : catalogue.commands)
        write(folder / "man1" / ("attn-inspect-" + command.name + ".1"),
              command_manual(catalogue, command));
    write(folder / "completions/attn-inspect", bash_completion(catalogue));
    write(folder / "completions/_attn-inspect", zsh_completion(catalogue));
    write(folder / "completions/attn-inspect.fish", fish_completion(catalogue));
    return 0;
}
