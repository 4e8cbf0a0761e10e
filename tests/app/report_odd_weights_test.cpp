// report: what is no weight in either source is told of by its file and place.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/page.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Catch::Contains;

TEST_CASE("what is no weight is named in either source, by its file and place") {
    const TempFolder folder;
    std::vector<float> cells(18, 1.0F / 3);
    const std::string good = write_array<float>(folder, "good.npy", {1, 2, 3, 3}, cells);
    cells[9 + 3] = -std::nanf("");
    const std::string bad = write_array<float>(folder, "bad.npy", {1, 2, 3, 3}, cells),
                      page = folder / "page.html";
    const std::string place =
        bad + ": layer 0, sequence 0, head 1: the weight of query 1 on key 0 is nan";
    const std::vector<std::vector<std::string>> orders{{good, "--against", bad},
                                                       {bad, "--against", good}};
    for (const std::vector<std::string>& sources : orders) {
        std::vector<std::string> words{"report",   "--no-rollout",     "--axes", "layers,heads,q,k",
                                       "--axes-b", "layers,heads,q,k", "-o",     page,
                                       "--force"};
        words.insert(words.end(), sources.begin(), sources.end());
        const ProgramResult exact = run_program(words);
        CHECK(exact.exit_code == 0);
        CHECK_THAT(exact.err, Contains("warning: " + place + "; see attn-inspect check\n"));
        CHECK(ReadPage(read_file(page)).meta["difference"]["values"][1][0].is_null());
        words.insert(words.end(), {"--values", "compact"});
        const ProgramResult compact = run_program(words);
        CHECK(compact.exit_code == 2);
        CHECK_THAT(compact.err, Contains("error: " + place + ", of which only an exact page"));
    }
}
