#include "attention/approx/hyper.hpp"

#include <catch2/catch.hpp>

#include "support/kept_keys.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

namespace {

Options hyper_options(double block, double sample) {
    Options options;
    options.set("bits", 4.0);
    options.set("block", block);
    options.set("sample", sample);
    options.set("seed", 5.0);
    return options;
}

}  // namespace

TEST_CASE("segments of the sorted hash are as large as blocks") {
    const PlainHead head(random_matrix(12, 3, 1), random_matrix(12, 3, 2), random_matrix(12, 2, 3));
    const auto method = hyper(hyper_options(4, 0), head.input());
    for (std::size_t i = 0; i < 12; ++i) CHECK(kept_by(*method, head, i).size() == 4);
    CHECK(method->scored() == 12 * 4);
    CHECK(method->scored_last() == 4);
    CHECK(kept_by(*hyper(hyper_options(100, 0), head.input()), head, 3).size() == 12);
}

TEST_CASE("sampled keys stand for those that were not drawn") {
    const PlainHead head(random_matrix(12, 3, 1), random_matrix(12, 3, 2), random_matrix(12, 2, 3));
    const auto alone = hyper(hyper_options(4, 0), head.input());
    const auto method = hyper(hyper_options(4, 5), head.input());
    const auto inside = kept_by(*alone, head, 0);
    double drawn = 0;
    for (std::size_t j = 0; j < 12; ++j) {
        if (inside.count(j))
            CHECK(method->factor(0, j) == 1);
        else
            drawn += method->factor(0, j);
    }
    CHECK(drawn <= 12 + 1e-12);
    CHECK(kept_by(*method, head, 0).size() > 4);
}
