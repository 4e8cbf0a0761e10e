#include "model/layout_place.hpp"

#include <algorithm>

#include "core/affix.hpp"
#include "model/dotted_name.hpp"

namespace attn::model {
namespace {

// What programs put in front of a model's names: DataParallel, torch.compile, PEFT, trainers.
const std::vector<std::string> kWrappers{"module.",   "_orig_mod.", "base_model.model.",
                                         "backbone.", "network.",   "language_model.",
                                         "model."};

Place place_of(const Layout& layout, const std::string& prefix) {
    std::string base;
    for (const std::string& known : layout.bases) {
        const std::size_t start = prefix.size() - std::min(prefix.size(), known.size());
        const bool whole = start == 0 || prefix[start - 1] == '.';
        if (ends_with(prefix, known) && whole && known.size() > base.size()) base = known;
    }
    return {prefix.substr(0, prefix.size() - base.size()), base};
}

// The places of a single layer: whatever stands in front of its matrices.
std::vector<Place> places_of_single(const std::set<std::string>& names) {
    std::set<std::string> found;
    for (const std::string& name : names) {
        for (const std::string end : {"in_proj_weight", "q_proj_weight"}) {
            if (ends_with(name, end)) found.insert(name.substr(0, name.size() - end.size()));
        }
    }
    if (found.size() != 1) return {};
    return {{"", *found.begin()}};
}

}  // namespace

std::set<std::string> names_in(const io::Container& container) {
    std::set<std::string> names;
    for (const auto& [key, array] : container.arrays) names.insert(key);
    for (const auto& [key, reason] : container.unreadable) names.insert(key);
    return names;
}

bool Place::is_usual() const {
    std::string rest = outer;
    while (!rest.empty()) {
        const auto wrapper =
            std::find_if(kWrappers.begin(), kWrappers.end(),
                         [&](const std::string& known) { return starts_with(rest, known); });
        if (wrapper == kWrappers.end()) return false;
        rest.erase(0, wrapper->size());
    }
    return true;
}

std::vector<Place> places_of_layers(const std::set<std::string>& names, const Layout& layout) {
    if (layout.layer.empty()) return places_of_single(names);
    std::set<std::string> prefixes;
    for (const std::string& name : names) {
        for (const NameInLayer& reading : readings_in_layer(name, layout.layer))
            prefixes.insert(reading.before);
    }
    std::vector<Place> places;
    for (const std::string& prefix : prefixes) places.push_back(place_of(layout, prefix));
    std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        const auto rank = [](const Place& place) {
            return std::pair(place.outer.empty() ? 0
                             : place.is_usual()  ? 1
                                                 : 2,
                             place.base.empty() ? 1 : 0);
        };
        return rank(a) < rank(b);
    });
    return places;
}

}  // namespace attn::model
