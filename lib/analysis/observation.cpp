#include "analysis/observation.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/saved_rounding.hpp"
#include "io/file_bytes.hpp"

namespace attn::analysis {

void forget(const Observation& observation) {
    if (!observation.mapped) return;
    observation.values.with_span([](auto span) {
        io::drop_pages({reinterpret_cast<const std::byte*>(span.begin()),
                        span.size() * sizeof(*span.begin())});
    });
}

std::size_t place_in(const std::vector<std::size_t>& list, std::size_t item) {
    if (list.empty()) return item;
    return static_cast<std::size_t>(std::lower_bound(list.begin(), list.end(), item) -
                                    list.begin());
}

double unit_of(const Observation& observation) {
    if (observation.kind == Observed::weights) return 1;
    double largest = 1e-30;
    for (std::size_t i = 0; i < observation.values.size(); ++i) {
        const double value = observation.values[i];
        if (value > kMask && std::isfinite(value)) largest = std::max(largest, std::abs(value));
    }
    return largest;
}

Rounding precision_of(const Observation& observation) {
    return observation.values.with_span([](auto span) { return saved_rounding_of(span); });
}

bool is_constant(const Observation& observation) {
    const ObservedValues& values = observation.values;
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (!(values[i] == values[0])) return false;
    }
    return values.size() > 1;
}

double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace attn::analysis
