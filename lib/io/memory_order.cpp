#include "io/memory_order.hpp"

#include <algorithm>
#include <cstddef>

#include "core/parallel.hpp"

namespace attn::io {
namespace {

// Cells of a square that both sides of a transposition keep in the first cache.
constexpr std::size_t kBlock = 32;

// to[i * to_stride + j] = from[i + j * from_stride] for i < first, j < last.
template <class T>
struct Transposition {
    std::size_t first, last, from_stride, to_stride;

    void copy(const T* from, T* to, std::size_t begin) const {
        const std::size_t end = std::min(first, begin + kBlock);
        for (std::size_t column = 0; column < last; column += kBlock) {
            const std::size_t column_end = std::min(last, column + kBlock);
            for (std::size_t i = begin; i < end; ++i) {
                for (std::size_t j = column; j < column_end; ++j)
                    to[i * to_stride + j] = from[i + j * from_stride];
            }
        }
    }
};

}  // namespace

// The outermost axes change places block by block; each index of the axes between them is a
// transposition of its own.
template <class T>
void to_row_major(const T* columns, const Shape& shape, T* rows) {
    std::size_t middle = 1;
    for (std::size_t axis = 1; axis + 1 < shape.size(); ++axis) middle *= shape[axis];
    const std::size_t first = shape.front();
    const std::size_t last = shape.size() > 1 ? shape.back() : 1;
    const Transposition<T> blocks{first, last, first * middle, middle * last};

    const std::size_t blocks_each = (first + kBlock - 1) / kBlock;
    parallel_for(middle * blocks_each, [&](std::size_t item) {
        // `place` counts the middle axes as the result does, `from` as the source does.
        const std::size_t place = item / blocks_each;
        std::size_t from = 0;
        std::size_t rest = place;
        std::size_t size = middle;
        for (std::size_t axis = shape.size() - 1; axis-- > 1;) {
            size /= shape[axis];
            from += rest % shape[axis] * size;
            rest /= shape[axis];
        }
        blocks.copy(columns + from * first, rows + place * last, item % blocks_each * kBlock);
    });
}

template void to_row_major(const float*, const Shape&, float*);
template void to_row_major(const double*, const Shape&, double*);

}  // namespace attn::io
