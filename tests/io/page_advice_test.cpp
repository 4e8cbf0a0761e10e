#include "io/page_advice.hpp"

#include <catch2/catch.hpp>

#include "io/file_bytes.hpp"
#include "support/temp_folder.hpp"

TEST_CASE("bytes of a mapped file that are expected are the same as before") {
    const attn::test::TempFolder folder;
    const std::string text(100000, 'x');
    folder.write("file", text);
    const attn::io::FileBytes file = attn::io::map_file(folder / "file");
    attn::io::expect_pages(file.bytes);
    attn::io::expect_pages({file.bytes.data() + 7, 5000});
    attn::io::expect_pages({file.bytes.data(), 0});
    REQUIRE(file.bytes.size() == text.size());
    CHECK(static_cast<char>(file.bytes.data()[99999]) == 'x');
}
