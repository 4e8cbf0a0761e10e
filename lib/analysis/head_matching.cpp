#include "analysis/head_matching.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {

HeadMatching::HeadMatching(Observed kind, std::size_t heads, double unit)
    : kind_(kind), heads_(heads), unit_(unit), worst_(heads * heads, 0.0) {}

void HeadMatching::add(const Faced& faced) {
    for (std::size_t seen_head = 0; seen_head < heads_; ++seen_head) {
        for (std::size_t head = 0; head < heads_; ++head)
            compare(worst_[seen_head * heads_ + head], seen_head, head, heads_, faced);
    }
}

void HeadMatching::add(const Faced& faced, std::size_t head,
                       const std::vector<std::vector<std::size_t>>& readers) {
    const std::size_t heads = faced.block.cells.heads.size();
    for (std::size_t place = 0; place < heads_; ++place) {
        for (const std::size_t reader : readers[place])
            compare(worst_[place * heads_ + head], reader, reader, heads, faced);
    }
}

// What is far off in one number need not be looked at any further.
void HeadMatching::compare(double& worst, std::size_t seen_head, std::size_t head,
                           std::size_t heads, const Faced& faced) {
    constexpr double kFar = 0.5;
    const bool is_output = kind_ == Observed::output;
    const std::size_t rows = is_output ? faced.seen.size() / faced.width : 1;
    const std::size_t count = is_output ? faced.width / heads : faced.seen.size() / heads;
    for (std::size_t row = 0; row < rows; ++row) {
        const double* const seen = faced.seen.data() + row * faced.width + seen_head * count;
        const double* const expected = faced.expected.data() + row * faced.width + head * count;
        for (std::size_t i = 0; i < count && worst <= kFar * unit_; ++i)
            worst = std::max(worst, distance(expected[i], seen[i]));
    }
}

std::optional<std::vector<std::size_t>> HeadMatching::order() const {
    constexpr double kNearest = 0.02;  // half precision moves numbers no farther
    std::vector<std::size_t> order(heads_, heads_);
    std::vector<bool> taken(heads_, false);
    const auto worst = [&](std::size_t seen_head, std::size_t head) {
        return worst_[seen_head * heads_ + head];
    };
    const auto least_of = [&](std::size_t seen_head) {
        const auto first = worst_.begin() + static_cast<std::ptrdiff_t>(seen_head * heads_);
        return *std::min_element(first, first + static_cast<std::ptrdiff_t>(heads_));
    };
    const auto is_match = [&](std::size_t seen_head, std::size_t head) {
        const double least = least_of(seen_head);
        return !taken[head] && least <= kNearest * unit_ &&
               worst(seen_head, head) <= 2 * least + 1e-6 * unit_;
    };
    const auto take = [&](std::size_t seen_head, std::size_t head) {
        order[seen_head] = head;
        taken[head] = true;
    };
    for (std::size_t place = 0; place < heads_; ++place) {
        if (is_match(place, place)) take(place, place);
    }
    for (std::size_t place = 0; place < heads_; ++place) {
        for (std::size_t head = 0; head < heads_ && order[place] == heads_; ++head) {
            if (is_match(place, head)) take(place, head);
        }
        if (order[place] == heads_) return std::nullopt;
    }
    return order;
}

std::string order_text(const std::vector<std::size_t>& order) {
    std::string swaps, rounds;
    for (std::size_t place = 0; place < order.size(); ++place) {
        const std::size_t head = order[place];
        if (head == place) continue;
        rounds += (rounds.empty() ? "head " : ", head ") + std::to_string(place) + " is " +
                  std::to_string(head);
        if (head > place && order[head] == place) {
            swaps += (swaps.empty() ? "heads " : ", ") + std::to_string(place) + " and " +
                     std::to_string(head);
        }
    }
    const auto is_swapped = [&](std::size_t place) { return order[order[place]] == place; };
    for (std::size_t place = 0; place < order.size(); ++place) {
        if (!is_swapped(place)) return rounds;
    }
    return swaps.empty() ? "" : swaps + " changed places";
}

}  // namespace attn::analysis
