#include "io/memory_order.hpp"

#include "core/xtensor.hpp"

namespace attn::io {

template <class T>
void to_row_major(const T* columns, const Shape& shape, T* rows) {
    const std::size_t size = element_count(shape, "array");
    const auto from =
        xt::adapt<xt::layout_type::column_major>(columns, size, xt::no_ownership(), shape);
    auto to = xt::adapt<xt::layout_type::row_major>(rows, size, xt::no_ownership(), shape);
    xt::noalias(to) = from;
}

template void to_row_major(const float*, const Shape&, float*);
template void to_row_major(const double*, const Shape&, double*);

}  // namespace attn::io
