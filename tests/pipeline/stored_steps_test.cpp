// Training steps along the first axis of one array, and those that do not belong together.
#include "pipeline/monitor_steps.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"
#include "support/program.hpp"

using namespace attn::test;

TEST_CASE("monitor: the steps are those of one array, in their order") {
    const TempFolder folder;
    const std::string two =
        folder.write("two.json", "[[[1, 0], [0.5, 0.5]], [[1, 0], [0.2, 0.8]]]");
    const std::string three =
        folder.write("three.json", "[[[1, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]]]");
    const std::string matrix = folder.write("matrix.json", "[[1, 0], [0.5, 0.5]]");
    const struct {
        std::vector<std::string> words;
        std::string text;
    } refusals[] = {
        {{two, two, "--steps-axis", "--steps", "1,2"}, "takes one array, not 2 sources"},
        {{two, "--steps-axis", "--steps", "1,2,3"},
         "--steps: names 3 steps, the first axis of " + two + " [2, 2, 2] has 2"},
        {{two, "--steps-axis", "--steps", "2,1"}, "expected steps that rise along the first axis"},
        {{matrix, "--steps-axis", "--steps", "1,2"},
         "matrix.json [2, 2]: expected one array whose first axis are the steps, [steps, q, k]"},
        {{two, three, "--steps", "1,2"},
         three + ": step 2 is [layers, batch, heads, queries, keys] [1, 1, 1, 3, 3] (layers 0, "
                 "heads 0), that of "},
    };
    for (const auto& refusal : refusals) {
        std::vector<std::string> words{"monitor"};
        words.insert(words.end(), refusal.words.begin(), refusal.words.end());
        const auto result = run_program(words);
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(refusal.text));
    }
}
