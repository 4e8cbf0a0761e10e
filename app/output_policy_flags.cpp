#include "output_policy_flags.hpp"

#include <string>

#include "core/error.hpp"

namespace attn::app {

void add_output_policy_flags(Command& command, io::OutputPolicy& policy, Console& console) {
    policy.standard_output = [&console](const std::string& bytes) { console.document(bytes); };
    command.on("--force", policy.force,
               "Write also where that replaces an input, results of another command, or a file "
               "that attn-inspect did not write");
    command.on("--durable", policy.durable,
               "Wait until the disk has everything: results survive a power cut, not only a kill");
}

void add_digest_flag(Command& command, io::OutputPolicy& policy) {
    command.on("--sha256", policy.sha256,
               "SHA-256 of every input in the manifest, beside XXH3-128, which is many times as "
               "fast");
}

void add_array_io_flag(Command& command, io::OutputPolicy& policy, const CommandLine& line) {
    command.choice(
        "--io", {"pwrite", "mpi"},
        [&policy, &line](const std::string& name) {
            if (name != "mpi") return;
            if (!line.open_by_mpi)
                fail("--io mpi: there is no MPI in attn-inspect; start attn-inspect-mpi");
            policy.open_array = line.open_by_mpi;
        },
        "How arrays are written: pwrite (default), or of attn-inspect-mpi mpi, for file systems "
        "that MPI's library (MPI-IO) knows better");
}

}  // namespace attn::app
