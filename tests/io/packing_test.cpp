#include "io/packing.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "io/container.hpp"
#include "io/npy_writer.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

using attn::DType;
using attn::Shape;
using attn::io::NonFinite;
using namespace attn::test;
using Files = std::vector<std::pair<std::string, attn::io::OutputPath>>;

namespace {

template <class T>
std::filesystem::path write_npy(const TempFolder& folder, const std::string& name, Shape shape,
                                const std::vector<T>& values) {
    attn::io::NpyWriter file(folder / name, attn::dtype_of<T>(), std::move(shape));
    file.write(0, attn::Span<const T>(values));
    file.close();
    return folder / name;
}

std::vector<double> numbers_of(const attn::io::Container& container, const std::string& key) {
    const auto array = attn::io::convert<double>(container.arrays.at(key), NonFinite::allow);
    return {array.data(), array.data() + array.size()};
}

Files three_files(const TempFolder& folder) {
    return {{"layer00/weights", write_npy<float>(folder, "w.npy", {2, 2}, {1, 2, 3, 4})},
            {"layer00/é", write_npy<float>(folder, "e.npy", {3}, {-1, 0.5F, INFINITY})},
            {"output", write_npy<double>(folder, "o.npy", {1, 2}, {5, 6})}};
}

void check_contents(const attn::io::Container& container) {
    CHECK(container.arrays.size() == 3);
    CHECK(container.arrays.at("layer00/weights").shape == Shape{2, 2});
    CHECK(numbers_of(container, "layer00/weights") == std::vector<double>{1, 2, 3, 4});
    CHECK(numbers_of(container, "layer00/é") == std::vector<double>{-1, 0.5, INFINITY});
    CHECK(container.arrays.at("output").dtype == DType::float64);
    CHECK(numbers_of(container, "output") == std::vector<double>{5, 6});
}

}  // namespace

TEST_CASE("packed files hold the arrays under their names, and the same bytes each time") {
    const TempFolder folder;
    const Files files = three_files(folder);
    const auto pack = GENERATE(attn::io::pack_npz, attn::io::pack_safetensors);
    pack(folder / "a", files);
    check_contents(attn::io::open_container(folder / "a"));
    std::filesystem::last_write_time(
        files[0].second.path,
        std::filesystem::file_time_type::clock::now() - std::chrono::hours(1000));
    pack(folder / "b", files);
    CHECK(read_file(folder / "a") == read_file(folder / "b"));
    pack(folder / "b", {files[2]});  // what was there before is replaced
    CHECK(attn::io::open_container(folder / "b").arrays.size() == 1);
}

TEST_CASE("data in packed safetensors is aligned, wide types first") {
    const TempFolder folder;
    attn::io::pack_safetensors(folder / "a", three_files(folder));
    const auto container = attn::io::open_container(folder / "a");
    for (const auto& [key, array] : container.arrays) {
        CHECK(reinterpret_cast<std::uintptr_t>(array.bytes.data()) % size_of(array.dtype) == 0);
    }
    const auto* start = container.files[0].bytes.data();
    CHECK((container.arrays.at("output").bytes.data() - start) % 64 == 0);
}

TEST_CASE("what cannot be packed is refused") {
    const TempFolder folder;
    const Files files = three_files(folder);
    for (const auto pack : {attn::io::pack_npz, attn::io::pack_safetensors}) {
        CHECK_THROWS_WITH(pack(folder / "none/a", files),
                          Catch::Contains(": cannot ") && Catch::Contains("No such file"));
        CHECK_THROWS_WITH(pack(folder / "a", {files[0], files[0]}),
                          Catch::Contains("layer00/weights"));
        CHECK_THROWS_AS(pack(folder / "a", {{"x", folder / "missing.npy"}}), std::runtime_error);
    }
    const std::string columns =
        npy_bytes(npy_dictionary("<f4", "(1, 2)", true), bytes_of<float>({1, 2}));
    CHECK_THROWS_WITH(
        attn::io::pack_safetensors(folder / "a", {{"x", folder.write("c.npy", columns)}}),
        Catch::Contains("not in the order"));
}

TEST_CASE("errors name files as a user knows them, not where they are staged") {
    const TempFolder folder;
    const std::string staged = folder / ".staging/x.npy";
    for (const auto pack : {attn::io::pack_npz, attn::io::pack_safetensors}) {
        for (const bool missing : {true, false}) {
            // What is missing; what may not be written.
            const std::filesystem::path whole = write_npy<float>(folder, "x.npy", {1}, {1});
            const Files files{
                {"x", {missing ? std::filesystem::path(staged) : whole, "out/x.npy"}}};
            const attn::io::OutputPath target{missing ? folder / "a" : folder / ".staging/a",
                                              "out/arrays"};
            CHECK_THROWS_WITH(pack(target, files),
                              Catch::StartsWith("out/") && !Catch::Contains("staging"));
        }
    }
}
