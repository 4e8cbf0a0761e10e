// What the commands and their flags are called and what they do, as data: help, manual pages and
// completions are written from it, so that they cannot disagree with what the parser takes.
#pragma once

#include <deque>
#include <string>
#include <vector>

namespace attn::app {

enum class Completion { nothing, words, file, folder, array };  // array: FILE[:KEY]

struct FlagEntry {
    std::vector<std::string> names;  // "-o", "--output"; "source" alone: an argument
    std::string takes;               // "FILE"; empty for a switch
    std::string help;
    std::string heading;  // under which it stands in the long help
    bool required = false;
    Completion completion = Completion::nothing;
    std::vector<std::string> words;  // what the value may be, for completions
    bool list = false;               // several of the words, with commas between them

    bool is_argument() const { return names.front()[0] != '-'; }
};

struct CommandEntry {
    std::string name;         // "run"; empty for the program itself
    std::string description;  // one line
    std::deque<FlagEntry> flags;
    std::vector<std::string> usual;  // long names of the flags that the short help shows
    std::string example;             // a line to paste
    std::string footer;              // lists at the end of the long help
};

// An environment variable that every command reads.
struct VariableEntry {
    std::string name;
    std::string help;
};

struct Catalogue {
    CommandEntry program;               // what stands for every command
    std::deque<CommandEntry> commands;  // in the order of the help
    std::vector<VariableEntry> environment;

    // nullptr where there is none of that name.
    const CommandEntry* find(const std::string& name) const;
};

// The names of a flag as a reader sees them: "-o, --output DIR".
std::string shown_names(const FlagEntry& flag);

// The first name of a flag that is a word: "--output", "source".
const std::string& long_name(const FlagEntry& flag);

}  // namespace attn::app
