// The commands that scripts/demo.sh builds, so that somebody who has just come sees a picture soon.
// Those that are named here and what they include are all that is compiled: sources_of.cmake.
#include <vector>

#include "commands.hpp"

namespace attn::app {

std::vector<NamedCommand> commands() {
    return {
        {"look", add_look_command},
        {"run", add_run_command},
        {"heatmap", add_heatmap_command},
        {"stats", add_stats_command},
        {"check", add_check_command},
        {"compare", nullptr},
        {"diagnose", nullptr},
        {"grad", nullptr},
        {"monitor", nullptr},
        {"approx", nullptr},
        {"info", add_info_command},
        {"rollout", nullptr},
        {"report", nullptr},
    };
}

}  // namespace attn::app
