#include "io/safetensors.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "core/error.hpp"
#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/patience.hpp"
#include "support/safetensors_bytes.hpp"
#include "support/temp_folder.hpp"

using attn::DType;
using attn::Shape;
using attn::io::Container;
using attn::io::NonFinite;
using namespace attn::test;

namespace {

Container read(const std::string& bytes) {
    const TempFolder folder;
    Container container;
    const auto file = attn::io::map_file(folder.write("m.safetensors", bytes));
    attn::io::parse_safetensors(file, "m.safetensors", container);
    return container;
}

Container read(const std::string& header, const std::string& data) {
    return read(safetensors_bytes(header, data));
}

std::vector<float> floats(const Container& container, const std::string& key) {
    const auto array = attn::io::convert<float>(container.arrays.at(key), NonFinite::allow);
    return {array.data(), array.data() + array.size()};
}

std::string one(const std::string& entry) {
    return R"({"W":)" + entry + "}";
}

}  // namespace

TEST_CASE("tensors are listed with type and shape, metadata as settings") {
    const Container container =
        read(R"({"__metadata__":{"format":"pt"},"a":)" + tensor_entry("F32", "[2,1]", 0, 8) +
                 R"(,"h.0.b":)" + tensor_entry("BF16", "[2]", 8, 12) + "}  ",
             bytes_of<float>({1.5F, -2}) + bytes_of<std::uint16_t>({0x3fc0, 0xc000}));
    CHECK(container.arrays.size() == 2);
    CHECK(container.arrays.at("a").shape == Shape{2, 1});
    CHECK(container.arrays.at("a").name == "m.safetensors:a");
    CHECK(container.arrays.at("h.0.b").dtype == DType::bfloat16);
    CHECK(floats(container, "a") == std::vector<float>{1.5F, -2});
    CHECK(floats(container, "h.0.b") == std::vector<float>{1.5F, -2});
    CHECK(std::get<std::string>(container.settings.at("__metadata__/format")) == "pt");
}

TEST_CASE("a checkpoint as the library of safetensors lays it out is read") {
    const Container container = attn::io::open_container(golden("files/model.safetensors"));
    CHECK(container.format == "safetensors");
    CHECK(floats(container, "h.0.attn.bias") == std::vector<float>{0, 0.5F, 1, 1.5F, 2, 2.5F});
    CHECK(floats(container, "h.0.attn.weight") == std::vector<float>{0, 1, 2, 3, 4, 5});
    CHECK(floats(container, "h.0.half") == std::vector<float>{0, 0.5F, 1, 1.5F, 2, 2.5F});
    CHECK(floats(container, "h.0.mask") == std::vector<float>{1, 0, 1, 0, 1, 0});
    CHECK(floats(container, "h.0.scalar") == std::vector<float>{7});
    CHECK(container.arrays.at("h.0.empty").shape == Shape{0, 4});
}

TEST_CASE("every number type of safetensors is read") {
    const auto two = [](const char* dtype, const std::string& data) {
        return floats(read(one(tensor_entry(dtype, "[2]", 0, data.size())), data), "W");
    };
    using Two = std::vector<float>;
    CHECK(two("F64", bytes_of<double>({1.5, -2})) == Two{1.5F, -2});
    CHECK(two("F32", bytes_of<float>({1.5F, -2})) == Two{1.5F, -2});
    CHECK(two("F16", bytes_of<std::uint16_t>({0x3e00, 0xc000})) == Two{1.5F, -2});
    CHECK(two("BF16", bytes_of<std::uint16_t>({0x3fc0, 0xc000})) == Two{1.5F, -2});
    CHECK(two("I64", bytes_of<std::int64_t>({-1, 1LL << 40})) == Two{-1, 1099511627776.0F});
    CHECK(two("I32", bytes_of<std::int32_t>({-70000, 7})) == Two{-70000, 7});
    CHECK(two("I16", bytes_of<std::int16_t>({-300, 300})) == Two{-300, 300});
    CHECK(two("I8", bytes_of<std::int8_t>({-128, 127})) == Two{-128, 127});
    CHECK(two("U64", bytes_of<std::uint64_t>({1, 2})) == Two{1, 2});
    CHECK(two("U32", bytes_of<std::uint32_t>({1, 3000000000U})) == Two{1, 3000000000.0F});
    CHECK(two("U16", bytes_of<std::uint16_t>({1, 65535})) == Two{1, 65535});
    CHECK(two("U8", bytes_of<std::uint8_t>({0, 255})) == Two{0, 255});
    CHECK(two("BOOL", bytes_of<std::uint8_t>({0, 1})) == Two{0, 1});
}

TEST_CASE("types that are not read leave the other tensors readable") {
    const Container container = read(R"({"new":)" + tensor_entry("F8_E4M3", "[4]", 0, 4) +
                                         R"(,"old":)" + tensor_entry("F32", "[1]", 4, 8) + "}",
                                     std::string(4, '\0') + bytes_of<float>({3}));
    CHECK(container.unreadable.at("new") == "has the dtype F8_E4M3, which is not read");
    CHECK(floats(container, "old") == std::vector<float>{3});
}

