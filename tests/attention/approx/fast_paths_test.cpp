#include "attention/approx/fast_paths.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "support/fast_head.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("methods whose weights come from the exact ones have no fast path") {
    const std::set<std::string> fast{
        "local", "block",          "strided", "fixed",     "global",    "linformer",     "nystrom",
        "topk",  "lowrank-scores", "linear",  "performer", "cosformer", "lowrank-values"};
    const approx::Sizes sizes{10, 10, 4, 4, 0};
    for (const approx::MethodRow& row : approx::methods()) {
        INFO(row.name);
        const approx::Options options = approx::resolve({&row, {}}, sizes, 0, {});
        CHECK((approx::fast_path<float>(row, options) != nullptr) == (fast.count(row.name) == 1));
    }
    for (const char* spec : {"performer:eps=0.1", "linformer:projection=jl"}) {
        const approx::Spec slow = approx::parse_specs(spec).front();
        const approx::Options options = approx::resolve(slow.parts.front(), sizes, 0, {});
        CHECK(approx::fast_path<double>(slow.method(), options) == nullptr);
    }
}

TEST_CASE("numbers of half the width run the same paths") {
    const PlainHead head = plain_head({70, 70, true, 0});
    const std::vector<float> q(head.q.values.begin(), head.q.values.end()),
        k(head.k.values.begin(), head.k.values.end()),
        v(head.v.values.begin(), head.v.values.end());
    const approx::FastHead<float> fast{0,
                                       0,
                                       {q.data(), 70, head.q.columns},
                                       {k.data(), 70, head.k.columns},
                                       {v.data(), 70, head.v.columns},
                                       static_cast<float>(head.scale),
                                       true,
                                       0};
    for (const char* spec : {"local:window=8", "local:window=8:sinks=2", "performer", "topk:k=4"}) {
        CAPTURE(spec);
        const approx::Spec parsed = approx::parse_specs(spec).front();
        const approx::Options options =
            approx::resolve(parsed.parts.front(), head.input().sizes, 0, {});
        const approx::FastHead<double> wide = fast_head(head);
        std::vector<float> got(70 * head.v.columns);
        Matrix<double> expected(70, head.v.columns);
        approx::fast_path<float>(parsed.method(), options)(
            options, fast, head.input())({got.data(), 70, head.v.columns});
        approx::fast_path<double>(parsed.method(), options)(
            options, wide, head.input())({expected.values.data(), 70, head.v.columns});
        for (std::size_t i = 0; i < got.size(); ++i)
            CHECK(static_cast<double>(got[i]) == Approx(expected.values[i]).margin(1e-4));
    }
}
