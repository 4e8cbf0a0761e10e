// What --save of approx asks for, and where it cannot be had.
#include <catch2/catch.hpp>

#include "support/lab.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("approx: --save names what there is, and says what there is not") {
    const TempFolder folder;
    const std::string out = folder / "out";
    check_lab_refuses(join(kSampleModel, {"--save", "weights"}), "--output");
    check_lab_refuses(join(kSampleModel, {"--save", "wieghts", "-o", out}), "did you mean weights");
    check_lab_refuses(join(kSampleModel, {"--method", "int8", "--save", "keep", "-o", out}),
                      "keeps keys");
    check_lab_refuses(
        join(kSampleModel, {"--method", "prune-heads:keep=1", "--save", "weights", "-o", out}),
        "--save: has no effect on exact attention and whole heads");
    check_lab_refuses(
        {golden("induction/weights0.npy"), "--method", "local", "--save", "context", "-o", out},
        "--save context: saved attention needs --value for it");
}
