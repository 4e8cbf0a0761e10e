#include "source/stored_parts.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "core/lower_case.hpp"
#include "core/word_list.hpp"
#include "io/array_name.hpp"
#include "results/manifest.hpp"
#include "source/array_family.hpp"

namespace attn::source {
namespace {

constexpr std::size_t kMaxNamed = 8;

// The names under which the libraries that people use keep the attention of each layer: the tuple
// of Hugging Face, the hooks of TransformerLens.
bool is_known(const std::string& pattern) {
    for (const char* name : {"attentions.*", "attentions/*", "attentions_*", "attentions*"}) {
        if (pattern == name) return true;
    }
    return pattern == "blocks.*.attn.hook_pattern";
}

// What stands in front of the number is a layer, or what numpy.savez calls arrays without a name.
bool says_layers(const std::string& pattern) {
    const std::string front = lower_case(pattern.substr(0, pattern.find('*')));
    const std::size_t end = front.find_last_not_of("._-/[");
    const std::string text = end == std::string::npos ? "" : front.substr(0, end + 1);
    for (const char* word : {"layer", "layers", "block", "blocks", "attentions", "attention",
                             "attn", "arr", "h", "l", "weights"}) {
        const std::string ending = word;
        if (!ends_with(text, ending)) continue;
        const std::size_t before = text.size() - ending.size();
        if (before == 0 || std::isalpha(static_cast<unsigned char>(text[before - 1])) == 0)
            return true;
    }
    return text.empty();
}

// Keys of arrays that may be attention: what has no two axes is none.
std::vector<std::string> candidates_of(const io::Container& container) {
    std::vector<std::string> keys;
    for (const auto& [key, array] : container.arrays) {
        if (array.shape.size() >= 2) keys.push_back(key);
    }
    return keys;
}

// Families with a candidate in them. A member that cannot be read belongs to its family all the
// same: it is refused later, and not left out.
std::vector<ArrayFamily> families_of(const io::Container& container,
                                     const std::vector<std::string>& candidates) {
    std::vector<std::string> keys = candidates;
    for (const auto& [key, reason] : container.unreadable) keys.push_back(key);
    std::vector<ArrayFamily> families;
    for (ArrayFamily& family : find_families(keys)) {
        const auto is_candidate = [&](const std::string& key) {
            return std::find(candidates.begin(), candidates.end(), key) != candidates.end();
        };
        if (std::any_of(family.keys.begin(), family.keys.end(), is_candidate))
            families.push_back(std::move(family));
    }
    return families;
}

bool has_all(const ArrayFamily& family, const std::vector<std::string>& candidates) {
    return std::all_of(candidates.begin(), candidates.end(), [&](const std::string& key) {
        return std::find(family.keys.begin(), family.keys.end(), key) != family.keys.end();
    });
}

// The one family that is meant where no key was given.
std::optional<ArrayFamily> choose_family(const std::vector<ArrayFamily>& families,
                                         const std::vector<std::string>& candidates) {
    std::optional<ArrayFamily> known;
    for (const ArrayFamily& family : families) {
        if (!is_known(family.pattern)) continue;
        if (known) return std::nullopt;
        known = family;
    }
    if (known) return known;
    if (families.size() == 1 && has_all(families.front(), candidates)) return families.front();
    return std::nullopt;
}

[[noreturn]] void refuse_choice(const std::string& path, const std::vector<std::string>& keys,
                                const std::vector<ArrayFamily>& families) {
    std::vector<std::string> patterns;
    for (const ArrayFamily& family : families)
        patterns.push_back(path + ":" + family.pattern + " (" + std::to_string(family.keys.size()) +
                           ")");
    fail(path, ": holds ", listed(keys, kMaxNamed), "; choose one as ", path,
         ":KEY, or stack those of one kind as ", listed(patterns, kMaxNamed));
}

StoredParts stack(io::Inputs& inputs, const std::string& path, const ArrayFamily& family) {
    StoredParts parts;
    parts.name = path + ":" + family.pattern;
    parts.stacked = true;
    parts.numbers = family.numbers;
    parts.named_layers = says_layers(family.pattern);
    for (const std::string& key : family.keys) {
        parts.arrays.push_back(inputs.find(full_name(io::ArrayName{path, key})));
        const io::StoredArray& first = parts.arrays.front();
        const io::StoredArray& array = parts.arrays.back();
        if (array.shape == first.shape) continue;
        fail(parts.name, ": cannot be stacked: ", family.keys.front(), " is ",
             to_string(first.shape), ", ", key, " is ", to_string(array.shape), "; choose one as ",
             path, ":KEY");
    }
    return parts;
}

StoredParts one(io::StoredArray array) {
    StoredParts parts;
    parts.name = array.name;
    parts.arrays.push_back(std::move(array));
    return parts;
}

const io::Container& open(io::Inputs& inputs, const std::string& path) {
    if (!std::filesystem::is_directory(path)) return inputs.open(path);
    try {
        return inputs.open(path);
    } catch (const Error& problem) {
        if (results::is_run_folder(path))
            fail(path,
                 ": is a folder that one of our commands wrote, here an array of it is "
                 "wanted, such as ",
                 path, "/layer00/weights.npy");
        fail(problem.what(),
             "; nor is it a folder that run wrote: it holds no manifest.json of ours");
    }
}

}  // namespace

StoredParts find_stored_parts(io::Inputs& inputs, const std::string& source) {
    const io::ArrayName name = io::parse_array_name(source);
    const io::Container& container = open(inputs, name.path);
    if (!name.key.empty()) {
        const bool pattern =
            name.key.find('*') != std::string::npos && container.arrays.count(name.key) == 0;
        if (!pattern) return one(inputs.find(source));
        std::vector<std::string> keys;
        for (const auto& [key, array] : container.arrays) keys.push_back(key);
        for (const auto& [key, reason] : container.unreadable) keys.push_back(key);
        return stack(inputs, name.path, match_family(name.key, keys, source));
    }
    if (container.arrays.size() + container.unreadable.size() == 1) return one(inputs.find(source));
    const std::vector<std::string> candidates = candidates_of(container);
    const std::vector<ArrayFamily> families = families_of(container, candidates);
    if (candidates.size() == 1 && families.empty())
        return one(inputs.find(full_name(io::ArrayName{name.path, candidates.front()})));
    if (const auto family = choose_family(families, candidates))
        return stack(inputs, name.path, match_family(family->pattern, family->keys, name.path));
    if (families.empty()) return one(inputs.find(source));
    refuse_choice(name.path, candidates, families);
}

}  // namespace attn::source
