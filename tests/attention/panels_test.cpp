#include "attention/panels.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// What the panels of a matrix hold, as a matrix [depth, columns]; what fills them up must be zero.
template <class T>
Array<T> unpack(const Panels<T>& panels, std::size_t matrix, std::size_t depth,
                std::size_t columns) {
    std::vector<T> values(depth * columns);
    for (std::size_t index = 0; index < panels.panels(); ++index) {
        const Panel<T> panel = panels.panel(matrix, index);
        for (std::size_t k = 0; k < depth; ++k) {
            for (std::size_t i = 0; i < panel.width; ++i) {
                const std::size_t column = panel.first_column + i;
                const T value = panel.data[k * panel.width + i];
                if (column < columns) {
                    values[k * columns + column] = value;
                } else {
                    CHECK(value == 0);
                }
            }
        }
    }
    return {{depth, columns}, values};
}

template <class T>
Array<T> transpose(const Array<T>& matrix) {
    const std::size_t rows = matrix.extent(0), columns = matrix.extent(1);
    std::vector<T> values(matrix.size());
    for (std::size_t i = 0; i < matrix.size(); ++i)
        values[i % columns * rows + i / columns] = matrix.data()[i];
    return {{columns, rows}, values};
}

}  // namespace

TEMPLATE_TEST_CASE("panels hold what was packed, as it is or transposed", "", float, double) {
    for (const std::size_t depth : {1, 3, 16, 40, 64}) {
        for (const std::size_t columns : {1, 15, 16, 17, 64, 100, 161}) {
            INFO("[" << depth << ", " << columns << "]");
            const auto first = random_array<TestType>({depth, columns}, 1);
            const auto second = random_array<TestType>({depth, columns}, 2);
            Panels<TestType> panels(kernels<TestType>(), 2, depth, columns);
            panels.pack(0, first.matrix());
            panels.pack_transposed(1, transpose(second).matrix());
            CHECK(max_difference(unpack(panels, 0, depth, columns), first) == 0);
            CHECK(max_difference(unpack(panels, 1, depth, columns), second) == 0);
        }
    }
}
