#include "model/fused.hpp"

#include <algorithm>

namespace attn::model {
namespace {

// Columns begin … begin + count - 1 of a matrix.
template <class T>
Array<T> columns(const Array<T>& matrix, std::size_t begin, std::size_t count) {
    const std::size_t rows = matrix.extent(0);
    std::vector<T> values;
    values.reserve(rows * count);
    for (std::size_t row = 0; row < rows; ++row) {
        const T* from = matrix.data() + row * matrix.extent(1) + begin;
        values.insert(values.end(), from, from + count);
    }
    return Array<T>({rows, count}, std::move(values));
}

}  // namespace

template <class T>
std::vector<Array<T>> split_blocks(const Array<T>& fused, MatrixOrder order,
                                   const PartWidths& widths) {
    const bool side_by_side = fused.rank() == 2 && order == MatrixOrder::in_out;
    std::vector<Array<T>> parts;
    std::size_t begin = 0;
    for (const std::size_t width : widths) {
        parts.push_back(side_by_side ? columns(fused, begin, width) : fused.rows(begin, width));
        begin += width;
    }
    assert(begin == fused.extent(side_by_side ? 1 : 0));
    return parts;
}

template <class T>
std::vector<Array<T>> split_per_head(const Array<T>& fused, std::size_t heads) {
    const std::size_t rows = fused.extent(0);
    assert(rows % (3 * heads) == 0);
    const std::size_t d_head = rows / (3 * heads);
    const std::size_t block = d_head * (fused.size() / rows);  // values of one head of one part
    Shape shape = fused.shape();
    shape[0] = heads * d_head;
    std::vector<Array<T>> parts;
    for (std::size_t part = 0; part < 3; ++part) {
        std::vector<T> values;
        values.reserve(heads * block);
        for (std::size_t head = 0; head < heads; ++head) {
            const T* from = fused.data() + (head * 3 + part) * block;
            values.insert(values.end(), from, from + block);
        }
        parts.emplace_back(shape, std::move(values));
    }
    return parts;
}

template std::vector<Array<float>> split_blocks(const Array<float>&, MatrixOrder,
                                                const PartWidths&);
template std::vector<Array<double>> split_blocks(const Array<double>&, MatrixOrder,
                                                 const PartWidths&);
template std::vector<Array<float>> split_per_head(const Array<float>&, std::size_t);
template std::vector<Array<double>> split_per_head(const Array<double>&, std::size_t);

}  // namespace attn::model
