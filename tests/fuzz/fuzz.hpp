// What the fuzz targets have in common: bytes from the fuzzer are a file, Error is the only
// exception that a reader may throw, and all that it lists can be converted.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "io/container.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace attn::test {

// Runs body(file); everything but Error ends the process.
template <class Body>
int fuzz(const std::uint8_t* data, std::size_t size, Body body) {
    static const ThreadLimit one_thread(1);  // handing over tiny arrays would take all the time
    try {
        body(io::FileBytes{{reinterpret_cast<const std::byte*>(data), size}, nullptr, false});
    } catch (const Error&) {
        // A fault of the input, told to the user.
    }
    return 0;
}

// Converts the array. Errors are fine here too, and keep no other array from being looked at.
inline void convert_any(const io::StoredArray& array) {
    try {
        io::convert<float>(array, io::NonFinite::allow_minus_infinity);
        io::convert<double>(array, io::NonFinite::allow);
    } catch (const Error&) {
    }
}

inline void convert_all(const io::Container& container) {
    for (const auto& [key, array] : container.arrays) convert_any(array);
}

}  // namespace attn::test
