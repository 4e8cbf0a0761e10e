// Heads that are dropped by what they mean to a gradient.
#include <catch2/catch.hpp>

#include "support/array_files.hpp"
#include "support/lab.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

TEST_CASE("approx: heads are dropped by what they mean to a gradient") {
    const Arguments model = join(kSampleModel, {"--upstream", "energy"});
    const Json json = lab_of(join(model, {"--method", "prune-heads:by=grad:keep=1"}));
    const ProgramResult grad =
        run_program(join(join(Arguments{"grad"}, model), {"--json", "--precision", "f64"}));
    REQUIRE(grad.exit_code == 0);
    const Json heads = Json::parse(grad.out)["heads"];
    for (std::size_t layer = 0; layer < 2; ++layer) {
        double most = -1;
        std::size_t kept = 0;
        for (const Json& head : heads) {
            if (head["layer"] != layer || head["importance"] <= most) continue;
            most = head["importance"];
            kept = head["head"];
        }
        for (const Json& head : json["methods"][1]["layers"][layer]["heads"]) {
            CAPTURE(layer, head["head"]);
            CHECK(head["context_error"] == (head["head"] == kept ? 0.0 : 1.0));
        }
    }
    check_lab_refuses(join(kSampleModel, {"--method", "prune-heads:by=grad"}), "--upstream");
    check_lab_refuses(join(model, {"--method", "prune-heads"}), "--upstream: has no effect");
}
