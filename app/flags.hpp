// A command and its flags: what they are called, what they take, where the value goes. Every flag
// of the program comes in here, so that none takes a number without a range or a word that nobody
// knows. The parser behind is CLI11, which only flags.cpp and the files about the whole line see.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "core/numbers.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace attn::app {

struct CommandLine;

// One flag. The handle is copied freely; the command owns the flag.
class Flag {
  public:
    Flag(CLI::Option* option, FlagEntry* entry) : option_(option), entry_(entry) {}

    Flag required() const;
    // What a shell offers for the value: files, or these words (or a list of them).
    Flag completes(Completion completion) const;
    Flag completes(std::vector<std::string> words) const;
    Flag completes_list(std::vector<std::string> words) const;
    // What the help shows for the value, instead of X or N of a number.
    Flag takes(const std::string& what) const;
    // Refused by the parser without the other one.
    Flag needs(const Flag& other) const;

  private:
    CLI::Option* option_;
    FlagEntry* entry_;
};

// One command. `names` of a flag are "-o,--output"; "source" without dashes is an argument. `takes`
// is what the help shows for the value, such as FILE; what shells complete follows from it. Targets
// live as long as the program.
class Command {
  public:
    // Stands in the catalogue of `line` from now on.
    Command(CLI::App& program, CommandLine& line, const std::string& name,
            const std::string& description);

    // The heading of the help under which all flags stand that are added from now on.
    void heading(const std::string& title) { heading_ = title; }
    // What the long help says at its end.
    void footer(const std::string& text);
    // What the short help shows: about ten flags by their long names, and a line to paste.
    void usual(std::vector<std::string> flags, const std::string& example);
    // What the program does when this command was chosen; returns the exit code.
    // Only the first of several ranks does it.
    void action(std::function<int()> execute);
    // The same for a command whose work all ranks share.
    void divided_action(std::function<int()> execute);

    Flag text(const std::string& names, const std::string& takes, std::string& target,
              const std::string& help);
    Flag text(const std::string& names, const std::string& takes,
              std::optional<std::string>& target, const std::string& help);
    // One or more of them, behind one another.
    Flag texts(const std::string& names, const std::string& takes, std::vector<std::string>& target,
               const std::string& help);
    // A flag that may be given several times, each time with one text.
    Flag repeated(const std::string& names, const std::string& takes,
                  std::vector<std::string>& target, const std::string& help);
    // Text that `take` understands, or refuses with an Error that names the flag.
    Flag parsed(const std::string& names, const std::string& takes,
                std::function<void(const std::string&)> take, const std::string& help);
    // A number inside of the range; parsing throws Error that names the flag.
    Flag real(const std::string& names, double& target, const RealRange& range,
              const std::string& help);
    Flag real(const std::string& names, std::optional<double>& target, const RealRange& range,
              const std::string& help);
    Flag whole(const std::string& names, std::size_t& target, const WholeRange& range,
               const std::string& help);
    Flag whole(const std::string& names, std::optional<std::size_t>& target,
               const WholeRange& range, const std::string& help);
    // Indices such as 0,3-5.
    Flag indices(const std::string& names, std::optional<std::vector<std::size_t>>& target,
                 const std::string& help);
    // Words with commas between them.
    Flag words(const std::string& names, std::vector<std::string>& target, const std::string& help);
    // One of `choices`; `take` gets it.
    Flag choice(const std::string& names, const std::vector<std::string>& choices,
                std::function<void(const std::string&)> take, const std::string& help);
    // A switch, which takes no value.
    Flag on(const std::string& names, bool& target, const std::string& help);
    Flag on(const std::string& names, std::function<void()> act, const std::string& help);

  private:
    template <class Target>
    Flag real_into(const std::string& names, Target& target, const RealRange& range,
                   const std::string& help);
    template <class Target>
    Flag whole_into(const std::string& names, Target& target, const WholeRange& range,
                    const std::string& help);
    Flag placed(CLI::Option* option, const std::string& names, const std::string& takes,
                const std::string& help) const;

    CLI::App* command_;
    CommandLine* line_;
    CommandEntry* entry_;
    std::string heading_ = "Options";
};

// The pieces of a list with commas between them.
std::vector<std::string> split_list(const std::string& list);

}  // namespace attn::app
