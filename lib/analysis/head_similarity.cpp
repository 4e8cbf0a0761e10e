#include "analysis/head_similarity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/classical_scaling.hpp"
#include "core/parallel.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

template <class T>
double entropy_of(const T* row, std::size_t keys) {
    return -kernels<T>().sum_logs(row, keys);
}

double mean_distance(const std::vector<std::size_t>& a, const std::vector<std::size_t>& b,
                     const Array<double>& distances) {
    double sum = 0;
    for (const std::size_t i : a) {
        for (const std::size_t j : b) sum += distances.data()[i * distances.extent(1) + j];
    }
    return sum / static_cast<double>(a.size() * b.size());
}

}  // namespace

std::vector<std::vector<std::size_t>> cluster(const Array<double>& distances, double threshold) {
    std::vector<std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < distances.extent(0); ++i) groups.push_back({i});
    for (;;) {
        double nearest = std::numeric_limits<double>::infinity();
        std::size_t first = 0, second = 0;
        for (std::size_t a = 0; a < groups.size(); ++a) {
            for (std::size_t b = a + 1; b < groups.size(); ++b) {
                const double distance = mean_distance(groups[a], groups[b], distances);
                if (distance < nearest) nearest = distance, first = a, second = b;
            }
        }
        if (!(nearest < threshold)) break;
        groups[first].insert(groups[first].end(), groups[second].begin(), groups[second].end());
        groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(second));
    }
    groups.erase(std::remove_if(groups.begin(), groups.end(),
                                [](const auto& group) { return group.size() < 2; }),
                 groups.end());
    for (auto& group : groups) std::sort(group.begin(), group.end());
    std::sort(groups.begin(), groups.end());
    return groups;
}

template <class T>
HeadSimilarity compare_heads(const std::vector<MatrixView<const T>>& weights, double threshold) {
    const std::size_t heads = weights.size();
    const std::size_t queries = weights.front().rows;
    const std::size_t keys = weights.front().columns;
    const auto row_of = [&](std::size_t head, std::size_t query) {
        return weights[head].row(query).data();
    };
    std::vector<double> entropies(heads * queries);  // NaN of what is no number
    std::vector<char> empty(heads * queries);
    parallel_for(heads, [&](std::size_t head) {
        for (std::size_t query = 0; query < queries; ++query) {
            const T* row = row_of(head, query);
            const std::size_t at = head * queries + query;
            empty[at] = std::all_of(row, row + keys, [](T w) { return w == 0; });
            entropies[at] = entropy_of(row, keys);
        }
    });

    std::vector<double> divergence(heads * heads, 0);
    parallel_for(heads * heads, [&](std::size_t pair) {
        const std::size_t a = pair / heads, b = pair % heads;
        if (a >= b) return;
        std::vector<T> both(keys);
        double sum = 0, rows = 0;
        for (std::size_t query = 0; query < queries; ++query) {
            const std::size_t at_a = a * queries + query, at_b = b * queries + query;
            if (empty[at_a] && empty[at_b]) continue;
            rows += 1;
            const double own = (entropies[at_a] + entropies[at_b]) / 2;
            if (std::isnan(own)) {
                sum = own;
                break;
            }
            if (empty[at_a] || empty[at_b]) {
                sum += 1;  // no key in common
                continue;
            }
            const T* p = row_of(a, query);
            const T* q = row_of(b, query);
            for (std::size_t key = 0; key < keys; ++key) both[key] = (p[key] + q[key]) / 2;
            sum += std::max(0.0, entropy_of(both.data(), keys) - own) / std::log(2.0);
        }
        const double mean = rows > 0 ? sum / rows : 0;
        divergence[a * heads + b] = divergence[b * heads + a] = mean;
    });

    HeadSimilarity result;
    result.divergence = Array<double>({heads, heads}, std::move(divergence));
    for (std::size_t a = 0; a < heads; ++a) {
        for (std::size_t b = a + 1; b < heads; ++b) {
            if (result.divergence.data()[a * heads + b] < HeadSimilarity::kRedundant)
                result.redundant.emplace_back(a, b);
        }
    }
    result.clusters = cluster(result.divergence, threshold);
    result.positions = place_in_plane(result.divergence);
    return result;
}

template HeadSimilarity compare_heads(const std::vector<MatrixView<const float>>&, double);
template HeadSimilarity compare_heads(const std::vector<MatrixView<const double>>&, double);

}  // namespace attn::analysis
