// A head of random attention, held whole, for tests of methods that approximate it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "attention/approx/head_input.hpp"
#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"
#include "support/arrays.hpp"

namespace attn::test {

// Softmax of random scores, causal or not, and the input that shows it.
class RandomHead : public approx::ExactRows {
  public:
    RandomHead(std::size_t queries, std::size_t keys, std::ptrdiff_t offset, bool causal,
               unsigned seed)
        : weights_(queries, keys) {
        const Array<double> scores = random_array<double>({queries, keys}, seed);
        input.sizes = {queries, keys, 4, 4, offset};
        input.causal = input.masked = causal;
        input.exact = this;
        for (std::size_t query = 0; query < queries; ++query) {
            double sum = 0;
            for (std::size_t key = 0; key < allowed(query).end; ++key) {
                weights_.at(query, key) = std::exp(2 * scores.data()[query * keys + key]);
                sum += weights_.at(query, key);
            }
            for (double& weight : weights_.row(query)) weight /= sum > 0 ? sum : 1;
        }
    }

    KeyRange allowed(std::size_t query) const {
        const std::ptrdiff_t end = input.sizes.position(query) + 1;
        if (!input.causal) return {0, input.sizes.keys};
        return {0, static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(
                       end, 0, static_cast<std::ptrdiff_t>(input.sizes.keys)))};
    }

    Row row(std::size_t query) const {
        Row row;
        row.query = query;
        row.weights = weights_.row(query);
        row.allowed = allowed(query);
        return row;
    }

    void visit(std::size_t begin, std::size_t end, const Visit& visit) const override {
        for (std::size_t query = begin; query < end; ++query) visit(row(query));
    }

    // The keys that the row keeps, among all.
    std::vector<bool> kept(const approx::KeptKeys& method, std::size_t query) const {
        const Row row_of_query = row(query);
        const KeyRange range = method.range(query, row_of_query.allowed);
        std::vector<std::uint8_t> bits(range.size());
        method.keep(row_of_query, range, bits.data());
        std::vector<bool> all(input.sizes.keys);
        for (std::size_t i = 0; i < bits.size(); ++i) all[range.begin + i] = bits[i] != 0;
        return all;
    }

    approx::HeadInput input;

  private:
    Matrix<double> weights_;
};

}  // namespace attn::test
