#include "analysis/approx_sink.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>

#include "attention/approx/spec.hpp"
#include "core/parallel.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

constexpr std::size_t kHeads = 2, kQueries = 70, kKeys = 75, kWidth = 8;

std::vector<ApproxMethod> methods_of(const std::string& list) {
    const approx::Sizes sizes{kQueries, kKeys, kWidth, kWidth, 5};
    std::vector<ApproxMethod> methods;
    for (const approx::Spec& spec : approx::parse_specs("exact," + list)) {
        ApproxMethod method;
        method.text = spec.text();
        for (const approx::SpecPart& part : spec.parts)
            method.parts.push_back({part.row, approx::resolve(part, sizes, 0, nullptr)});
        methods.push_back(std::move(method));
    }
    return methods;
}

template <class T>
std::unique_ptr<ApproxSink<T>> measured(const std::string& list, bool causal,
                                        std::vector<T> sinks = {}) {
    auto sink = std::make_unique<ApproxSink<T>>(methods_of(list), ApproxOptions<T>());
    const auto heads = [](std::size_t tokens, std::size_t count, unsigned seed) {
        return make_separate_heads(random_array<T>({1, count, tokens, kWidth}, seed));
    };
    AttentionOptions<T> options;
    options.mask.structure.causal = causal;
    options.mask.structure.offsets = {5};
    options.sinks = std::move(sinks);
    const Heads<T> q = heads(kQueries, kHeads, 1), k = heads(kKeys, 1, 2), v = heads(kKeys, 1, 3);
    compute_heads<T>(0, q, k, v, options, {sink.get()});
    sink->end_layer({});
    return sink;
}

const std::string kSparseMethods =
    "local:window=9,block:size=7,strided:stride=6,fixed:stride=6,global:window=5,span:z=5,"
    "topk:k=6,topp:p=0.7,threshold:t=0.2,oracle-global:share=0.2,h2o:heavy=4:recent=4,"
    "local:window=3/strided:stride=9";

}  // namespace

TEST_CASE("the identities of rows that keep keys hold for every such method") {
    const auto sink = measured<double>(kSparseMethods, true);
    for (const HeadApproximation& head : sink->heads()) {
        if (sink->methods()[head.method].row().name == "span") continue;
        INFO(sink->methods()[head.method].text);
        CHECK(head.measures.tv == Approx(1 - head.measures.kept_mass).margin(1e-12));
        CHECK(head.measures.row_sum_error == Approx(0).margin(1e-12));
        CHECK(head.measures.density <= 1);
    }
}

TEST_CASE("a budget that leaves nothing out has no error") {
    const auto sink = measured<double>(
        "local:window=75,block:size=75,strided:stride=75,global:window=75,topk:k=75,topp:p=1,"
        "threshold:t=0,oracle-global:share=1,h2o:heavy=75:recent=75,span:z=75",
        true);
    for (const HeadApproximation& head : sink->heads()) {
        INFO(sink->methods()[head.method].text);
        CHECK(head.measures.context_error == Approx(0).margin(1e-14));
        CHECK(head.measures.weights_error == Approx(0).margin(1e-14));
        CHECK(head.measures.kept_mass == Approx(1));
        CHECK(head.measures.top1 == 1);
        CHECK(head.measures.density == 1);
        CHECK(head.measures.flops_ratio == 1);
    }
}

TEST_CASE("no method keeps more than the largest weights of rows, or of the head") {
    const auto all = measured<double>(kSparseMethods, true);
    for (const HeadApproximation& head : all->heads()) {
        const ApproxMethod& method = all->methods()[head.method];
        if (method.row().group == approx::Group::exact) continue;
        char share[64];
        std::snprintf(share, sizeof share, "oracle-global:share=%.12g", head.measures.density);
        const auto floor = measured<double>(share, true);
        for (const HeadApproximation& best : floor->heads()) {
            if (best.method != 1 || best.head != head.head) continue;
            INFO(method.text);
            CHECK(head.measures.kept_mass <= best.measures.kept_mass + 1e-9);
        }
    }
}

TEST_CASE("an extra logit stays in the denominator of rows that keep keys") {
    const auto sink = measured<double>("topk:k=75,topk:k=5", false, {1.0, 3.0});
    for (const HeadApproximation& head : sink->heads()) {
        if (head.method == 2) {
            CHECK(head.measures.row_sum_error > 0.05);
            CHECK(head.measures.kl > 0);
        } else {
            CHECK(head.measures.context_error == Approx(0).margin(1e-14));
            CHECK(head.measures.kl == Approx(0).margin(1e-12));
        }
    }
}

TEST_CASE("measures have the same bits for any number of threads") {
    const auto numbers = [](std::size_t threads) {
        const ThreadLimit limit(threads);
        std::vector<double> all;
        const auto sink = measured<float>(kSparseMethods, true);
        for (const HeadApproximation& head : sink->heads()) {
            for (const ApproxMeasure& measure : approx_measures()) {
                const double value = head.measures.*measure.value;
                all.push_back(std::isnan(value) ? -1 : value);
            }
        }
        return all;
    };
    CHECK(numbers(1) == numbers(2));
}

TEST_CASE("float32 measures what float64 does") {
    const auto narrow = measured<float>(kSparseMethods, false);
    const auto wide = measured<double>(kSparseMethods, false);
    REQUIRE(narrow->heads().size() == wide->heads().size());
    for (std::size_t i = 0; i < wide->heads().size(); ++i) {
        INFO(wide->methods()[wide->heads()[i].method].text);
        CHECK(narrow->heads()[i].measures.context_error ==
              Approx(wide->heads()[i].measures.context_error).margin(2e-4));
        CHECK(narrow->heads()[i].measures.kept_mass ==
              Approx(wide->heads()[i].measures.kept_mass).margin(2e-4));
    }
}
