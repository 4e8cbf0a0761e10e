// Attention written out as loops in double: the second opinion for tests.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "core/array.hpp"

namespace attn::test {

// q [batch, heads, queries, d], k and v [batch, heads, keys, d].
struct PlainInputs {
    Array<double> q, k, v;
};

struct PlainResult {
    std::vector<double> weights;  // [batch, heads, queries, keys]
    std::vector<double> context;  // [batch, heads, queries, d]
};

// Whether query i of a sequence may attend key j.
using MayAttend = std::function<bool(std::size_t sequence, std::size_t query, std::size_t key)>;

// Keys that may not be attended are not even read.
inline PlainResult attend_plainly(const PlainInputs& in, const MayAttend& may) {
    const Shape& q = in.q.shape();
    const std::size_t batch = q[0], heads = q[1], queries = q[2], d = q[3];
    const std::size_t keys = in.k.extent(2), width = in.v.extent(3);
    PlainResult result;
    for (std::size_t item = 0; item < batch * heads * queries; ++item) {
        const std::size_t matrix = item / queries, query = item % queries;
        std::vector<double> weights(keys, 0.0), context(width, 0.0);
        double sum = 0, high = -std::numeric_limits<double>::infinity();
        std::vector<double> scores(keys);
        for (std::size_t key = 0; key < keys; ++key) {
            if (!may(matrix / heads, query, key)) continue;
            for (std::size_t i = 0; i < d; ++i)
                scores[key] +=
                    in.q.data()[item * d + i] * in.k.data()[(matrix * keys + key) * d + i];
            scores[key] /= std::sqrt(static_cast<double>(d));
            high = std::max(high, scores[key]);
        }
        for (std::size_t key = 0; key < keys; ++key) {
            if (may(matrix / heads, query, key)) sum += weights[key] = std::exp(scores[key] - high);
        }
        for (std::size_t key = 0; key < keys; ++key) {
            if (!may(matrix / heads, query, key)) continue;
            weights[key] /= sum;
            for (std::size_t i = 0; i < width; ++i)
                context[i] += weights[key] * in.v.data()[(matrix * keys + key) * width + i];
        }
        result.weights.insert(result.weights.end(), weights.begin(), weights.end());
        result.context.insert(result.context.end(), context.begin(), context.end());
    }
    return result;
}

}  // namespace attn::test
