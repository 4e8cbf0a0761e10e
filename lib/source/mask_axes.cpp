#include "source/mask_axes.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace attn::source {
namespace {

enum MaskAxis { batch, heads, queries };

// Axes that stand in front of the keys.
struct Candidate {
    const char* text;
    std::vector<MaskAxis> axes;
    bool merged;  // batch and heads are one axis
};

const std::vector<Candidate>& candidates() {
    static const std::vector<Candidate> all{
        {"[batch, keys]", {batch}, false},
        {"[heads, keys]", {heads}, false},
        {"[batch, queries, keys]", {batch, queries}, false},
        {"[batch, heads, keys]", {batch, heads}, false},
        {"[batch * heads, queries, keys]", {heads, queries}, true},
    };
    return all;
}

// The array with all axes, those that it lacks in front.
Shape usual(const Shape& shape) {
    Shape whole = shape;
    whole.insert(whole.begin(), 4 - whole.size(), 1);
    return whole;
}

// Whether all rows along `axis` are the same.
template <class T>
bool is_constant_along(const Array<T>& values, std::size_t axis) {
    const Shape& shape = values.shape();
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
    const std::size_t slab = inner * shape[axis];
    for (std::size_t first = 0; first < values.size(); first += slab) {
        const T* from = values.data() + first;
        for (std::size_t i = 1; i < shape[axis]; ++i) {
            if (!std::equal(from, from + inner, from + i * inner)) return false;
        }
    }
    return true;
}

// Whether it makes no difference which axes those are.
template <class T>
bool gives_the_same(const Array<T>& values, const AxesReading& reading) {
    const Shape one = usual(values.shape());
    for (std::size_t axis = 0; axis + 1 < values.rank(); ++axis) {
        // The axis lies elsewhere in the other reading.
        const std::size_t place = axis + 4 - values.rank();
        const bool moves = one[place] != reading.whole[place];
        if (moves && !is_constant_along(values, axis)) return false;
    }
    return true;
}

std::string advice(const AxesReading& reading, const std::string& flag) {
    const bool padding = flag == "--mask" && reading.axes == "[batch, keys]";
    return std::string(padding ? "give --key-lengths or " : "") + "save it as " +
           to_string(reading.whole);
}

}  // namespace

std::vector<AxesReading> other_readings(const Shape& shape, const AttentionSizes& sizes,
                                        bool short_keys) {
    std::vector<AxesReading> readings;
    const std::size_t extents[] = {sizes.batch, sizes.heads, sizes.queries};
    for (const Candidate& candidate : candidates()) {
        if (shape.size() != candidate.axes.size() + 1) continue;
        const std::size_t keys = shape.back();
        bool fits = keys == sizes.keys || keys == 1 || (short_keys && keys < sizes.keys);
        Shape whole{1, 1, 1, keys};
        for (std::size_t i = 0; i < candidate.axes.size(); ++i) {
            const MaskAxis axis = candidate.axes[i];
            const bool merged = candidate.merged && axis == heads;
            const std::size_t extent = merged ? sizes.batch * sizes.heads : extents[axis];
            fits = fits && (shape[i] == extent || (shape[i] == 1 && !merged));
            whole[axis] = merged ? sizes.heads : shape[i];
            if (merged) whole[batch] = sizes.batch;
        }
        if (fits) readings.push_back({candidate.text, whole});
    }
    return readings;
}

template <class T>
Broadcast<T> spread(const Array<T>& values, const AttentionSizes& sizes, const std::string& name,
                    const std::string& flag, const Warn& warn) {
    const std::vector<AxesReading> others = other_readings(values.shape(), sizes, flag == "--mask");
    std::string advices;
    for (const AxesReading& reading : others)
        advices += "; if it is " + reading.axes + ", " + advice(reading, flag);
    try {
        Broadcast<T> result(values, sizes, name, flag);
        for (const AxesReading& reading : others) {
            if (!warn || gives_the_same(values, reading)) continue;
            warn(flag + " " + name + " " + to_string(values.shape()) + ": is read as " +
                 (values.rank() == 2 ? "[queries, keys]" : "[heads, queries, keys]") + advices +
                 "; to keep it as it is, as " + to_string(usual(values.shape())));
            break;
        }
        return result;
    } catch (const Error& error) {
        fail(error.what(), advices);
    }
}

template Broadcast<float> spread(const Array<float>&, const AttentionSizes&, const std::string&,
                                 const std::string&, const Warn&);
template Broadcast<double> spread(const Array<double>&, const AttentionSizes&, const std::string&,
                                  const std::string&, const Warn&);

}  // namespace attn::source
