// What --method says: names of methods with their options, as people write them, and the options
// that follow once the sizes of a head are known.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attention/approx/method.hpp"
#include "core/warn.hpp"

namespace attn::approx {

// One method of a spec; several, of masks, are OR-ed.
struct SpecPart {
    const MethodRow* row = nullptr;
    std::map<std::string, std::string> given;  // options that were written, in one spelling
};

struct Spec {
    std::vector<SpecPart> parts;  // at least one
    bool named = true;            // written by name; else part of "all" or "must"
    bool of_all = false;          // part of "all"

    const MethodRow& method() const { return *parts.front().row; }
    // "local:window=32/strided:stride=64", in the order of the options' rows.
    std::string text() const;
};

// "local:window=16+32,topk:k=8", "all", "must". An option with several values gives a spec for
// each. Throws Error for unknown names, with the nearest one, and values out of range, with the
// range.
std::vector<Spec> parse_specs(const std::string& list);

// Whether a file of the user's says what the method does, its main option among it.
bool reads_file(const SpecPart& part);

// Whether the words of a quantiser round to a kind that has its own number of bits, so that the
// option bits counts for nothing.
bool has_bits_of_its_own(const std::map<std::string, std::string>& words);

// Whether --budget sets its main option: it has one, and the spec does not.
bool leaves_budget_open(const Spec& spec);

// Whether random numbers have a say in it.
bool is_random(const Spec& spec);

// Whether --seed says which: the spec has no seed of its own.
bool follows_seed(const Spec& spec);

// The specs with the budget option at these shares of its top; those that set it, or have none,
// stay as they are. Without shares the methods of `all` and `must` keep their defaults.
std::vector<Spec> with_budgets(const std::vector<Spec>& specs, const std::vector<double>& shares,
                               const Sizes& sizes);

// Every option of the part with its value. `warn` is told of values above the top, which are cut.
Options resolve(const SpecPart& part, const Sizes& sizes, std::uint64_t seed, const Warn& warn);

}  // namespace attn::approx
