#include "output_policy_flags.hpp"

namespace attn::app {

void add_output_policy_flags(CLI::App& command, io::OutputPolicy& policy, Console& console,
                             const std::string& group) {
    policy.standard_output = [&console](const std::string& bytes) { console.document(bytes); };
    command
        .add_flag("--force", policy.force,
                  "Write also where that replaces an input, results of another command, or a file "
                  "that attn-inspect did not write")
        ->group(group);
    command
        .add_flag(
            "--durable", policy.durable,
            "Wait until the disk has everything: results survive a power cut, not only a kill")
        ->group(group);
}

}  // namespace attn::app
