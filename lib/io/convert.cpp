// From bytes in a file to numbers that we compute with.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/aligned_buffer.hpp"
#include "core/divide_up.hpp"
#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/phase_clock.hpp"
#include "io/decode.hpp"
#include "io/file_reader.hpp"
#include "io/memory_order.hpp"
#include "io/stored_array.hpp"

namespace attn::io {
namespace {

// Values that are converted and then checked while they are in the cache.
constexpr std::size_t kChunk = std::size_t{1} << 16;

// Bytes of an array of the right type that are read into memory; a larger one stays in its file.
constexpr std::size_t kMostCopied = std::size_t{1} << 28;

// Calls find(begin, end) for pieces of 0 … size - 1 on all threads; each returns the first place
// that it objects to, or `end`. Returns the first of all, or `size`.
template <class Find>
std::size_t first_place(std::size_t size, Find find) {
    std::atomic<std::size_t> first{size};
    parallel_for(divide_up(size, kChunk), [&](std::size_t chunk) {
        const std::size_t begin = chunk * kChunk;
        const std::size_t end = std::min(size, begin + kChunk);
        if (begin > first) return;
        const std::size_t place = find(begin, end);
        if (place == end) return;
        std::size_t known = first;
        while (place < known && !first.compare_exchange_weak(known, place)) {
        }
    });
    return first;
}

// Whether a value is infinite or NaN, but for those that are -inf where that is allowed. On the
// bits, in a loop without branches: comparing numbers takes five times as long.
template <class T>
bool any_nonfinite(const T* values, std::size_t count, bool allow_minus_infinity) {
    using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr Word kSign = Word{1} << (8 * sizeof(T) - 1);
    constexpr Word kExponentStep = Word{1} << (std::numeric_limits<T>::digits - 1);
    constexpr Word kMinusInfinity = Word{0} - kExponentStep;
    const Word excused = allow_minus_infinity ? kSign : 0;
    Word found = 0;
    for (std::size_t i = 0; i < count; ++i) {
        Word bits;
        std::memcpy(&bits, values + i, sizeof bits);
        // The step carries into the sign where all bits of the exponent are set.
        const Word nonfinite = (bits & ~kSign) + kExponentStep;
        found |= nonfinite & ~(bits == kMinusInfinity ? excused : 0);
    }
    return (found & kSign) != 0;
}

// Which of an array's values may not be used, told from what they became as T.
template <class T>
class Scrutiny {
  public:
    Scrutiny(const StoredArray& stored, NonFinite policy)
        : stored_(stored),
          policy_(policy),
          narrows_(stored.dtype == DType::float64 && std::is_same_v<T, float>) {}

    // Whether it looks at values at all.
    bool looks() const { return policy_ != NonFinite::allow || narrows_; }

    // The first of values begin … end - 1, in the file's order, that is refused, or `end`.
    std::size_t first_refused(const T* values, std::size_t begin, std::size_t end) const {
        if (!looks()) return end;
        // Looks at all of them before it looks for the place.
        const bool minus_infinity = takes_minus_infinity() && !narrows_;
        if (!any_nonfinite(values + begin, end - begin, minus_infinity)) return end;
        std::size_t place = begin;
        while (place < end && !overflows(values[place], place) && !forbids(values[place])) ++place;
        return place;
    }

    [[noreturn]] void refuse(T value, std::size_t place) const {
        const std::string index = to_string(index_of(place, stored_.shape, stored_.column_major));
        if (overflows(value, place)) {
            fail(stored_.name, ": value ", original(place), " at ", index,
                 " does not fit in float32; use --precision f64");
        }
        const char* what = std::isnan(value) ? "NaN" : value > 0 ? "inf" : "-inf";
        fail(stored_.name, ": ", what, " at ", index, "; ", help());
    }

  private:
    static constexpr T kInfinity = std::numeric_limits<T>::infinity();

    bool takes_minus_infinity() const {
        return policy_ == NonFinite::allow_minus_infinity ||
               policy_ == NonFinite::never_but_minus_infinity;
    }

