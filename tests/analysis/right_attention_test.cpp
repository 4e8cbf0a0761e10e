// What is right is called correct, a thousand times in every precision.
#include <catch2/catch.hpp>

#include "analysis/diagnosis.hpp"
#include "core/parallel.hpp"
#include "support/arrays.hpp"
#include "support/planted.hpp"
#include "support/thinned.hpp"
#include "support/worlds.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

World small_world(unsigned seed) {
    const std::size_t n = 4 + seed / 5 % 3;
    switch (seed % 5) {
        case 0:
            return decoder(100 * seed, n);
        case 1:
            return masked(100 * seed, n);
        case 2:
            return capped(100 * seed, n);
        case 3:
            return cached(100 * seed, n);
        default:
            return biased(100 * seed, n);
    }
}

}  // namespace

TEST_CASE("a thousand right attentions are correct in every precision") {
    const ThreadLimit one(1);  // small computations: faster without threads
    constexpr Observed kKinds[] = {Observed::weights, Observed::scores, Observed::output};
    constexpr unsigned kWorlds = 1000;
    std::size_t correct = 0, tried = 0;
    for (unsigned seed = 0; seed < kWorlds; ++seed) {
        if (!takes_part(seed, 31)) continue;
        const World world = small_world(seed);
        const DenseAttention right = compute_dense(world.inputs(), {});
        const Observed kind = kKinds[seed / 15 % 3];
        const Array<double> exact = part(right, kind);
        for (const auto rounding : {Rounding::none, Rounding::float16, Rounding::bfloat16}) {
            std::vector<double> values(exact.data(), exact.data() + exact.size());
            for (double& value : values)
                value = rounding == Rounding::none ? static_cast<double>(static_cast<float>(value))
                                                   : round_to(rounding, value);
            const Observation seen{kind, Array<double>(exact.shape(), std::move(values))};
            const bool is_correct = diagnose(world.inputs(), seen, {}).correct;
            INFO(world.name << ", seed " << seed << ", kind " << static_cast<int>(kind) << ", "
                            << name_of(rounding));
            CHECK(is_correct);
            correct += is_correct ? 1 : 0;
            ++tried;
            if (tried > correct + 20) return;
        }
    }
    CHECK(correct == tried);
    CHECK(tried >= (kSanitized ? 90 : 3000));
}
