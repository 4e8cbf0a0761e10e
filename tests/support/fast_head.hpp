// A head of random numbers that methods are run on for real, and what they imply of it.
#pragma once

#include "attention/approx/fast_paths.hpp"
#include "attention/approx/masks.hpp"
#include "attention/approx/spec.hpp"
#include "core/matrix.hpp"
#include "support/plain_head.hpp"

namespace attn::test {

struct FastCase {
    std::size_t queries, keys;
    bool causal;
    std::ptrdiff_t offset;
};

// More rows than stand in one block of rows, a past, more keys than queries, and one of each.
inline std::vector<FastCase> fast_cases() {
    return {{150, 150, false, 0}, {150, 150, true, 0}, {70, 133, true, 63},
            {70, 33, true, -40},  {9, 140, false, 5},  {1, 1, true, 0}};
}

inline approx::FastHead<double> fast_head(const PlainHead& head) {
    return {0,          0,           head.q.view(), head.k.view(), head.v.view(),
            head.scale, head.causal, head.offset};
}

inline PlainHead plain_head(const FastCase& one, std::size_t d = 5) {
    return PlainHead(random_matrix(one.queries, d, 1), random_matrix(one.keys, d, 2),
                     random_matrix(one.keys, d + 1, 3), one.causal, one.offset);
}

// The contexts of rows that keep some keys.
inline Matrix<double> kept_contexts(const approx::KeptKeys& kept, const PlainHead& head) {
    Matrix<double> contexts(head.q.rows, head.v.columns);
    head.rows.visit(0, head.q.rows, [&](const approx::ExactRows::Row& row) {
        const KeyRange range = kept.range(row.query, row.allowed);
        std::vector<std::uint8_t> keep(range.size());
        kept.keep(row, range, keep.data());
        double all = 0;
        for (std::size_t key = range.begin; key < range.end; ++key) {
            if (!keep[key - range.begin]) continue;
            all += row.weights[key];
            for (std::size_t c = 0; c < contexts.columns; ++c)
                contexts.at(row.query, c) += row.weights[key] * head.v.at(key, c);
        }
        for (double& x : contexts.row(row.query)) x = all > 0 ? x / all : 0;
    });
    return contexts;
}

inline Matrix<double> multiplied(const Matrix<double>& weights, const Matrix<double>& values) {
    Matrix<double> contexts(weights.rows, values.columns);
    for (std::size_t i = 0; i < weights.rows; ++i) {
        for (std::size_t j = 0; j < weights.columns; ++j) {
            for (std::size_t c = 0; c < values.columns; ++c)
                contexts.at(i, c) += weights.at(i, j) * values.at(j, c);
        }
    }
    return contexts;
}

// What the method implies, and what comes of running it: the largest difference. `spec` is one
// method with options.
inline double largest_fast_difference(const std::string& spec, const PlainHead& head) {
    const approx::Spec parsed = approx::parse_specs(spec).front();
    const approx::HeadInput input = head.input();
    const approx::MethodRow& row = parsed.method();
    const approx::Options options = approx::resolve(parsed.parts.front(), input.sizes, 0, {});
    Matrix<double> expected;
    if (row.kept_keys) {
        expected = kept_contexts(*row.kept_keys(options, input), head);
    } else if (row.factors) {
        expected = multiplied(head.weights_of(row.factors(options, input)), head.v);
    } else {
        const approx::ChangedInputs changed = row.inputs(options, input);
        expected = multiplied(head.weights_of(changed.q, changed.k),
                              changed.v.empty() ? head.v : changed.v);
    }
    const approx::FastHead<double> fast = fast_head(head);
    Matrix<double> contexts(head.q.rows, head.v.columns);
    const auto path = approx::fast_path<double>(row, options);
    path(options, fast, input)({contexts.values.data(), contexts.rows, contexts.columns});
    double largest = 0;
    for (std::size_t i = 0; i < contexts.values.size(); ++i)
        largest = std::max(largest, std::abs(contexts.values[i] - expected.values[i]));
    return largest;
}

}  // namespace attn::test
