// The commands of attn-inspect and attn-inspect-mpi.
#include <vector>

#include "commands.hpp"

namespace attn::app {

std::vector<NamedCommand> commands() {
    return {
        {"look", add_look_command},         {"run", add_run_command},
        {"heatmap", add_heatmap_command},   {"stats", add_stats_command},
        {"check", add_check_command},       {"compare", add_compare_command},
        {"diagnose", add_diagnose_command}, {"grad", add_grad_command},
        {"monitor", add_monitor_command},   {"approx", add_approx_command},
        {"info", add_info_command},         {"rollout", add_rollout_command},
        {"report", add_report_command},
    };
}

}  // namespace attn::app
