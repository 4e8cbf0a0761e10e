#include "io/npy_writer.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "core/parallel.hpp"
#include "io/npy.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

using attn::DType;
using attn::Span;
using attn::io::NpyWriter;
using namespace attn::test;

TEST_CASE("a file is byte for byte what NumPy writes") {
    const TempFolder folder;
    NpyWriter file(folder / "x.npy", DType::float32, {2, 3});
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    file.write(0, Span<const float>(values));
    file.close();
    std::string dictionary = npy_dictionary("<f4", "(2, 3)");
    dictionary.resize(128 - 10 - 1, ' ');
    CHECK(read_file(folder / "x.npy") == npy_bytes(dictionary, bytes_of(values)));
}

TEST_CASE("what was not written is zero, and the size is known before") {
    const TempFolder folder;
    NpyWriter file(folder / "x.npy", DType::float64, {5});
    const std::vector<double> one{7};
    file.write(3, Span<const double>(one));
    file.close();
    CHECK(read_file(folder / "x.npy").size() == attn::io::npy_file_size(DType::float64, {5}));
    const auto stored = attn::io::parse_npy(attn::io::map_file(folder / "x.npy"), "x");
    const auto array = attn::io::convert<double>(stored, attn::io::NonFinite::refuse);
    CHECK(std::vector<double>(array.data(), array.data() + 5) ==
          std::vector<double>{0, 0, 0, 7, 0});
}

TEST_CASE("threads write their own places at once") {
    const TempFolder folder;
    constexpr std::size_t kRows = 500;
    constexpr std::size_t kColumns = 100;
    NpyWriter file(folder / "x.npy", DType::float32, {kRows, kColumns});
    attn::parallel_for(kRows, [&](std::size_t row) {
        const std::vector<float> values(kColumns, static_cast<float>(row));
        file.write(row * kColumns, Span<const float>(values));
    });
    file.close();
    const auto stored = attn::io::parse_npy(attn::io::map_file(folder / "x.npy"), "x");
    const auto array = attn::io::convert<float>(stored, attn::io::NonFinite::refuse);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < array.size(); ++i)
        wrong += array.data()[i] != static_cast<float>(i / kColumns);
    CHECK(wrong == 0);
}

TEST_CASE("a folder that is not there and a shape that fits nowhere are errors") {
    const TempFolder folder;
    CHECK_THROWS_WITH(NpyWriter(folder / "none/x.npy", DType::float32, {1}),
                      Catch::Contains("cannot create"));
    CHECK_THROWS_AS(attn::io::npy_file_size(DType::float32, {std::size_t{1} << 62}),
                    std::runtime_error);
}

TEST_CASE("a file is written in the way that its path says") {
    std::string bytes;
    bool closed = false;
    attn::io::OutputPath path(std::string("x.npy"));
    path.open = [&](const attn::io::OutputPath& of, std::size_t size, attn::io::Makers) {
        CHECK(of.shown == "x.npy");
        bytes.resize(size);
        return attn::io::PlacedFile{[&](std::size_t offset, const char* from, std::size_t count) {
                                        bytes.replace(offset, count, from, count);
                                    },
                                    [&] { closed = true; }};
    };
    const NpyWriter file(path, DType::float32, {2});
    const std::vector<float> values{3, 4};
    file.write(0, Span<const float>(values));
    file.close();
    CHECK(bytes == attn::io::npy_header(DType::float32, {2}) + bytes_of(values));
    CHECK(closed);
}
