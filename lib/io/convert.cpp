// From bytes in a file to numbers that we compute with.
#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/xtensor.hpp"
#include "io/stored_array.hpp"

namespace attn::io {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;

// Calls body(begin, end) for pieces of 0 … size - 1, on all threads.
template <class Body>
void for_chunks(std::size_t size, Body body) {
    parallel_for((size + kChunk - 1) / kChunk, [&](std::size_t chunk) {
        body(chunk * kChunk, std::min(size, (chunk + 1) * kChunk));
    });
}

// Where a value at `position` in the file's order stands, as "[2, 3]".
std::string index_text(std::size_t position, const Shape& shape, bool column_major) {
    Shape index(shape.size());
    for (std::size_t step = 0; step < shape.size(); ++step) {
        const std::size_t axis = column_major ? step : shape.size() - 1 - step;
        index[axis] = position % shape[axis];
        position /= shape[axis];
    }
    return to_string(index);
}

template <class Stored, bool swapped>
Stored read_value(const std::byte* from) {
    Stored value;
    if constexpr (swapped) {
        unsigned char raw[sizeof(Stored)];
        std::memcpy(raw, from, sizeof raw);
        std::reverse(std::begin(raw), std::end(raw));
        std::memcpy(&value, raw, sizeof value);
    } else {
        std::memcpy(&value, from, sizeof value);
    }
    return value;
}

// Tags for 16-bit floats, which C++17 has no types for.
struct Half {
    std::uint16_t bits;
};
struct Bfloat16 {
    std::uint16_t bits;
};
struct Boolean {
    std::uint8_t byte;
};

template <class T>
T number(Half value) {
    return static_cast<T>(float_from_half(value.bits));
}
template <class T>
T number(Bfloat16 value) {
    return static_cast<T>(float_from_bfloat16(value.bits));
}
template <class T>
T number(Boolean value) {
    return value.byte != 0 ? T{1} : T{0};
}
template <class T, class Stored>
T number(Stored value) {
    return static_cast<T>(value);
}

template <class T, class Stored, bool swapped>
void convert_piece(const std::byte* from, std::size_t size, T* to) {
    for (std::size_t i = 0; i < size; ++i)
        to[i] = number<T>(read_value<Stored, swapped>(from + i * sizeof(Stored)));
}

template <class T, class Stored>
void convert_values(const StoredArray& stored, T* to) {
    for_chunks(stored.bytes.size() / sizeof(Stored), [&](std::size_t begin, std::size_t end) {
        const std::byte* from = stored.bytes.data() + begin * sizeof(Stored);
        if (stored.swapped_bytes) {
            convert_piece<T, Stored, true>(from, end - begin, to + begin);
        } else {
            convert_piece<T, Stored, false>(from, end - begin, to + begin);
        }
    });
}

template <class T>
void convert_values(const StoredArray& stored, T* to) {
    switch (stored.dtype) {
        case DType::float16:
            return convert_values<T, Half>(stored, to);
        case DType::bfloat16:
            return convert_values<T, Bfloat16>(stored, to);
        case DType::float32:
            return convert_values<T, float>(stored, to);
        case DType::float64:
            return convert_values<T, double>(stored, to);
        case DType::int8:
            return convert_values<T, std::int8_t>(stored, to);
        case DType::int16:
            return convert_values<T, std::int16_t>(stored, to);
        case DType::int32:
            return convert_values<T, std::int32_t>(stored, to);
        case DType::int64:
            return convert_values<T, std::int64_t>(stored, to);
        case DType::uint8:
            return convert_values<T, std::uint8_t>(stored, to);
        case DType::uint16:
            return convert_values<T, std::uint16_t>(stored, to);
        case DType::uint32:
            return convert_values<T, std::uint32_t>(stored, to);
        case DType::uint64:
            return convert_values<T, std::uint64_t>(stored, to);
        case DType::boolean:
            return convert_values<T, Boolean>(stored, to);
    }
}

// The first position, in the file's order, whose value `bad` says is bad; `size` when none is.
template <class T, class Bad>
std::size_t first_bad(const T* values, std::size_t size, Bad bad) {
    std::atomic<std::size_t> first{size};
    for_chunks(size, [&](std::size_t begin, std::size_t end) {
        if (begin > first) return;
        // Looks at a whole chunk before it looks for the place: the loop then has no branches.
        bool any = false;
        for (std::size_t i = begin; i < end; ++i) any |= bad(values[i]);
        if (!any) return;
        std::size_t place = begin;
        while (!bad(values[place])) ++place;
        std::size_t known = first;
        while (place < known && !first.compare_exchange_weak(known, place)) {
        }
    });
    return first;
}

template <class T>
void require_fits_float(const StoredArray& stored, const T* converted, std::size_t size) {
    if (stored.dtype != DType::float64 || !std::is_same_v<T, float>) return;
    const auto original = [&](std::size_t i) {
        const std::byte* from = stored.bytes.data() + i * sizeof(double);
        return stored.swapped_bytes ? read_value<double, true>(from)
                                    : read_value<double, false>(from);
    };
    std::size_t from = 0;
    while (from < size) {
        const std::size_t place = from + first_bad(converted + from, size - from,
                                                   [](T value) { return std::isinf(value); });
        if (place == size) return;
        if (std::isfinite(original(place))) {
            fail(stored.name, ": value ", original(place), " at ",
                 index_text(place, stored.shape, stored.column_major),
                 " does not fit in float32; use --precision f64");
        }
        from = place + 1;
    }
}

template <class T>
void require_allowed(const StoredArray& stored, const T* values, std::size_t size,
                     NonFinite policy) {
    if (policy == NonFinite::allow) return;
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const bool minus_infinity = policy == NonFinite::allow_minus_infinity;
    const std::size_t place = first_bad(values, size, [minus_infinity](T value) {
        return !(std::abs(value) < infinity) && !(minus_infinity && value == -infinity);
    });
    if (place == size) return;
    const T value = values[place];
    fail(stored.name, ": ",
         std::isnan(value) ? "NaN"
         : value > 0       ? "inf"
                           : "-inf",
         " at ", index_text(place, stored.shape, stored.column_major),
         "; --allow-nonfinite lets it through");
}

template <class T>
bool lies_ready(const StoredArray& stored) {
    return stored.dtype == dtype_of<T>() && !stored.swapped_bytes &&
           reinterpret_cast<std::uintptr_t>(stored.bytes.data()) % alignof(T) == 0;
}

template <class T>
std::vector<T> to_row_major(const std::vector<T>& values, const Shape& shape) {
    const auto columns = xt::adapt<xt::layout_type::column_major>(values, shape);
    std::vector<T> rows(values.size());
    auto result = xt::adapt<xt::layout_type::row_major>(rows, shape);
    xt::noalias(result) = columns;
    return rows;
}

}  // namespace

