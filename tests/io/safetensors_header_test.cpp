#include "io/safetensors_header.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/error.hpp"

using namespace attn;
using namespace attn::io;

namespace {

std::vector<TensorEntry> entries_of(const std::string& json) {
    std::map<std::string, Setting> settings;
    return read_safetensors_header({reinterpret_cast<const std::byte*>(json.data()), json.size()},
                                   "a.safetensors", settings);
}

}  // namespace

TEST_CASE("tensors come in the order of the header, with type, shape and place") {
    const auto entries = entries_of(R"({"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                                    R"("a":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}})");
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].name == "b");
    CHECK(entries[0].shape == Shape{2, 1});
    CHECK(entries[1].dtype == "BF16");
    CHECK(entries[1].shape.empty());
    CHECK(entries[1].begin == 8);
    CHECK(entries[1].end == 10);
}

TEST_CASE("a type that is written is read again by the same code") {
    for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16})
        CHECK(dtype_of_code(code_of(dtype)) == dtype);
    CHECK_FALSE(dtype_of_code("F33").has_value());
}

TEST_CASE("a tensor that stands twice, lacks a field or has a wrong one is refused by its name") {
    for (const char* json :
         {R"({"W":{"dtype":"F32","shape":[1]}})", R"({"W":{"dtype":"F32","data_offsets":[0,4]}})",
          R"({"W":{"dtype":4,"shape":[1],"data_offsets":[0,4]}})",
          R"({"W":{"dtype":"F32","shape":[1],"data_offsets":[0]}})",
          R"({"W":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
          R"("W":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"}) {
        INFO(json);
        CHECK_THROWS_WITH(entries_of(json),
                          Catch::StartsWith("a.safetensors") && Catch::Contains("W"));
    }
    CHECK_THROWS_AS(entries_of("[]"), Error);
}
