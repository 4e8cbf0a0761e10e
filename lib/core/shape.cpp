#include "core/shape.hpp"

#include "core/error.hpp"

namespace attn {

std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (axis > 0) text += ", ";
        text += std::to_string(shape[axis]);
    }
    return text + "]";
}

Shape index_of(std::size_t position, const Shape& shape, bool column_major) {
    Shape index(shape.size());
    for (std::size_t step = 0; step < shape.size(); ++step) {
        const std::size_t axis = column_major ? step : shape.size() - 1 - step;
        index[axis] = position % shape[axis];
        position /= shape[axis];
    }
    return index;
}

std::size_t element_count(const Shape& shape, const std::string& name) {
    std::size_t count = 1;
    bool overflow = false;
    // An axis of length zero makes the product zero whatever the others are.
    for (std::size_t extent : shape) {
        if (extent == 0) return 0;
        overflow = overflow || __builtin_mul_overflow(count, extent, &count);
    }
    if (overflow)
        fail(name, ": shape ", to_string(shape), " holds more values than memory can address");
    return count;
}

}  // namespace attn
