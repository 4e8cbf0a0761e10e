// config.json of model hubs.
#include "io/config.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return attn::test::fuzz(data, size, [](const attn::io::FileBytes& file) {
        attn::io::Container container;
        attn::io::parse_config(file, "config.json", container);
    });
}
