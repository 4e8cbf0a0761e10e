#include "io/earlier_result.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "io/file_descriptor.hpp"
#include "support/temp_folder.hpp"

using namespace attn::io;
using attn::test::TempFolder;

namespace {

std::optional<EarlierResult> read(const TempFolder& temp) {
    const FileDescriptor folder(::open(temp.path().c_str(), O_RDONLY | O_DIRECTORY));
    return read_earlier_result(folder.number());
}

}  // namespace

TEST_CASE("a manifest says which command wrote which files, and nothing outside is believed") {
    const TempFolder temp;
    CHECK_FALSE(read(temp));
    temp.write("manifest.json", R"({"tool": "attn-inspect", "command": "run",
        "files": ["a.npy", "layer00/b.png", "../x", "/etc/passwd", 7, "c/../../y"]})");
    const auto result = read(temp);
    REQUIRE(result);
    CHECK(result->command == "run");
    CHECK(result->files == std::set<std::string>{"a.npy", "layer00/b.png"});
}

TEST_CASE("manifests of others and damaged ones are not ours") {
    const TempFolder temp;
    for (const std::string text :
         {"", "{", "[]", "7", R"({"name": "a web page"})", R"({"tool": ["attn-inspect"]})"}) {
        temp.write("manifest.json", text);
        INFO(text);
        CHECK_FALSE(read(temp));
    }
    temp.write("manifest.json", R"({"tool": "attn-inspect", "command": 7, "files": {"a": 1}})");
    CHECK(read(temp)->command.empty());
    CHECK(read(temp)->files.empty());
}
