#include "attention/projection.hpp"

#include <catch2/catch.hpp>
#include <cstring>

#include "core/parallel.hpp"
#include "support/arrays.hpp"

using attn::Array;
using attn::project;
using attn::test::max_difference;
using attn::test::random_array;

namespace {

Array<double> define(const Array<double>& x, const Array<double>& W, const Array<double>& b) {
    const std::size_t rows = x.extent(0) * x.extent(1), inner = W.extent(0), columns = W.extent(1);
    std::vector<double> result(rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            double sum = b.empty() ? 0 : b.data()[j];
            for (std::size_t k = 0; k < inner; ++k)
                sum += x.data()[i * inner + k] * W.data()[k * columns + j];
            result[i * columns + j] = sum;
        }
    }
    return {{x.extent(0), x.extent(1), columns}, result};
}

}  // namespace

TEST_CASE("a projection is x @ W + b for every row of every sequence") {
    for (const std::size_t tokens : {1, 9, 255, 256, 700}) {
        const auto x = random_array<double>({2, tokens, 12}, 1);
        const auto W = random_array<double>({12, 7}, 2);
        const auto b = random_array<double>({7}, 3);
        CHECK(max_difference(project(x, W, b), define(x, W, b)) < 1e-13);
        CHECK(max_difference(project(x, W, {}), define(x, W, {})) < 1e-13);
    }
}

TEST_CASE("a projection has the same bits for every number of threads") {
    const auto x = random_array<float>({1, 1000, 33}, 1);
    const auto W = random_array<float>({33, 17}, 2);
    const auto one = [&] {
        const attn::ThreadLimit limit(1);
        return project(x, W, {});
    }();
    const auto many = [&] {
        const attn::ThreadLimit limit(4);
        return project(x, W, {});
    }();
    CHECK(std::memcmp(one.data(), many.data(), one.size() * sizeof(float)) == 0);
}
