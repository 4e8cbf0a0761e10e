#include "analysis/other_relative.hpp"

#include <vector>

namespace attn::analysis {
namespace {

constexpr std::ptrdiff_t kFarthest = std::ptrdiff_t{1} << 40;

}  // namespace

RelativeBias<double> with_max_distance(const RelativeBias<double>& right, std::size_t heads,
                                       std::size_t max_distance) {
    RelativeBuckets buckets;
    buckets.buckets = right.buckets();
    buckets.max_distance = max_distance;
    buckets.bidirectional = right.bucket(1) != right.bucket(0);
    std::vector<double> table(buckets.buckets * heads);
    const auto read = [&](std::ptrdiff_t distance) {
        for (std::size_t head = 0; head < heads; ++head)
            table[right.bucket(distance) * heads + head] = right.at(head, distance);
        return right.bucket(distance);
    };
    // Each bucket's row is read where some distance falls into it; the last one holds all behind.
    const std::size_t far = right.bucket(-kFarthest), far_right = right.bucket(kFarthest);
    for (std::ptrdiff_t back = 0; read(-back) != far; ++back) {
    }
    for (std::ptrdiff_t ahead = 0; read(ahead) != far_right; ++ahead) {
    }
    return {Array<double>({buckets.buckets, heads}, std::move(table)), buckets};
}

}  // namespace attn::analysis