TEST_CASE("scalars, tensors without values and data at odd addresses are read") {
    const Container container =
        read(R"({"bytes":)" + tensor_entry("U8", "[1]", 0, 1) + R"(,"scalar":)" +
                 tensor_entry("F32", "[]", 1, 5) + R"(,"nothing":)" +
                 tensor_entry("F32", "[0,4]", 5, 5) + R"(,"odd":)" +
                 tensor_entry("F16", "[2]", 5, 9) + "}",
             "x" + bytes_of<float>({7}) + bytes_of<std::uint16_t>({0x3c00, 0x4000}));
    CHECK(container.arrays.at("scalar").shape.empty());
    CHECK(floats(container, "scalar") == std::vector<float>{7});
    CHECK(floats(container, "odd") == std::vector<float>{1, 2});
    CHECK(container.arrays.at("nothing").shape == Shape{0, 4});
    CHECK_THROWS_WITH(floats(container, "nothing"),
                      "m.safetensors:nothing: has no values: its shape is [0, 4]");
    CHECK(read("{}", "").arrays.empty());
}

TEST_CASE("float32 at a multiple of four is shown in place, without a copy") {
    std::string header = one(tensor_entry("F32", "[2]", 0, 8));
    header.resize((header.size() + 7) / 8 * 8, ' ');
    const Container container = read(header, bytes_of<float>({1, 2}));
    const auto& stored = container.arrays.at("W");
    const auto array = attn::io::convert<float>(stored, NonFinite::refuse);
    CHECK(static_cast<const void*>(array.data()) == static_cast<const void*>(stored.bytes.data()));
}

TEST_CASE("a download that was cut off is called so") {
    const std::string header = one(tensor_entry("F32", "[2]", 0, 8));
    const std::string whole = safetensors_bytes(header, bytes_of<float>({1, 2}));
    CHECK_THROWS_WITH(read(whole.substr(0, whole.size() - 5)),
                      "m.safetensors: is " + std::to_string(whole.size() - 5) +
                          " bytes, its header promises " + std::to_string(whole.size()) +
                          "; was the download cut off?");
    CHECK_THROWS_WITH(read(whole.substr(0, 20)),
                      "m.safetensors: is 20 bytes, its header alone takes " +
                          std::to_string(8 + header.size()) + "; was the download cut off?");
    for (std::size_t size = 1; size < whole.size(); ++size) {
        INFO("cut to " << size);
        CHECK_THROWS_AS(read(whole.substr(0, size)), attn::Error);
    }
    CHECK_NOTHROW(read(whole));
}

TEST_CASE("a header that cannot be is refused") {
    CHECK_THROWS_WITH(read(std::string("\xff\xff\xff\xff\xff\0\0\0{}", 10)),
                      "m.safetensors: has a safetensors header of 1099511627775 bytes, the format "
                      "allows at most 100000000");
    CHECK_THROWS_WITH(read("short"), "m.safetensors: is 5 bytes, too short for a safetensors file");
    CHECK_THROWS_WITH(read(R"({"a":})", ""),
                      "m.safetensors: its header is not valid JSON, at byte 6");
    CHECK_THROWS_WITH(read("[1]", ""), "m.safetensors: its header is an array, expected an object");
    CHECK_THROWS_WITH(read("3", ""), "m.safetensors: its header is 3, expected an object");
    CHECK_THROWS_WITH(read(R"({"W":1})", ""),
                      "m.safetensors:W: is 1 in the header, expected an object");
    CHECK_THROWS_WITH(read(R"({"W":[]})", ""),
                      "m.safetensors:W: is an array in the header, expected an object");
    const std::string entry = tensor_entry("F32", "[0]", 0, 0);
    CHECK_THROWS_WITH(read(R"({"W":)" + entry + R"(,"W":)" + entry + "}", ""),
                      "m.safetensors:W: stands twice in the header");
    CHECK_THROWS_WITH(read(R"({"__metadata__":{"n":1}})", ""),
                      "m.safetensors:__metadata__: n is 1, expected a text");
    CHECK_NOTHROW(read(R"({"__metadata__":null})", ""));
}

