#include "attention/division.hpp"

#include <algorithm>
#include <numeric>

namespace attn {

std::vector<std::size_t> deal_out(const std::vector<double>& areas, std::size_t ranks,
                                  std::size_t first) {
    std::vector<std::size_t> order(areas.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return areas[a] > areas[b]; });
    std::vector<double> load(ranks, 0);
    std::vector<std::size_t> owners(areas.size());
    for (const std::size_t piece : order) {
        std::size_t least = first % ranks;
        for (std::size_t i = 1; i < ranks; ++i) {
            const std::size_t rank = (first + i) % ranks;
            if (load[rank] < load[least]) least = rank;
        }
        owners[piece] = least;
        load[least] += areas[piece];
    }
    return owners;
}

void warn_of_idle_ranks(const Communicator& ranks, std::size_t pieces, const Warn& warn) {
    if (!warn || ranks.is_alone() || ranks.size() <= pieces) return;
    const std::string heads =
        pieces == 1 ? "is 1 head" : "are " + std::to_string(pieces) + " heads";
    warn("there " + heads + " to compute and " + std::to_string(ranks.size()) +
         " ranks; a head is not divided, so that " + std::to_string(ranks.size() - pieces) +
         " of them have nothing to do");
}

}  // namespace attn
