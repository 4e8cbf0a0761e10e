#include "analysis/budget_search.hpp"

#include <algorithm>

namespace attn::analysis {

std::vector<std::size_t> budget_ladder(std::size_t top) {
    std::vector<std::size_t> steps;
    for (std::size_t power = 1; power < top; power *= 2) {
        steps.push_back(power);
        if (power > 1 && power / 2 * 3 < top) steps.push_back(power / 2 * 3);
    }
    steps.push_back(top);
    return steps;
}

std::optional<std::size_t> first_of_passing(const std::vector<std::size_t>& steps,
                                            const std::function<bool(std::size_t)>& passes) {
    std::optional<std::size_t> found;
    for (auto step = steps.rbegin(); step != steps.rend() && passes(*step); ++step) found = *step;
    return found;
}

std::optional<std::size_t> smallest_budget(std::size_t top,
                                           const std::function<bool(std::size_t)>& passes) {
    const std::vector<std::size_t> steps = budget_ladder(top);
    const auto found = first_of_passing(steps, passes);
    if (!found) return found;
    std::size_t high = *found;
    const auto place = std::find(steps.begin(), steps.end(), high);
    std::size_t low = place == steps.begin() ? 0 : *(place - 1);
    while (high - low > 1) {
        const std::size_t middle = low + (high - low) / 2;
        (passes(middle) ? high : low) = middle;
    }
    return high;
}

}  // namespace attn::analysis
