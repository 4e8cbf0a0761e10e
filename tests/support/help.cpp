#include "support/help.hpp"

#include <sstream>

#include "support/program.hpp"

namespace attn::test {

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    std::istringstream help(run_program({"help"}).out);
    std::string line;
    while (std::getline(help, line) && line.find("COMMAND [flags]") == std::string::npos) continue;
    while (std::getline(help, line) && line != "For every command") {
        if (line.size() > 2 && line.compare(0, 2, "  ") == 0 && line[2] != ' ')
            names.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
    return names;
}

std::vector<HelpFlag> flags_in_help(const std::string& command) {
    std::vector<HelpFlag> flags;
    std::istringstream help(run_program({command, "--help-all"}).out);
    for (std::string line; std::getline(help, line) && line != "For every command";) {
        if (line.compare(0, 3, "  -") != 0) continue;
        HelpFlag flag;
        std::istringstream words(line.substr(0, line.find("  ", 3)));
        for (std::string word; words >> word;) {
            const bool more = word.back() == ',';
            if (more) word.pop_back();
            if (word[0] == '-')
                flag.names.push_back(word);
            else
                flag.takes = word;
        }
        flags.push_back(flag);
    }
    return flags;
}

std::string manual_page(const std::string& command) {
    return read_file(std::string(ATTN_MANUAL_DIR) + "/man1/attn-inspect-" + command + ".1");
}

}  // namespace attn::test
