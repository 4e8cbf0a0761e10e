// safetensors files made by hand.
#pragma once

#include <cstdint>
#include <string>

namespace attn::test {

// The length of the header, the header, the data.
inline std::string safetensors_bytes(const std::string& header, const std::string& data = "") {
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += static_cast<char>(static_cast<std::uint64_t>(header.size()) >> (8 * i) & 0xff);
    return bytes + header + data;
}

// {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}
inline std::string tensor_entry(const std::string& dtype, const std::string& shape,
                                std::size_t begin, std::size_t end) {
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[)" +
           std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace attn::test
