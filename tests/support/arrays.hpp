// Arrays for tests: random ones, and golden ones from tests/golden.
#pragma once

#include <random>
#include <string>

#include "core/array.hpp"
#include "io/inputs.hpp"

namespace attn::test {

template <class T>
Array<T> random_array(Shape shape, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::vector<T> values(element_count(shape, "test"));
    for (T& value : values) value = static_cast<T>(normal(random));
    return Array<T>(std::move(shape), std::move(values));
}

inline std::string golden(const std::string& name) {
    return ATTN_SOURCE_DIR "/tests/golden/" + name;
}
inline std::string sample(const std::string& name) {
    return ATTN_SOURCE_DIR "/data/induction/" + name;
}

// An array from a file, in float64.
inline Array<double> load(const std::string& path) {
    io::Inputs inputs;
    return inputs.load<double>(path, io::NonFinite::allow);
}

// The largest difference of two arrays of one shape; infinities must be equal.
template <class A, class B>
double max_difference(const Array<A>& a, const Array<B>& b) {
    if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto x = static_cast<double>(a.data()[i]);
        const auto y = static_cast<double>(b.data()[i]);
        if (x == y) continue;
        const double difference = std::abs(x - y);
        if (!(difference <= worst)) worst = difference;  // a NaN stays, and fails every comparison
    }
    return worst;
}

}  // namespace attn::test
