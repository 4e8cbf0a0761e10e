#include "source/axes.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/parallel.hpp"

namespace attn::source {
namespace {

constexpr std::array<std::pair<Axis, const char*>, 5> kNames{{{Axis::layers, "layers"},
                                                              {Axis::batch, "batch"},
                                                              {Axis::heads, "heads"},
                                                              {Axis::queries, "q"},
                                                              {Axis::keys, "k"}}};

const char* name_of(Axis axis) {
    return std::find_if(kNames.begin(), kNames.end(),
                        [&](const auto& known) { return known.first == axis; })
        ->second;
}

std::string joined(const Axes& axes, const char* separator) {
    std::string text;
    for (const Axis axis : axes)
        text += (text.empty() ? "" : separator) + std::string(name_of(axis));
    return text;
}

Axis parse_axis(const std::string& name, const std::string& where) {
    std::vector<std::string> names;
    for (const auto& [axis, known] : kNames) {
        if (name == known) return axis;
        names.emplace_back(known);
    }
    fail(where, ": ", name.empty() ? "an empty name" : name,
         " is no axis; expected layers, batch, heads, q and k in the order of the array",
         did_you_mean(name, names));
}

}  // namespace

Axes parse_axes(const std::string& names, const std::string& flag) {
    const std::string where = flag + " " + names;
    Axes axes;
    for (std::size_t begin = 0; begin <= names.size();) {
        const std::size_t end = std::min(names.find(',', begin), names.size());
        const Axis axis = parse_axis(names.substr(begin, end - begin), where);
        if (place_of(axes, axis)) fail(where, ": names ", name_of(axis), " twice");
        axes.push_back(axis);
        begin = end + 1;
    }
    for (const Axis needed : {Axis::queries, Axis::keys}) {
        if (!place_of(axes, needed))
            fail(where, ": lacks ", name_of(needed), "; attention has q and k, whatever else");
    }
    return axes;
}

std::string names_of(const Axes& axes) {
    return joined(axes, ",");
}

std::string bracketed(const Axes& axes) {
    return "[" + joined(axes, ", ") + "]";
}

std::optional<Axes> usual_axes(std::size_t rank) {
    switch (rank) {
        case 2:
            return Axes{Axis::queries, Axis::keys};
        case 3:
            return Axes{Axis::heads, Axis::queries, Axis::keys};
        case 4:
            return Axes{Axis::layers, Axis::heads, Axis::queries, Axis::keys};
        case 5:
            return Axes{Axis::layers, Axis::batch, Axis::heads, Axis::queries, Axis::keys};
        default:
            return std::nullopt;
    }
}

std::optional<Axes> other_reading(const Shape& shape) {
    const std::size_t rank = shape.size();
    const bool hollow = std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end();
    if (rank < 3 || rank > 5 || hollow) return std::nullopt;
    // Matrices that are square in front and nowhere else were saved with the heads last.
    const bool square = shape[rank - 2] == shape[rank - 1];
    if (rank == 3 && shape[0] > 1 && shape[0] == shape[1] && !square)
        return Axes{Axis::queries, Axis::keys, Axis::heads};
    if (rank == 4 && shape[0] > 1 && shape[0] == shape[1] && !square)
        return Axes{Axis::queries, Axis::keys, Axis::layers, Axis::heads};
    if (rank == 5 && shape[1] > 1 && shape[1] == shape[2] && !square)
        return Axes{Axis::batch, Axis::keys, Axis::queries, Axis::layers, Axis::heads};
    if (rank == 4 && shape[0] > 1) return Axes{Axis::batch, Axis::heads, Axis::queries, Axis::keys};
    if (rank == 5 && shape[1] > 1)
        return Axes{Axis::batch, Axis::layers, Axis::heads, Axis::queries, Axis::keys};
    return std::nullopt;
}

std::optional<std::size_t> place_of(const Axes& axes, Axis axis) {
    const auto found = std::find(axes.begin(), axes.end(), axis);
    if (found == axes.end()) return std::nullopt;
    return static_cast<std::size_t>(found - axes.begin());
}

template <class T>
Array<T> permuted(const Array<T>& array, const std::vector<std::size_t>& order) {
    const std::size_t rank = array.rank();
    std::vector<std::size_t> strides(rank, 1);
    for (std::size_t axis = rank; axis-- > 1;)
        strides[axis - 1] = strides[axis] * array.extent(axis);

    Shape shape;
    for (const std::size_t axis : order) shape.push_back(array.extent(axis));
    const std::size_t width = shape.back();
    const std::size_t step = strides[order.back()];
    std::vector<T> values(array.size());
    parallel_for(array.size() / width, [&](std::size_t row) {
        const T* from = array.data();
        for (std::size_t axis = rank - 1, rest = row; axis-- > 0; rest /= shape[axis])
            from += rest % shape[axis] * strides[order[axis]];
        T* const to = values.data() + row * width;
        for (std::size_t column = 0; column < width; ++column) to[column] = from[column * step];
    });
    return {std::move(shape), std::move(values)};
}

template Array<float> permuted(const Array<float>&, const std::vector<std::size_t>&);
template Array<double> permuted(const Array<double>&, const std::vector<std::size_t>&);

}  // namespace attn::source
