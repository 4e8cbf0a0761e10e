// report: pages of attention that is computed, beside what run saved of it.
#include <catch2/catch.hpp>

#include "support/arrays.hpp"
#include "support/page.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;

namespace {

ReadPage computed_page(std::vector<std::string> words) {
    words.insert(words.begin(), "report");
    words.insert(words.end(), {"-o", "-"});
    const ProgramResult result = run_program(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return ReadPage(result.out);
}

}  // namespace

TEST_CASE("a page of attention that is computed holds what run would save, and where q and k lie") {
    const TempFolder folder;
    const std::string model = sample("model.json");
    REQUIRE(run_program({"run", "-w", model, "-o", folder / "run", "--save", "weights,q,k"})
                .exit_code == 0);
    const ReadPage a = computed_page({"-w", model}), b = computed_page({folder / "run"});
    CHECK(a.meta["values"] == "exact");
    CHECK(a.meta["tokens"] == b.meta["tokens"]);
    const auto n = a.meta["queries"].get<std::size_t>();
    for (const char* head : {"weights/0/0/1", "weights/0/1/3"})
        CHECK(a.floats(head, n * n) == b.floats(head, n * n));
    REQUIRE(b.meta["embedding"].is_object());
    CHECK(a.meta["embedding"] == b.meta["embedding"]);
    CHECK(a.bytes("points/0/1/3", 2 * n * 4) == b.bytes("points/0/1/3", 2 * n * 4));
    REQUIRE(b.meta["rollout"].is_object());
    CHECK(a.meta["rollout"] == b.meta["rollout"]);
    for (const char* layer : {"rollout/0/0", "rollout/0/1"})
        CHECK(a.floats(layer, n * n) == b.floats(layer, n * n));
    for (std::size_t i = 0; i < a.meta["checks"].size(); ++i) {
        if (b.meta["checks"][i]["verdict"] == "skipped") continue;  // run saved no scores
        CHECK(a.meta["checks"][i]["verdict"] == b.meta["checks"][i]["verdict"]);
    }
    // Some of it.
    const ReadPage part = computed_page({"-w", model, "--layer", "1", "--head", "3"});
    CHECK(part.floats("weights/0/0/0", n * n) == a.floats("weights/0/1/3", n * n));
    CHECK(part.meta["rollout"].is_null());  // of one layer there is none
}

TEST_CASE("attention that is computed is compared with what was saved, rollout and all") {
    const TempFolder folder;
    const std::string model = sample("model.json");
    REQUIRE(
        run_program({"run", "-w", model, "-o", folder / "run", "--save", "weights"}).exit_code ==
        0);
    const ReadPage compared = computed_page({"-w", model, "--against", folder / "run"});
    const ReadPage page = computed_page({"-w", model});
    CHECK(compared.meta["sources"][1]["name"] == "run");
    constexpr std::size_t n = 49;
    for (const auto& values : compared.meta["difference"]["values"]) CHECK(values[0] == 0.0);
    REQUIRE(compared.meta["rollout"].is_object());
    for (const char* layer : {"rollout/0/0", "rollout/0/1"})
        CHECK(compared.floats(layer, n * n) == page.floats(layer, n * n));
    CHECK(compared.floats("b/weights/0/1/3", n * n) == page.floats("weights/0/1/3", n * n));
}
