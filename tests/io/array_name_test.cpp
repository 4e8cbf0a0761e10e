#include "io/array_name.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using namespace attn::io;
using attn::test::TempFolder;

namespace {

void check_parts(const std::string& text, const std::string& path, const std::string& key) {
    const ArrayName name = parse_array_name(text);
    CHECK(name.path == path);
    CHECK(name.key == key);
}

}  // namespace

TEST_CASE("an array is named by its file and behind the last colon by its key") {
    check_parts("x.npy", "x.npy", "");
    check_parts("w.npz:W_Q", "w.npz", "W_Q");
    check_parts("run.json:layers/0/W_Q", "run.json", "layers/0/W_Q");
    check_parts("a:b.npz:c", "a:b.npz", "c");
    check_parts("-", "-", "");
}

TEST_CASE("a file whose name holds a colon is itself") {
    const TempFolder folder;
    const std::string path = folder.write("step:5.npy", "");
    check_parts(path, path, "");
    check_parts(path + ":key", path, "key");
    check_parts(path + ":a:b", path, "a:b");
    check_parts("-:a:b", "-", "a:b");
}

TEST_CASE("messages write a name as it is given") {
    CHECK(full_name(ArrayName{"w.npz", "W_Q"}) == "w.npz:W_Q");
    CHECK(full_name(ArrayName{"x.npy", ""}) == "x.npy");
}
