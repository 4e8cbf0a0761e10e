#include "several_sources.hpp"

#include <algorithm>

#include "command_line.hpp"
#include "commands.hpp"
#include "core/error.hpp"

namespace attn::app {

int for_each_source(const std::vector<std::string>& sources, Console& console,
                    const std::function<int(const std::string&)>& look, const Communicator& ranks) {
    const auto is_stdin = [](const std::string& source) {
        return source.substr(0, 2) == "-:" || source == "-";
    };
    if (std::count_if(sources.begin(), sources.end(), is_stdin) > 1)
        fail("source -: standard input can be read only once");
    int code = 0;
    for (const std::string& source : sources) {
        if (sources.size() == 1) return look(source);
        try {
            ranks.together([&] { code = std::max(code, look(source)); });
        } catch (const Error& problem) {
            console.complain(problem.what());
            code = kTrouble;
        }
    }
    return code;
}

}  // namespace attn::app
