// NPZ archives. Checksums stop most changes at the end of a member, not before.
#include "io/npz.hpp"

#include "fuzz/fuzz.hpp"

using attn::test::convert_all;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return attn::test::fuzz(data, size, [](const attn::io::FileBytes& file) {
        attn::io::Container container;
        attn::io::parse_npz(file, "fuzz.npz", container);
        convert_all(container);
    });
}
