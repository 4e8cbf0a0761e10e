#include "io/file_reader.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "io/file_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::io;

namespace {

// Large enough to be read, and no two places alike.
std::string numbered_text() {
    std::string text;
    for (int number = 0; text.size() < 600000; ++number) text += std::to_string(number) + " ";
    return text;
}

std::string copied(const FileReader& reader, std::size_t first, std::size_t count) {
    std::string buffer(count, '?');
    const std::byte* at = reader.at_hand(first, count, reinterpret_cast<std::byte*>(buffer.data()));
    return {reinterpret_cast<const char*>(at), count};
}

}  // namespace

TEST_CASE("bytes of a mapped file are read from the file") {
    const test::TempFolder folder;
    const std::string text = numbered_text(), path = folder.write("numbers", text);
    const FileBytes file = map_file(path);
    const std::size_t skipped = 1234;
    const FileReader reader({file.bytes.data() + skipped, file.bytes.size() - skipped});
    CHECK(reader.copies());
    CHECK(copied(reader, 77, 500000) == text.substr(skipped + 77, 500000));

    std::string all;
    read_in_pieces(file.bytes, [&](Span<const std::byte> piece) {
        CHECK(piece.size() <= kReadAtOnce);
        all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
    CHECK(all == text);
}

TEST_CASE("a file that took the name of the mapped one is not read") {
    const test::TempFolder folder;
    const std::string text = numbered_text(), path = folder.write("numbers", text);
    const FileBytes file = map_file(path);
    std::filesystem::rename(folder.write("other", std::string(text.size(), 'x')), path);
    const FileReader reader(file.bytes);
    CHECK_FALSE(reader.copies());
    CHECK(copied(reader, 10, 400000) == text.substr(10, 400000));
}

TEST_CASE("bytes in memory, and a few of a file, stay where they are") {
    const std::string text = numbered_text();
    const FileReader in_memory({reinterpret_cast<const std::byte*>(text.data()), text.size()});
    CHECK_FALSE(in_memory.copies());
    CHECK(in_memory.at_hand(5, 10, nullptr) == reinterpret_cast<const std::byte*>(text.data()) + 5);

    const test::TempFolder folder;
    const FileBytes few = map_file(folder.write("few", "0123456789"));
    CHECK(FileReader(few.bytes).at_hand(3, 2, nullptr) == few.bytes.data() + 3);
}
