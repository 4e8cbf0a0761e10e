#include "pipeline/approx_flags.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;
using namespace attn::pipeline;

namespace {

ApproxRequest numbers_given() {
    ApproxRequest request;
    request.budgets = {0.5};
    request.seed = 1;
    request.seeds = 2;
    request.top_keys = 3;
    request.element_bytes = 2;
    return request;
}

// Every flag of the table is given.
ApproxRequest all_given() {
    ApproxRequest request = numbers_given();
    request.linformer_e = "E.npy";
    request.linformer_f = "F.npy";
    request.head_budgets = "needs.json";
    request.upstream = source::Upstream();
    request.heatmaps.colormap = "magma";
    request.heatmaps.vmin = render::ColorLimit{0, false};
    request.heatmaps.vmax = render::ColorLimit{0.5, false};
    request.heatmaps.cell = 4;
    request.heatmaps.max_size = 64;
    return request;
}

ChosenMethods chosen(const std::string& methods) {
    ApproxSurroundings around;
    around.sizes = {16, 16, 4, 4, 0};
    around.is.cells = 256;
    return ChosenMethods({methods, {}, 0, 1}, around, nullptr);
}

}  // namespace

TEST_CASE("a flag that nobody gave is never in the way") {
    for (const ApproxFlagUse& use : approx_flag_uses()) {
        INFO(use.flag);
        CHECK_FALSE(use.given(ApproxRequest()));
        CHECK(use.given(all_given()));
    }
    CHECK_NOTHROW(require_used_flags({}, chosen("")));
}

TEST_CASE("flags that some method or measure uses are taken") {
    CHECK_NOTHROW(require_used_flags(numbers_given(), chosen("local,performer")));
}

TEST_CASE("a flag without effect is refused with the methods that run and those that use it") {
    ApproxRequest request;
    request.seed = 1;
    CHECK_THROWS_WITH(require_used_flags(request, chosen("local:window=2,topk:k=2")),
                      Catch::StartsWith("--seed: has no effect on local:window=2, topk:k=2, only "
                                        "on random methods"));
    request = {};
    request.budgets = {0.5};
    CHECK_THROWS_WITH(require_used_flags(request, chosen("local:window=2")),
                      Catch::StartsWith("--budget: has no effect on local:window=2"));
    request = {};
    request.top_keys = 4;
    request.shown = std::vector<std::string>{"kept_mass"};
    CHECK_THROWS_WITH(require_used_flags(request, chosen("local")),
                      Catch::StartsWith("--top-keys: has no effect"));
    request.shown = std::vector<std::string>{"kept_mass", "top8"};
    CHECK_NOTHROW(require_used_flags(request, chosen("local")));
}

TEST_CASE("colours and sizes are of heads that are drawn, and limits are a range") {
    ApproxRequest request;
    request.heatmaps.cell = 4;
    CHECK_NOTHROW(require_used_flags(request, chosen("local")));
    CHECK_THROWS_WITH(require_used_flags(request, chosen("")),
                      Catch::StartsWith("--cell: has no effect on exact"));
    request.heatmaps.vmin = render::ColorLimit{0.5, false};
    request.heatmaps.vmax = render::ColorLimit{0.1, false};
    CHECK_THROWS_WITH(require_used_flags(request, chosen("local")), Catch::Contains("--vmin"));
}
