// stats: token patterns of attention whose queries are not all keys.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/program.hpp"

using namespace attn::test;
using Json = nlohmann::json;

namespace {

// Queries 2 and 3 of "a b a b": the first looks at the key before it, the second at an earlier b.
const std::vector<double> kRows{0, 1, 0, 0, 0, 0.75, 0.25, 0};

struct TokenFiles {
    TempFolder folder;
    std::string rows = write_array(folder, "rows.npy", {2, 4}, kRows);
    std::string keys = folder.write("keys.txt", "a\nb\na\nb\n");
    std::string last = folder.write("last.txt", "a\nb\n");
    std::string other = folder.write("other.txt", "x\ny\n");
};

}  // namespace

TEST_CASE("queries whose tokens are those of the last keys have patterns") {
    const TokenFiles files;
    // "a b" are the first keys as well: those win, as without tokens.
    const std::string keys = files.folder.write("unlike.txt", "b\nb\na\nb\n");
    const auto result =
        run_program({"stats", files.rows, "--tokens", files.last, "--key-tokens", keys, "--json"});
    REQUIRE(result.exit_code == 0);
    CHECK_THAT(result.err, Catch::Contains("are those of the last keys"));
    const Json head = Json::parse(result.out)["heads"][0];
    CHECK(head["previous_token"].get<double>() == Approx(1.25 / 2));
    CHECK(head["duplicate_token"].get<double>() == Approx(0.75 / 2));
    CHECK(head["induction"].get<double>() == Approx((0.75 + 0.25) / 2));
    CHECK(head["previous"].get<double>() == Approx(1.25 / 2));
}

TEST_CASE("queries whose tokens are those of the first keys stand there") {
    const TokenFiles files;
    const auto result = run_program(
        {"stats", files.rows, "--tokens", files.last, "--key-tokens", files.keys, "--json"});
    REQUIRE(result.exit_code == 0);
    CHECK(result.err.empty());
    // Query 1 stands at key 1 and looks at keys 1 and 2: at neither key 0 nor an earlier b.
    CHECK(Json::parse(result.out)["heads"][0]["previous_token"] == 0.0);
}

TEST_CASE("between different sequences a line says that there are no token patterns") {
    const TokenFiles files;
    const auto result = run_program(
        {"stats", files.rows, "--tokens", files.other, "--key-tokens", files.keys, "--json"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.err, Catch::Contains("no token patterns between different sequences"));
    CHECK(Json::parse(result.out)["heads"][0]["induction"].is_null());
}

TEST_CASE("tokens of one axis alone are not ignored") {
    const TokenFiles files;
    const auto refused = [&](const std::vector<std::string>& flags, const std::string& text) {
        std::vector<std::string> arguments{"stats", files.rows};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        const auto result = run_program(arguments);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(text));
    };
    refused({"--key-tokens", files.keys}, "give --tokens of the queries");
    refused({"--tokens", files.keys}, "give --tokens of the queries");
    refused({"--tokens", files.last}, "give those of the keys as --key-tokens");
    refused({"--tokens", files.keys, "--key-tokens", files.keys}, "the attention has 2 queries");
}