StoredArray fetched(const StoredArray& stored) {
    if (!stored.fetch) return stored;
    StoredArray array = stored;
    const FileBytes file = stored.fetch();
    array.bytes = file.bytes;
    array.owner = file.owner;
    array.fetch = nullptr;
    return array;
}

StoredArray rows_of(const StoredArray& stored, std::size_t begin, std::size_t count) {
    assert(!stored.column_major && !stored.fetch && begin + count <= stored.shape.at(0));
    StoredArray part = stored;
    const std::size_t row = stored.bytes.size() / stored.shape[0];
    part.shape[0] = count;
    part.bytes = {stored.bytes.data() + begin * row, count * row};
    return part;
}

template <class T>
Array<T> convert(const StoredArray& stored, NonFinite non_finite) {
    if (stored.fetch) return convert<T>(fetched(stored), non_finite);
    const std::size_t size = element_count(stored.shape, stored.name);
    if (lies_ready<T>(stored) && !stored.column_major) {
        const T* values = reinterpret_cast<const T*>(stored.bytes.data());
        require_allowed(stored, values, size, non_finite);
        return Array<T>(stored.shape, values, stored.owner);
    }
    std::vector<T> values(size);
    convert_values(stored, values.data());
    require_fits_float(stored, values.data(), size);
    require_allowed(stored, values.data(), size, non_finite);
    if (stored.column_major) values = to_row_major(values, stored.shape);
    return Array<T>(stored.shape, std::move(values));
}

template Array<float> convert(const StoredArray&, NonFinite);
template Array<double> convert(const StoredArray&, NonFinite);

}  // namespace attn::io
