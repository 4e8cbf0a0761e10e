// NPY files.
#include "io/npy.hpp"

#include "fuzz/fuzz.hpp"

using attn::test::convert_any;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return attn::test::fuzz(data, size, [](const attn::io::FileBytes& file) {
        convert_any(attn::io::parse_npy(file, "fuzz.npy"));
    });
}
