#include "source/array_family.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "core/digit.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"

namespace attn::source {
namespace {

// More digits than any count of layers or steps has, and fewer than overflow.
constexpr std::size_t kMaxDigits = 18;

struct Number {
    std::size_t begin, end;  // of its digits in the key
    std::size_t value;
};

std::vector<Number> numbers_in(const std::string& key) {
    std::vector<Number> numbers;
    for (std::size_t begin = 0; begin < key.size(); ++begin) {
        if (!is_digit(key[begin])) continue;
        std::size_t end = begin;
        while (end < key.size() && is_digit(key[end])) ++end;
        if (end - begin <= kMaxDigits)
            numbers.push_back({begin, end, std::stoul(key.substr(begin, end - begin))});
        begin = end;
    }
    return numbers;
}

using Members = std::vector<std::pair<std::size_t, std::string>>;  // number, key

ArrayFamily family_of(const std::string& pattern, Members members) {
    std::sort(members.begin(), members.end());
    ArrayFamily family{pattern, {}, {}};
    for (const auto& [number, key] : members) {
        family.keys.push_back(key);
        family.numbers.push_back(number);
    }
    return family;
}

// What the `*` of the pattern stands for in the key.
std::optional<std::string> star_of(const std::string& pattern, const std::string& key) {
    const std::size_t star = pattern.find('*');
    const std::string front = pattern.substr(0, star), back = pattern.substr(star + 1);
    if (key.size() <= front.size() + back.size() || key.compare(0, front.size(), front) != 0 ||
        key.compare(key.size() - back.size(), back.size(), back) != 0)
        return std::nullopt;
    const std::string text = key.substr(front.size(), key.size() - front.size() - back.size());
    if (text.find('/') != std::string::npos) return std::nullopt;
    return text;
}

constexpr std::size_t kMaxListed = 8;

void require_distinct(const ArrayFamily& family, const std::string& name) {
    for (std::size_t i = 1; i < family.keys.size(); ++i) {
        if (family.numbers[i] == family.numbers[i - 1])
            fail(name, ": ", family.keys[i - 1], " and ", family.keys[i], " have the same number");
    }
}

}  // namespace

std::vector<ArrayFamily> find_families(const std::vector<std::string>& keys) {
    std::map<std::string, Members> patterns;
    for (const std::string& key : keys) {
        for (const Number& number : numbers_in(key)) {
            const std::string pattern = key.substr(0, number.begin) + "*" + key.substr(number.end);
            patterns[pattern].emplace_back(number.value, key);
        }
    }
    std::vector<ArrayFamily> families;
    for (const auto& [pattern, members] : patterns) {
        if (members.size() > 1) families.push_back(family_of(pattern, members));
    }
    return families;
}

ArrayFamily match_family(const std::string& pattern, const std::vector<std::string>& keys,
                         const std::string& name) {
    if (std::count(pattern.begin(), pattern.end(), '*') != 1)
        fail(name, ": one * stands for the number of the arrays that are stacked, and no more");
    std::vector<std::string> matches;
    for (const std::string& key : keys) {
        if (star_of(pattern, key)) matches.push_back(key);
    }
    if (matches.empty()) fail(name, ": matches no array; there is ", listed(keys, kMaxListed));
    if (matches.size() == 1) {
        const auto numbers = numbers_in(*star_of(pattern, matches.front()));
        return {pattern, matches, {numbers.size() == 1 ? numbers.front().value : 0}};
    }
    for (ArrayFamily& family : find_families(matches)) {
        if (family.keys.size() != matches.size()) continue;
        require_distinct(family, name);
        family.pattern = pattern;
        return std::move(family);
    }
    fail(name, ": matches ", matches.front(), " and ", matches.back(), " among ",
         counted(matches.size(), "array"), "; those that are stacked differ in one number only");
}

}  // namespace attn::source
