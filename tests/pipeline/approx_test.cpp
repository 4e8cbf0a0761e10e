// What approx cannot measure on saved attention, and on q, k and v of a run.
#include "pipeline/approx.hpp"

#include <catch2/catch.hpp>

#include "support/lab.hpp"

using namespace attn::test;

TEST_CASE("approx: saved attention has no W_O, and no values but those of --value") {
    const std::string weights = golden("induction/weights0.npy");
    const Arguments needs{weights, "--method", "local", "--needs", "--target"};
    check_lab_refuses(join(needs, {"output"}),
                      "--target output: saved attention has no W_O to look behind");
    check_lab_refuses(join(needs, {"context"}),
                      "--target context: saved attention needs --value for it");
}

TEST_CASE("approx: a run's q, k and v have axes, no W_O, no model behind, only their layers") {
    const TempFolder folder;
    const std::string run = run_with_heads(folder, {"--layers", "1"});
    const Arguments local{run, "--method", "local"};
    check_lab_refuses(join(local, {"--needs", "--target", "output"}),
                      "--target output: q, k and v of a run have no W_O to look behind");
    check_lab_refuses(join(local, {"--axes", "heads,q,k"}),
                      "--axes: the axes of " + run + ", a folder of run, are known");
    check_lab_refuses(join(local, {"--layers", "0"}),
                      "--layers 0: " + run + " holds layers 1 only");
    check_lab_refuses({run, "--method", "prune-heads:by=grad", "--upstream", "energy"},
                      "--upstream: q, k and v of " + run + " stand for themselves");
}
