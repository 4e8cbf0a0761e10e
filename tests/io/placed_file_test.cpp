#include "io/placed_file.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "io/output_path.hpp"
#include "support/temp_folder.hpp"

using namespace attn::io;
using attn::test::read_file;
using attn::test::TempFolder;

TEST_CASE("bytes go to their places, and what was not written is zero") {
    const TempFolder folder;
    const PlacedFile file = open_placed_file(folder / "x", 5, Makers::one);
    file.write(3, "b", 1);
    file.write(0, "a", 1);
    file.close();
    CHECK(read_file(folder / "x") == std::string("a\0\0b\0", 5));
}

TEST_CASE("of several makers each leaves what others wrote; one begins with nothing") {
    const TempFolder folder;
    const PlacedFile first = open_placed_file(folder / "x", 2, Makers::several);
    first.write(0, "a", 1);
    const PlacedFile second = open_placed_file(folder / "x", 2, Makers::several);
    second.write(1, "b", 1);
    CHECK(read_file(folder / "x") == "ab");
    open_placed_file(folder / "x", 3, Makers::one);
    CHECK(read_file(folder / "x") == std::string(3, '\0'));
}

TEST_CASE("what the system refuses is an error with the name that people know") {
    const TempFolder folder;
    CHECK_THROWS_WITH(open_placed_file({folder / "none/x", "out/x"}, 1, Makers::one),
                      "out/x: cannot create: No such file or directory");
}
