#include "pipeline/look.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using attn::test::TempFolder;
using pipeline::look;
using pipeline::LookResult;
using pipeline::sources_in;

namespace {

LookResult look_at(const std::string& source) {
    pipeline::LookRequest request;
    request.from.source = source;
    return look(request, nullptr, nullptr);
}

}  // namespace

TEST_CASE("attention is measured and checked, other numbers are only described") {
    const TempFolder folder;
    const LookResult sane = look_at(folder.write("a.json", "[[1, 0], [0.5, 0.5]]"));
    CHECK(sane.kind == LookResult::Kind::attention);
    CHECK(sane.heads.size() == 1);
    CHECK_FALSE(sane.failed());
    const LookResult table = look_at(folder.write("b.json", "[[1, -2, 3], [4, 5, -6]]"));
    CHECK(table.kind == LookResult::Kind::arrays);
    CHECK(table.heads.empty());
    CHECK_FALSE(table.failed());
}

TEST_CASE("what comes next is a command that quotes names as a shell needs") {
    const TempFolder folder;
    const LookResult result = look_at(folder.write("a b.json", "[[1, 0], [0.5, 0.7]]"));
    CHECK(result.failed());
    REQUIRE(result.next.size() == 2);
    CHECK_THAT(result.next.front(), Catch::StartsWith("attn-inspect check '"));
}

TEST_CASE("a folder stands for what is in it, a file for itself") {
    const TempFolder folder;
    const std::string b = folder.write("m/b.json", "[[1, 0], [0.5, 0.5]]");
    const std::string a = folder.write("m/a.json", "[[1, 0], [0.5, 0.5]]");
    folder.write("m/notes.txt", "hello");
    folder.write("m/config.json", "{}");
    CHECK(sources_in(folder / "m") == std::vector<std::string>{a, b});
    CHECK(sources_in(a) == std::vector<std::string>{a});
    folder.write("empty/notes.txt", "hello");
    CHECK_THROWS_AS(sources_in(folder / "empty"), Error);
}
