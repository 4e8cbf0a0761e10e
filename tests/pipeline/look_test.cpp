#include "pipeline/look.hpp"

#include <catch2/catch.hpp>

#include "support/safetensors_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using attn::test::safetensors_bytes;
using attn::test::TempFolder;
using attn::test::tensor_entry;
using pipeline::look;
using pipeline::LookResult;

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

TEST_CASE("one file of a checkpoint in pieces sends to the whole") {
    const TempFolder folder;
    folder.write("m/model.safetensors.index.json",
                 R"({"weight_map": {"a": "model-00001-of-00002.safetensors"}})");
    const std::string piece = folder.write(
        "m/model-00001-of-00002.safetensors",
        safetensors_bytes(R"({"a":)" + tensor_entry("F32", "[1]", 0, 4) + "}", "0000"));
    const LookResult result = look_at(piece);
    CHECK(result.more == "one file of the checkpoint " + (folder / "m"));
    CHECK(result.next == std::vector<std::string>{"attn-inspect " + (folder / "m")});
    const std::string other = folder.write(
        "m/adapter.safetensors",
        safetensors_bytes(R"({"a":)" + tensor_entry("F32", "[1]", 0, 4) + "}", "0000"));
    CHECK_THAT(look_at(other).more, !Catch::Contains("one file of the checkpoint"));
}

TEST_CASE("weights above 1 are shares of nothing, so that no head is said to do something") {
    const TempFolder folder;
    const LookResult per_cent = look_at(folder.write("a.json", "[[100, 0], [25, 75]]"));
    CHECK(per_cent.failed());
    CHECK(per_cent.heads.empty());
}
