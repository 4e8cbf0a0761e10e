#include "attention/approx/spec.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"

namespace attn::approx {
namespace {

std::string number_word(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.15g", value);
    return text;
}

// `-` and `_` are the same in names.
std::string spelled(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

[[noreturn]] void fail_unknown(const std::string& what, const std::string& word,
                               const std::vector<std::string>& known) {
    if (word.empty()) fail("--method: ", what, " has no name; see approx --list");
    fail("--method: ", what, " ", quoted(word), " is not known",
         did_you_mean(word, known, "; known: " + joined(known)));
}

const MethodRow& known_method(const std::string& name) {
    for (const MethodRow& row : methods()) {
        if (spelled(row.name) == spelled(name)) return row;
    }
    std::vector<std::string> names{"all", "must"};
    for (const MethodRow& row : methods()) names.push_back(row.name);
    fail_unknown("method", name, names);
}

const OptionRow& known_option(const MethodRow& method, const std::string& name) {
    std::vector<std::string> names;
    for (const OptionRow& row : method.options) {
        if (spelled(row.name) == spelled(name)) return row;
        names.push_back(row.name);
    }
    if (names.empty()) fail("--method: ", method.name, " has no options, got ", quoted(name));
    if (name.empty()) fail_unknown("option of " + method.name, name, names);
    fail("--method: ", method.name, " has no option ", quoted(name), did_you_mean(name, names),
         "; its options: ", joined(names));
}

std::string range_words(const OptionRow& option) {
    if (option.most >= 1e15) return number_word(option.least) + " or more";
    return number_word(option.least) + " to " + number_word(option.most);
}

// Throws Error for a value that the option cannot have.
void require_value(const MethodRow& method, const OptionRow& option, const std::string& value) {
    const std::string where = method.name + ": " + option.name + "=" + quoted(value) + ": ";
    switch (option.kind) {
        case OptionKind::word:
            if (!option.words.empty() &&
                std::find(option.words.begin(), option.words.end(), value) == option.words.end()) {
                fail(where, "needs one of ", joined(option.words),
                     did_you_mean(value, option.words));
            }
            return;
        case OptionKind::list:
            for (const std::string& number : split_at(value, '+')) {
                const auto whole = whole_of(number);
                if (!whole || *whole < 0 || *whole > kMostCount)
                    fail(where, "needs whole numbers from 0 with + between them");
            }
            return;
        case OptionKind::flag:
            if (value != "0" && value != "1") fail(where, "needs 0 or 1");
            return;
        case OptionKind::whole: {
            const auto whole = whole_of(value);
            const bool fits = whole && static_cast<double>(*whole) >= option.least &&
                              static_cast<double>(*whole) <= option.most;
            if (!fits) fail(where, "needs a whole number, ", range_words(option));
            return;
        }
        case OptionKind::real: {
            const auto real = real_of(value);
            if (!real || !(*real >= option.least) || !(*real <= option.most))
                fail(where, "needs a number, ", range_words(option));
        }
    }
}

// The parts that one method with lists of values stands for.
std::vector<SpecPart> parse_part(const std::string& text) {
    const std::vector<std::string> pieces = split_at(text, ':');
    const MethodRow& method = known_method(pieces.front());
    std::vector<SpecPart> parts{{&method, {}}};
    for (std::size_t i = 1; i < pieces.size(); ++i) {
        const std::size_t equals = pieces[i].find('=');
        if (equals == std::string::npos)
            fail("--method ", quoted(text), ": expected option=value behind ", method.name,
                 ":, got ", quoted(pieces[i]));
        const OptionRow& option = known_option(method, pieces[i].substr(0, equals));
        if (parts.front().given.count(option.name))
            fail("--method ", quoted(text), ": ", option.name, " is given twice");
        const std::string value = pieces[i].substr(equals + 1);
        const std::vector<std::string> values =
            option.is_number() ? split_at(value, '+') : std::vector<std::string>{value};
        std::vector<SpecPart> more;
        for (const SpecPart& part : parts) {
            for (const std::string& one : values) {
                require_value(method, option, one);
                more.push_back(part);
                more.back().given[option.name] = one;
            }
        }
        parts = std::move(more);
    }
    const SpecPart& first = parts.front();
    if (has_bits_of_its_own(first.given) && first.given.count("bits"))
        fail("--method ", quoted(text), ": bits has no effect on kind=", first.given.at("kind"));
    return parts;
}

std::vector<Spec> parse_one(const std::string& text) {
    std::vector<Spec> specs{Spec{}};
    const std::vector<std::string> masks = split_at(text, '/');
    for (const std::string& mask : masks) {
        const std::vector<SpecPart> parts = parse_part(mask);
        const bool joins = parts.front().row->group == Group::masks && parts.front().row->kept_keys;
        if (masks.size() > 1 && (!joins || parts.front().row->name == "span"))
            fail("--method ", quoted(text), ": / joins masks (local, block, strided, fixed, ",
                 "global), ", parts.front().row->name, " is none");
        std::vector<Spec> more;
        for (const Spec& spec : specs) {
            for (const SpecPart& part : parts) {
                more.push_back(spec);
                more.back().parts.push_back(part);
            }
        }
        specs = std::move(more);
    }
    return specs;
}

// Rows that only a file or an array of the user's can feed are not part of "all".
std::vector<Spec> whole_table(bool must) {
    std::vector<Spec> specs;
    for (const MethodRow& row : methods()) {
        if (row.group == Group::exact || (must && !row.must)) continue;
        specs.push_back({{{&row, {}}}, false, !must});
    }
    return specs;
}

double budget_value(const MethodRow& method, double share, double top) {
    if (method.share_budget) return share;
    return std::max(1.0, std::floor(share * top + 0.5));
}

void set_budget(SpecPart& part, double value) {
    const MethodRow& method = *part.row;
    if (!method.halved) {
        part.given[method.budget] = number_word(value);
        if (!method.second_budget.empty()) part.given[method.second_budget] = number_word(value);
        return;
    }
    // A single place goes to the later part: a cache without its newest key serves nobody.
    const double first = std::floor(value / 2);
    part.given[method.budget] = number_word(first);
    part.given[method.second_budget] = number_word(value - first);
}

Options resolve_given(const SpecPart& part, const Sizes& sizes, std::uint64_t seed) {
    Options options;
    for (const OptionRow& row : part.row->options) {
        const auto found = part.given.find(row.name);
        if (found != part.given.end()) {
            if (row.kind == OptionKind::word || row.kind == OptionKind::list)
                options.set(row.name, found->second);
            else
                options.set(row.name, real_of(found->second).value());
        } else if (row.name == "seed") {
            options.set(row.name, static_cast<double>(seed));
        } else if (row.default_of) {
            options.set(row.name, row.default_of(sizes));
        } else if (!row.required) {
            continue;
        } else if (row.kind == OptionKind::word || row.kind == OptionKind::list) {
            options.set(row.name, row.standard);
        } else {
            options.set(row.name, real_of(row.standard).value());
        }
    }
    return options;
}

bool says(const SpecPart& part, const char* option, const char* word) {
    const auto found = part.given.find(option);
    return found != part.given.end() && found->second == word;
}

// Some methods are random only with some words.
bool is_random_part(const SpecPart& part) {
    if (part.row->name == "evict") return says(part, "score", "random");
    return part.row->random && !reads_file(part) && !says(part, "projection", "pool") &&
           !says(part, "random", "0");
}

}  // namespace

std::string Spec::text() const {
    std::string text;
    for (const SpecPart& part : parts) {
        text += (text.empty() ? "" : "/") + part.row->name;
        for (const OptionRow& row : part.row->options) {
            const auto found = part.given.find(row.name);
            if (found != part.given.end()) text += ":" + row.name + "=" + found->second;
        }
    }
    return text;
}

std::vector<Spec> parse_specs(const std::string& list) {
    std::vector<Spec> specs;
    for (const std::string& one : split_at(list, ',')) {
        const bool group = one == "all" || one == "must";
        for (Spec& spec : group ? whole_table(one == "must") : parse_one(one))
            specs.push_back(std::move(spec));
    }
    return specs;
}

bool reads_file(const SpecPart& part) {
    return says(part, "projection", "file");
}

bool has_bits_of_its_own(const std::map<std::string, std::string>& words) {
    const auto kind = words.find("kind");
    return kind != words.end() && kind->second != "int";
}

bool leaves_budget_open(const Spec& spec) {
    const MethodRow& method = spec.method();
    if (method.budget == "bits" && has_bits_of_its_own(spec.parts.front().given)) return false;
    return spec.parts.size() == 1 && !method.budget.empty() && !reads_file(spec.parts.front()) &&
           spec.parts.front().given.count(method.budget) == 0;
}

bool is_random(const Spec& spec) {
    return std::any_of(spec.parts.begin(), spec.parts.end(), is_random_part);
}

bool follows_seed(const Spec& spec) {
    return std::any_of(spec.parts.begin(), spec.parts.end(), [](const SpecPart& part) {
        return is_random_part(part) && part.given.count("seed") == 0;
    });
}

std::vector<Spec> with_budgets(const std::vector<Spec>& specs, const std::vector<double>& given,
                               const Sizes& sizes) {
    static const std::vector<double> usual{0.05, 0.1, 0.25, 0.5};
    std::vector<Spec> all;
    for (const Spec& spec : specs) {
        const std::vector<double>& shares = given.empty() && spec.of_all ? usual : given;
        const MethodRow& method = spec.method();
        if (shares.empty() || !leaves_budget_open(spec)) {
            all.push_back(spec);
            continue;
        }
        std::vector<double> values = method.budget_values;
        if (values.empty()) {
            const double top = method.top(resolve_given(spec.parts.front(), sizes, 0), sizes);
            for (const double share : shares) values.push_back(budget_value(method, share, top));
        }
        std::vector<double> seen;
        for (const double value : values) {
            if (std::find(seen.begin(), seen.end(), value) != seen.end()) continue;
            seen.push_back(value);
            all.push_back(spec);
            set_budget(all.back().parts.front(), value);
        }
    }
    return all;
}

Options resolve(const SpecPart& part, const Sizes& sizes, std::uint64_t seed, const Warn& warn) {
    Options options = resolve_given(part, sizes, seed);
    const MethodRow& method = *part.row;
    if (method.budget.empty() || !method.top || !options.has(method.budget)) return options;
    double top = std::max(1.0, method.top(options, sizes));
    // Queries may stand behind all keys, where a window or block reaches beyond them.
    if (method.group == Group::masks && top >= static_cast<double>(sizes.keys))
        top = std::max(top, static_cast<double>(sizes.position(sizes.queries)));
    for (const std::string& name : {method.budget, method.second_budget}) {
        if (name.empty() || options.real(name) <= top) continue;
        const auto found = part.given.find(name);
        if (found != part.given.end())
            warn(method.name + ": " + name + "=" + found->second + " is cut to " +
                 number_word(top));
        options.set(name, top);
    }
    return options;
}

}  // namespace attn::approx
