#include "io/matrix_reader.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "io/file_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::io;

namespace {

constexpr std::size_t kRows = 100, kColumns = 180;
constexpr std::size_t kCells = kRows * kColumns;

std::string counted_up(std::size_t cells, float first) {
    std::vector<float> values;
    for (std::size_t i = 0; i < cells; ++i) values.push_back(first + static_cast<float>(i));
    return {reinterpret_cast<const char*>(values.data()), cells * sizeof(float)};
}

const float* floats_of(const FileBytes& file) {
    return reinterpret_cast<const float*>(file.bytes.data());
}

}  // namespace

TEST_CASE("rows of matrices in a mapped file are copied from it") {
    const test::TempFolder folder;
    const FileBytes file = map_file(folder.write("some", counted_up(3 * kCells, 0)));
    const float* const first = floats_of(file);
    // Not in the order of the file, so that two are neighbours and one is not.
    const MatrixReader<float> reader({first + kCells, first + 2 * kCells, first}, kRows, kColumns);
    CHECK(reader.copies());
    std::vector<float> buffer(7 * kColumns);
    for (const auto& [matrix, place] : {std::pair(0, 1), std::pair(1, 2), std::pair(2, 0)}) {
        const auto rows = reader.rows(static_cast<std::size_t>(matrix), 11, 7, buffer.data());
        CHECK(rows.data == buffer.data());
        CHECK(rows.rows == 7);
        CHECK(rows.columns == kColumns);
        CHECK(rows.row(2)[5] ==
              first[static_cast<std::size_t>(place) * kCells + 13 * kColumns + 5]);
    }
}

TEST_CASE("rows in memory stay where they are") {
    const std::vector<float> values(2 * kCells, 1);
    const MatrixReader<float> reader({values.data(), values.data() + kCells}, kRows, kColumns);
    CHECK_FALSE(reader.copies());
    CHECK(reader.rows(1, 3, 2, nullptr).data == values.data() + kCells + 3 * kColumns);
}

TEST_CASE("of two files each matrix is read from its own") {
    const test::TempFolder folder;
    const FileBytes a = map_file(folder.write("a", counted_up(2 * kCells, 0)));
    const FileBytes b = map_file(folder.write("b", counted_up(2 * kCells, 5000000)));
    const MatrixReader<float> reader({floats_of(b), floats_of(a), floats_of(b) + kCells}, kRows,
                                     kColumns);
    std::vector<float> buffer(kColumns);
    CHECK(reader.rows(0, 1, 1, buffer.data()).row(0)[0] == 5000000 + kColumns);
    CHECK(reader.rows(1, 1, 1, buffer.data()).row(0)[0] == kColumns);
    CHECK(reader.rows(2, 1, 1, buffer.data()).row(0)[0] == 5000000 + kCells + kColumns);
}

TEST_CASE("matrices in more places than there are descriptors to spare are not copied") {
    const test::TempFolder folder;
    std::vector<FileBytes> files;
    std::vector<const float*> matrices;
    for (int i = 0; i < 40; ++i) {
        files.push_back(map_file(folder.write("m" + std::to_string(i), counted_up(2 * kCells, 0))));
        matrices.push_back(floats_of(files.back()));
    }
    const MatrixReader<float> reader(matrices, kRows, kColumns);
    CHECK_FALSE(reader.copies());
    CHECK(reader.rows(39, 4, 1, nullptr).data == matrices[39] + 4 * kColumns);
}
