#include "cluster/threads_per_rank.hpp"

#include <algorithm>
#include <charconv>

namespace attn::cluster {

std::optional<std::size_t> number_in(const Variable& variable, const std::string& name) {
    const std::string text = variable(name);
    std::size_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

std::size_t threads_per_rank(const SharedMachine& machine, const Variable& variable) {
    std::size_t threads = std::min(machine.own_cores, machine.cores / machine.ranks);
    for (const char* name : {"OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"}) {
        const std::size_t most = number_in(variable, name).value_or(0);
        if (most > 0) threads = std::min(threads, most);
    }
    return std::max<std::size_t>(1, threads);
}

}  // namespace attn::cluster
