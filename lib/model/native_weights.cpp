// Files under our own names.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "core/lower_case.hpp"
#include "core/nearest.hpp"
#include "model/dotted_name.hpp"
#include "model/layout_match.hpp"

namespace attn::model {
namespace {

const std::vector<std::string> kNames{"W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O"};

struct NativeKey {
    std::optional<std::size_t> layer;
    std::string name;
};

// "W_Q", "layers/3/W_Q" or "layers.3.W_Q"
std::optional<NativeKey> parse_key(const std::string& key) {
    const std::string prefix = "layers";
    NativeKey result;
    result.name = key;
    if (key.compare(0, prefix.size(), prefix) == 0 && key.size() > prefix.size() + 1) {
        const char separator = key[prefix.size()];
        const std::size_t second = key.find(separator, prefix.size() + 1);
        if ((separator != '/' && separator != '.') || second == std::string::npos)
            return std::nullopt;
        std::size_t layer = 0;
        const char* end = key.data() + second;
        const auto parsed = std::from_chars(key.data() + prefix.size() + 1, end, layer);
        if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
        result.layer = layer;
        result.name = key.substr(second + 1);
    }
    const bool known = std::find(kNames.begin(), kNames.end(), result.name) != kNames.end();
    return known ? std::optional(result) : std::nullopt;
}

// Whether an array that has none of our names was probably meant to have one, "b_q" or "WO", or
// stands in a layer: what is in a layer is not passed over.
bool is_meant_for_layer(const std::string& key) {
    if (starts_with(key, "layers.") || starts_with(key, "layers/")) return true;
    const auto bare = [](std::string name) {
        name.erase(std::remove_if(name.begin(), name.end(),
                                  [](char c) { return c == '_' || c == '.' || c == '-'; }),
                   name.end());
        return lower_case(name);
    };
    return std::any_of(kNames.begin(), kNames.end(),
                       [&](const std::string& name) { return bare(name) == bare(key); });
}

void require_projections(const LayoutMatch& match, const io::Container& container) {
    for (std::size_t layer = 0; layer < match.layers.size(); ++layer) {
        const std::string where =
            match.layers.size() > 1 ? "layer " + std::to_string(layer) + " has no " : "has no ";
        for (const char* name : {"W_Q", "W_K", "W_V"}) {
            if (match.layers[layer].count(name) != 0) continue;
            std::vector<std::string> other = match.unused;
            for (const LeftOver& array : match.left_over) other.push_back(array.key);
            fail(container.path, ": ", where, name, did_you_mean(name, other));
        }
    }
}

}  // namespace

bool has_native_weights(const io::Container& container) {
    const auto is_native = [](const auto& entry) { return parse_key(entry.first).has_value(); };
    return std::any_of(container.arrays.begin(), container.arrays.end(), is_native) ||
           std::any_of(container.unreadable.begin(), container.unreadable.end(), is_native);
}

LayoutMatch match_native(const io::Container& container) {
    for (const auto& [key, reason] : container.unreadable) {
        if (parse_key(key)) fail(container.path, ":", key, ": ", reason);
    }
    LayoutMatch match;
    match.layout = &find_layout("native");
    std::map<std::size_t, NamedArrays> layers;
    NamedArrays single;
    for (const auto& [key, array] : container.arrays) {
        const auto native = parse_key(key);
        if (native) {
            (native->layer ? layers[*native->layer] : single)[native->name] = array;
        } else if (is_meant_for_layer(key)) {
            match.left_over.push_back({key, LeftOver::Part::attention});
        } else if (key != "embeddings") {
            match.unused.push_back(key);
        }
    }
    if (!single.empty() && !layers.empty()) {
        fail(container.path, ": has both ", single.begin()->first,
             " and layers.N.* arrays; keep one kind");
    }
    if (layers.empty()) {
        match.layers.push_back(std::move(single));
    } else {
        const std::size_t last = layers.rbegin()->first;
        for (std::size_t layer = 0; layer <= last; ++layer) {
            const auto found = layers.find(layer);
            if (found == layers.end()) fail(container.path, ": layer ", layer, " is missing");
            match.layers.push_back(std::move(found->second));
        }
    }
    require_projections(match, container);
    return match;
}

}  // namespace attn::model