    const char* help() const {
        if (policy_ == NonFinite::never) return "expected finite numbers";
        if (policy_ == NonFinite::never_but_minus_infinity)
            return "expected finite numbers and -inf";
        return "--allow-nonfinite lets it through";
    }

    double original(std::size_t place) const {
        double value = 0;
        decode(stored_.dtype, stored_.swapped_bytes,
               stored_.bytes.data() + place * size_of(stored_.dtype), 1, &value);
        return value;
    }

    bool overflows(T value, std::size_t place) const {
        return narrows_ && std::isinf(value) && std::isfinite(original(place));
    }

    bool forbids(T value) const {
        if (std::isfinite(value) || policy_ == NonFinite::allow) return false;
        return !takes_minus_infinity() || value != -kInfinity;
    }

    const StoredArray& stored_;
    NonFinite policy_;
    bool narrows_;
};

template <class T>
bool lies_ready(const StoredArray& stored) {
    return stored.dtype == dtype_of<T>() && !stored.swapped_bytes && !stored.column_major &&
           reinterpret_cast<std::uintptr_t>(stored.bytes.data()) % alignof(T) == 0;
}

template <class T>
using Buffer = std::shared_ptr<const AlignedBuffer<T>>;

template <class T>
Buffer<T> make_buffer(const StoredArray& stored, std::size_t size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(size, sizeof(T), &bytes)) bytes = SIZE_MAX;
    require_memory(bytes, stored.name);
    auto buffer = std::make_shared<const AlignedBuffer<T>>(size);
    prefer_large_pages(buffer->data(), bytes);
    return buffer;
}

}  // namespace

StoredArray fetched(const StoredArray& stored) {
    if (!stored.fetch) return stored;
    const FileBytes file = stored.fetch();
    StoredArray array = stored;
    array.fetch = nullptr;
    array.bytes = file.bytes;
    array.owner = file.owner;
    array.mapped = file.mapped;
    return array;
}

template <class T>
Array<T> convert(const StoredArray& stored, NonFinite non_finite) {
    const InPhase phase(Phase::convert);
    const std::size_t size = element_count(stored.shape, stored.name);
    if (size == 0) fail(stored.name, ": has no values: its shape is ", to_string(stored.shape));
    if (stored.fetch) return convert<T>(fetched(stored), non_finite);

    const Scrutiny<T> scrutiny(stored, non_finite);
    const bool ready = lies_ready<T>(stored);
    // What is looked through is read, so it is read into memory of its own.
    const bool stays = ready && (!scrutiny.looks() || stored.bytes.size() > kMostCopied);
    const FileReader reader(stays ? Span<const std::byte>() : stored.bytes);
    if (ready && !reader.copies()) {
        const T* values = reinterpret_cast<const T*>(stored.bytes.data());
        const std::size_t refused = first_place(size, [&](std::size_t begin, std::size_t end) {
            return scrutiny.first_refused(values, begin, end);
        });
        if (refused < size) scrutiny.refuse(values[refused], refused);
        return Array<T>(stored.shape, values, stored.owner);
    }

    Buffer<T> values = make_buffer<T>(stored, size);
    const std::size_t refused = first_place(size, [&](std::size_t begin, std::size_t end) {
        const std::size_t width = size_of(stored.dtype);
        if (ready) {
            auto* const to = reinterpret_cast<std::byte*>(values->data() + begin);
            reader.at_hand(begin * width, (end - begin) * width, to);
        } else {
            const AlignedBuffer<std::byte> buffer(reader.copies() ? (end - begin) * width : 0);
            decode(stored.dtype, stored.swapped_bytes,
                   reader.at_hand(begin * width, (end - begin) * width, buffer.data()), end - begin,
                   values->data() + begin);
        }
        return scrutiny.first_refused(values->data(), begin, end);
    });
    if (refused < size) scrutiny.refuse(values->data()[refused], refused);
    if (stored.column_major) {
        const Buffer<T> rows = make_buffer<T>(stored, size);
        to_row_major(values->data(), stored.shape, rows->data());
        values = rows;
    }
    return Array<T>(stored.shape, values->data(), values);
}

template Array<float> convert(const StoredArray&, NonFinite);
template Array<double> convert(const StoredArray&, NonFinite);

}  // namespace attn::io
