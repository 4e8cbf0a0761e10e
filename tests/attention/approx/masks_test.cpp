#include "attention/approx/masks.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "support/approx_head.hpp"

using namespace attn;
using namespace attn::test;

namespace {

using Rule = std::function<bool(std::ptrdiff_t, std::ptrdiff_t, bool)>;

std::ptrdiff_t floored(std::ptrdiff_t a, std::ptrdiff_t b) {
    return static_cast<std::ptrdiff_t>(std::floor(static_cast<double>(a) / static_cast<double>(b)));
}

approx::Options options_of(const std::map<std::string, double>& numbers) {
    approx::Options options;
    for (const auto& [name, value] : numbers) options.set(name, value);
    return options;
}

// The mask keeps exactly what the rule says, of queries in front of, at and behind the keys.
void check_rule(
    const std::function<std::unique_ptr<approx::KeptKeys>(const approx::HeadInput&)>& make,
    const Rule& rule) {
    for (const bool causal : {true, false}) {
        for (const std::ptrdiff_t offset : {-3, 0, 5}) {
            const RandomHead head(11, 13, offset, causal, 1);
            const auto mask = make(head.input);
            for (std::size_t query = 0; query < 11; ++query) {
                const std::ptrdiff_t position = head.input.sizes.position(query);
                const std::vector<bool> kept = head.kept(*mask, query);
                for (std::size_t key = 0; key < 13; ++key) {
                    const bool may = head.allowed(query).contains(key);
                    INFO("offset " << offset << " query " << query << " key " << key << " causal "
                                   << causal);
                    CHECK((kept[key] && may) ==
                          (may && rule(position, static_cast<std::ptrdiff_t>(key), causal)));
                }
            }
        }
    }
}

}  // namespace

TEST_CASE("a local mask keeps a window, every so many keys of it, and the first keys") {
    for (const std::ptrdiff_t dilation : {1, 3}) {
        for (const std::ptrdiff_t sinks : {0, 2}) {
            const auto options = options_of({{"window", 3},
                                             {"sinks", static_cast<double>(sinks)},
                                             {"dilation", static_cast<double>(dilation)}});
            check_rule([&](const auto& head) { return approx::local_mask(options, head); },
                       [&](std::ptrdiff_t p, std::ptrdiff_t j, bool) {
                           const std::ptrdiff_t away = std::abs(p - j);
                           return (away % dilation == 0 && away / dilation < 3) || j < sinks;
                       });
        }
    }
}

TEST_CASE("a block mask keeps the query's block and those before it") {
    for (const std::ptrdiff_t back : {0, 1}) {
        const auto options = options_of({{"size", 4}, {"back", static_cast<double>(back)}});
        check_rule([&](const auto& head) { return approx::block_mask(options, head); },
                   [&](std::ptrdiff_t p, std::ptrdiff_t j, bool causal) {
                       const std::ptrdiff_t blocks = floored(p, 4) - floored(j, 4);
                       return causal ? blocks >= 0 && blocks <= back : std::abs(blocks) <= back;
                   });
    }
}

TEST_CASE("a strided mask keeps what is near, and what is a multiple of the stride away") {
    const auto options = options_of({{"stride", 4}});
    check_rule([&](const auto& head) { return approx::strided_mask(options, head); },
               [](std::ptrdiff_t p, std::ptrdiff_t j, bool) {
                   return std::abs(p - j) < 4 || (p - j) % 4 == 0;
               });
}

TEST_CASE("a fixed mask keeps the query's block and the last columns of every block") {
    const auto options = options_of({{"stride", 4}, {"columns", 2}});
    check_rule([&](const auto& head) { return approx::fixed_mask(options, head); },
               [](std::ptrdiff_t p, std::ptrdiff_t j, bool) {
                   return floored(p, 4) == floored(j, 4) || j % 4 >= 2;
               });
}

TEST_CASE("a global mask lets some tokens see all and be seen by all") {
    auto options = options_of({{"window", 2}});
    options.set("tokens", "0+6");
    check_rule([&](const auto& head) { return approx::global_mask(options, head); },
               [](std::ptrdiff_t p, std::ptrdiff_t j, bool) {
                   return std::abs(p - j) < 2 || j == 0 || j == 6 || p == 0 || p == 6;
               });
}

TEST_CASE("masks that are joined keep what any of them keeps") {
    const auto local = options_of({{"window", 2}, {"sinks", 0}, {"dilation", 1}});
    const auto strided = options_of({{"stride", 5}});
    check_rule(
        [&](const auto& head) {
            std::vector<std::unique_ptr<approx::KeptKeys>> masks;
            masks.push_back(approx::local_mask(local, head));
            masks.push_back(approx::strided_mask(strided, head));
            return approx::either_of(std::move(masks));
        },
        [](std::ptrdiff_t p, std::ptrdiff_t j, bool) {
            return std::abs(p - j) < 5 || (p - j) % 5 == 0;
        });
}
