// JSON with arrays.
#include "io/json.hpp"

#include "fuzz/fuzz.hpp"

using attn::test::convert_all;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return attn::test::fuzz(data, size, [](const attn::io::FileBytes& file) {
        attn::io::Container container;
        container.path = "fuzz.json";
        attn::io::parse_json(file, container);
        convert_all(container);
    });
}
