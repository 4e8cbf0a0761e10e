// A view of consecutive values, and a view of a matrix whose rows lie a fixed stride apart.
// Neither owns anything: whoever hands one out says how long it lives.
#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace attn {

template <class T>
class Span {
  public:
    constexpr Span() = default;
    constexpr Span(T* data, std::size_t size) : data_(data), size_(size) {}
    Span(const std::vector<std::remove_const_t<T>>& values)
        : data_(values.data()), size_(values.size()) {}

    constexpr T* data() const { return data_; }
    constexpr std::size_t size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr T* begin() const { return data_; }
    constexpr T* end() const { return data_ + size_; }
    constexpr T& operator[](std::size_t i) const { return assert(i < size_), data_[i]; }

  private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

// A matrix [rows, columns] in row-major order; row i starts at data + i * stride.
template <class T>
struct MatrixView {
    T* data = nullptr;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t stride = 0;

    MatrixView() = default;
    MatrixView(T* data_, std::size_t rows_, std::size_t columns_)
        : MatrixView(data_, rows_, columns_, columns_) {}
    MatrixView(T* data_, std::size_t rows_, std::size_t columns_, std::size_t stride_)
        : data(data_), rows(rows_), columns(columns_), stride(stride_) {}

    bool empty() const { return data == nullptr; }
    Span<T> row(std::size_t i) const {
        return assert(i < rows), Span<T>(data + i * stride, columns);
    }
    operator MatrixView<const T>() const { return {data, rows, columns, stride}; }
};

}  // namespace attn
