#include "analysis/array_summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/divide_up.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;

// `mean` holds the sum until all parts are joined.
template <class T>
ArraySummary summarise_part(Span<const T> values) {
    ArraySummary part;
    part.count = values.size();
    part.min = std::numeric_limits<double>::infinity();
    part.max = -part.min;
    for (const T value : values) {
        const auto number = static_cast<double>(value);
        if (std::isnan(number)) {
            ++part.nans;
        } else if (std::isinf(number)) {
            ++part.infinities;
        } else {
            part.min = std::min(part.min, number);
            part.max = std::max(part.max, number);
            part.mean += number;
        }
    }
    return part;
}

}  // namespace

template <class T>
ArraySummary summarise(Span<const T> values) {
    const std::size_t chunks = divide_up(values.size(), kChunk);
    std::vector<ArraySummary> parts(chunks);
    parallel_for(chunks, [&](std::size_t i) {
        const std::size_t begin = i * kChunk;
        const std::size_t size = std::min(kChunk, values.size() - begin);
        parts[i] = summarise_part(Span<const T>(values.data() + begin, size));
    });
    ArraySummary all;
    all.min = std::numeric_limits<double>::infinity();
    all.max = -all.min;
    for (const ArraySummary& part : parts) {
        all.count += part.count;
        all.nans += part.nans;
        all.infinities += part.infinities;
        all.min = std::min(all.min, part.min);
        all.max = std::max(all.max, part.max);
        all.mean += part.mean;
    }
    if (all.finite() > 0) all.mean /= static_cast<double>(all.finite());
    return all;
}

template ArraySummary summarise(Span<const float>);
template ArraySummary summarise(Span<const double>);

}  // namespace attn::analysis
