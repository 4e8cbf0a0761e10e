#include "cluster/threads_per_rank.hpp"

#include <algorithm>
#include <charconv>

namespace attn::cluster {

std::size_t threads_per_rank(const SharedMachine& machine, const Variable& variable) {
    std::size_t threads = std::min(machine.own_cores, machine.cores / machine.ranks);
    for (const char* name : {"OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"}) {
        const std::string text = variable(name);
        std::size_t most = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), most);
        const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
        if (whole && most > 0) threads = std::min(threads, most);
    }
    return std::max<std::size_t>(1, threads);
}

}  // namespace attn::cluster