TEST_CASE("fields that are missing or of the wrong type are named with the tensor") {
    const auto field = [](const std::string& fields) { return read(one("{" + fields + "}"), ""); };
    const std::string dtype = R"("dtype":"F32")";
    const std::string shape = R"("shape":[0])";
    const std::string offsets = R"("data_offsets":[0,0])";
    CHECK_NOTHROW(field(dtype + "," + shape + "," + offsets));
    CHECK_THROWS_WITH(field(shape + "," + offsets), "m.safetensors:W: has no dtype in the header");
    CHECK_THROWS_WITH(field(dtype + "," + offsets), "m.safetensors:W: has no shape in the header");
    CHECK_THROWS_WITH(field(dtype + "," + shape),
                      "m.safetensors:W: has no data_offsets in the header");
    CHECK_THROWS_WITH(field(R"("dtype":4)"),
                      "m.safetensors:W: dtype is 4, expected a text such as F32");
    CHECK_THROWS_WITH(field(R"("dtype":["F32"])"),
                      "m.safetensors:W: dtype is an array, expected a text such as F32");
    const std::string whole = ", expected an array of whole numbers, none of them negative";
    CHECK_THROWS_WITH(field(R"("shape":4)"), "m.safetensors:W: shape is 4" + whole);
    CHECK_THROWS_WITH(field(R"("shape":[-1])"), "m.safetensors:W: shape holds -1" + whole);
    CHECK_THROWS_WITH(field(R"("shape":[2.5])"), "m.safetensors:W: shape holds 2.5" + whole);
    CHECK_THROWS_WITH(field(R"("shape":["2"])"), "m.safetensors:W: shape holds a text" + whole);
    CHECK_THROWS_WITH(field(R"("shape":[[2]])"), "m.safetensors:W: shape holds an array" + whole);
    CHECK_THROWS_WITH(field(R"("shape":[null])"), "m.safetensors:W: shape holds null" + whole);
    CHECK_THROWS_WITH(field(R"("shape":{})"), "m.safetensors:W: shape is an object" + whole);
    CHECK_THROWS_WITH(field(R"("data_offsets":[0])"),
                      "m.safetensors:W: data_offsets holds 1 number, expected 2");
    CHECK_THROWS_WITH(field(R"("data_offsets":[0,-1])"),
                      "m.safetensors:W: data_offsets holds -1" + whole);
    CHECK_THROWS_WITH(field(dtype + "," + dtype), "m.safetensors:W: dtype stands twice");
}

TEST_CASE("fields that a later version may bring are passed over") {
    CHECK_NOTHROW(read(R"({"W":{"new":{"a":[1,{"b":null}]},"newer":[[1]],"dtype":"F32",)"
                       R"("shape":[0],"data_offsets":[0,0],"newest":true}})",
                       ""));
}

TEST_CASE("sizes and places that disagree are refused with both") {
    const std::string data(8, '\0');
    CHECK_THROWS_WITH(read(one(tensor_entry("F32", "[3]", 0, 8)), data),
                      "m.safetensors:W: is float32 [3], which takes 12 bytes, but its data_offsets "
                      "[0, 8] hold 8");
    CHECK_THROWS_WITH(read(one(tensor_entry("F32", "[2]", 8, 0)), data),
                      "m.safetensors:W: its data_offsets [8, 0] end before they begin");
    CHECK_THROWS_WITH(
        read(one(tensor_entry("F32", "[4294967296,4294967296]", 0, 8)), data),
        Catch::StartsWith("m.safetensors:W: shape") && Catch::Contains("memory can address"));
    CHECK_THROWS_WITH(read(one(tensor_entry("F32", "[4611686018427387904]", 0, 8)), data),
                      Catch::Contains("memory can address"));
    CHECK_THROWS_WITH(read(one(tensor_entry("NEW", "[1]", 0, 18446744073709551615U)), data),
                      "m.safetensors:W: data_offsets [0, 18446744073709551615] lie beyond what a "
                      "file can hold");
}

TEST_CASE("overlaps and bytes that belong to no tensor are refused with the place") {
    const auto two = [](std::size_t begin, std::size_t end, std::size_t size) {
        return read(R"({"a":)" + tensor_entry("U8", "[4]", 0, 4) + R"(,"b":)" +
                        tensor_entry("U8", "[" + std::to_string(end - begin) + "]", begin, end) +
                        "}",
                    std::string(size, '\0'));
    };
    CHECK_NOTHROW(two(4, 8, 8));
    CHECK_THROWS_WITH(two(3, 8, 8),
                      "m.safetensors:b: its data_offsets [3, 8] overlap those of a, data_offsets "
                      "[0, 4]");
    CHECK_THROWS_WITH(two(6, 8, 8),
                      "m.safetensors:b: starts at byte 6 of the data, but bytes 4 to 5 in front of "
                      "it belong to no tensor");
    CHECK_THROWS_WITH(two(4, 8, 11), "m.safetensors: its last 3 bytes belong to no tensor");
}

TEST_CASE("a large file is listed without reading its data") {
    constexpr std::size_t kTensors = 5000;
    constexpr std::size_t kSize = std::size_t{400} << 10;
    std::string header = "{";
    for (std::size_t i = 0; i < kTensors; ++i) {
        header += (i > 0 ? ",\"model.layers." : "\"model.layers.") + std::to_string(i) +
                  ".self_attn.q_proj.weight\":" +
                  tensor_entry("BF16", "[400,512]", i * kSize, (i + 1) * kSize);
    }
    const TempFolder folder;
    const std::string path = folder.write("m.safetensors", safetensors_bytes(header + "}"));
    std::filesystem::resize_file(path, 8 + header.size() + 1 + kTensors * kSize);  // sparse

    const auto start = std::chrono::steady_clock::now();
    const Container container = attn::io::open_container(path);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    CHECK(container.arrays.size() == kTensors);
    CHECK(time.count() < attn::test::patient(1));  // 20 ms
}
