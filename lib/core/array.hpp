// An n-dimensional array of numbers that is never changed once made: row-major, cheap to copy,
// its bytes shared. They may be owned memory or a mapped file.
#pragma once

#include <cassert>
#include <memory>
#include <utility>
#include <vector>

#include "core/shape.hpp"
#include "core/span.hpp"

namespace attn {

template <class T>
class Array {
  public:
    Array() = default;

    // Takes the values over; there must be as many as `shape` says.
    Array(Shape shape, std::vector<T> values) : shape_(std::move(shape)), size_(values.size()) {
        assert(size_ == element_count(shape_, "array"));
        auto owner = std::make_shared<const std::vector<T>>(std::move(values));
        data_ = owner->data();
        owner_ = std::move(owner);
    }

    // Shows values that `owner` keeps alive.
    Array(Shape shape, const T* data, std::shared_ptr<const void> owner)
        : shape_(std::move(shape)),
          size_(element_count(shape_, "array")),
          data_(data),
          owner_(std::move(owner)) {}

    const Shape& shape() const { return shape_; }
    std::size_t rank() const { return shape_.size(); }
    std::size_t extent(std::size_t axis) const { return shape_.at(axis); }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const T* data() const { return data_; }
    Span<const T> values() const { return {data_, size_}; }

    // Element i along the first axis, without that axis; shares the bytes.
    Array slice(std::size_t i) const {
        assert(rank() > 0 && i < shape_[0]);
        Shape rest(shape_.begin() + 1, shape_.end());
        return Array(rest, data_ + i * (size_ / shape_[0]), owner_);
    }

    // Elements begin … begin + count - 1 along the first axis; shares the bytes.
    Array rows(std::size_t begin, std::size_t count) const {
        assert(rank() > 0 && begin + count <= shape_[0]);
        Shape shape = shape_;
        shape[0] = count;
        return Array(shape, data_ + begin * (size_ / shape_[0]), owner_);
    }

    // The same values under another shape of as many; shares the bytes.
    Array reshaped(Shape shape) const {
        assert(element_count(shape, "array") == size_);
        return Array(std::move(shape), data_, owner_);
    }

    // The last two axes of a rank-2 array as a matrix.
    MatrixView<const T> matrix() const {
        assert(rank() == 2);
        return {data_, shape_[0], shape_[1]};
    }

  private:
    Shape shape_;
    std::size_t size_ = 0;
    const T* data_ = nullptr;
    std::shared_ptr<const void> owner_;
};

}  // namespace attn
