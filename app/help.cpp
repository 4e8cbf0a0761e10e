#include "help.hpp"

#include <algorithm>
#include <vector>

#include "core/printable.hpp"
#include "core/version.hpp"
#include "core/word_list.hpp"
#include "core/wrapped_text.hpp"
#include "json_keys.hpp"

namespace attn::app {
namespace {

constexpr std::size_t kHelpColumn = 29;  // where what a flag does begins

// `text` with line breaks between words, each line behind `indent` blanks; the first one is not
// indented.
std::string hanging(const std::string& text, std::size_t indent, std::size_t columns) {
    return joined(wrapped(std::string(indent, ' '), text, indent, columns), "\n").substr(indent);
}

std::string row(const std::string& name, const std::string& help, std::size_t columns) {
    std::string line = "  " + name;
    const std::size_t width = character_count(line);
    if (width + 2 > kHelpColumn)
        line += "\n" + std::string(kHelpColumn, ' ');
    else
        line += std::string(kHelpColumn - width, ' ');
    return line + hanging(help, kHelpColumn, columns) + "\n";
}

std::string rows_under(const CommandEntry& command, const std::string& heading,
                       std::size_t columns) {
    std::string text;
    for (const FlagEntry& flag : command.flags) {
        if (!flag.is_argument() && flag.heading == heading)
            text += row(shown_names(flag), flag.help, columns);
    }
    return text.empty() ? "" : "\n" + heading + "\n" + text;
}

std::string arguments(const CommandEntry& command, std::size_t columns) {
    std::string text;
    for (const FlagEntry& flag : command.flags) {
        if (flag.is_argument()) text += row(flag.takes, flag.help, columns);
    }
    return text.empty() ? "" : "\n" + text;
}

std::string environment_rows(const Catalogue& catalogue, std::size_t columns) {
    std::string text = "\nEnvironment\n";
    for (const VariableEntry& variable : catalogue.environment)
        text += row(variable.name, variable.help, columns);
    return text;
}

std::string json_rows(const std::string& command, std::size_t columns) {
    std::string text;
    for (JsonKey key : json_keys(command)) {
        key.meaning.erase(std::remove(key.meaning.begin(), key.meaning.end(), '`'),
                          key.meaning.end());
        text += row(key.name, key.meaning, columns);
    }
    return text.empty() ? "" : "\nWhat --json prints\n" + text;
}

std::string usual_rows(const CommandEntry& command, std::size_t columns) {
    std::string text;
    for (const std::string& name : command.usual) {
        for (const FlagEntry& flag : command.flags) {
            if (long_name(flag) == name) text += row(shown_names(flag), flag.help, columns);
        }
    }
    return "\n" + text;
}

std::vector<std::string> headings(const CommandEntry& command) {
    std::vector<std::string> found;
    for (const FlagEntry& flag : command.flags) {
        if (std::find(found.begin(), found.end(), flag.heading) == found.end())
            found.push_back(flag.heading);
    }
    return found;
}

}  // namespace

std::string usage_line(const CommandEntry& command) {
    std::string text = "attn-inspect " + command.name;
    for (const FlagEntry& flag : command.flags) {
        if (flag.is_argument())
            text += " " + flag.takes;
        else if (flag.required)
            text += " " + flag.names.front() + " " + flag.takes;
    }
    return text + " [flags]";
}

std::string program_help(const Catalogue& catalogue, std::size_t columns) {
    std::string text = std::string("attn-inspect ") + version() + ": " +
                       catalogue.program.description +
                       "\n\nUsage: attn-inspect FILE…             the first look\n       "
                       "attn-inspect COMMAND [flags]\n\n";
    for (const CommandEntry& command : catalogue.commands)
        text += row(command.name, command.description, columns);
    text += rows_under(catalogue.program, "For every command", columns);
    return text + "\n" + hanging(catalogue.program.footer, 0, columns) + "\n";
}

std::string command_help(const Catalogue& catalogue, const CommandEntry& command, bool all,
                         std::size_t columns) {
    std::string text = hanging(command.description, 0, columns) +
                       "\n\nUsage: " + hanging(usage_line(command), 7, columns) + "\n" +
                       arguments(command, columns);
    if (all) {
        for (const std::string& heading : headings(command))
            text += rows_under(command, heading, columns);
        text += rows_under(catalogue.program, "For every command", columns);
        text += environment_rows(catalogue, columns);
        if (!command.footer.empty()) text += "\n" + command.footer + "\n";
        text += json_rows(command.name, columns);
    } else {
        text += usual_rows(command, columns);
    }
    if (!command.example.empty()) text += "\nExample\n  " + command.example + "\n";
    if (!all) text += "\nAll flags: attn-inspect " + command.name + " --help-all\n";
    return text;
}

}  // namespace attn::app
