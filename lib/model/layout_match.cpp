#include "model/layout_match.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "core/error.hpp"
#include "model/dotted_name.hpp"
#include "model/layout_reading.hpp"
#include "model/left_over.hpp"
#include "model/model_config.hpp"
#include "model/nearest_layout.hpp"

namespace attn::model {
namespace {

using NameSet = std::set<std::string>;

[[noreturn]] void fail_several(const io::Container& container, const Layout& layout,
                               const std::vector<Place>& places) {
    std::string list;
    for (std::size_t i = 0; i < places.size(); ++i)
        list += (i == 0 ? "" : i + 1 == places.size() ? " and " : ", ") + places[i].prefix();
    fail(container.path, ": holds ", places.size(), " models of the family ", layout.name, ", ",
         list, "; save one of them to a file of its own");
}

// The file as the family under the usual names, or under a prefix that only it has.
std::optional<LayoutMatch> match_one(const io::Container& container, const NameSet& names,
                                     const Layout& layout) {
    std::vector<Place> usual, unusual;
    for (const Place& place : places_of_layers(names, layout)) {
        const LayoutReading reading(container, names, layout, place);
        if (!reading.fits()) continue;
        if (place.is_usual())
            usual.push_back(place);
        else if (reading.is_whole())
            unusual.push_back(place);
    }
    if (usual.empty() && unusual.empty()) return std::nullopt;
    if (usual.empty() && unusual.size() > 1) fail_several(container, layout, unusual);
    const Place chosen = usual.empty() ? unusual.front() : usual.front();
    LayoutMatch match = LayoutReading(container, names, layout, chosen).match();
    usual.insert(usual.end(), unusual.begin(), unusual.end());
    for (const Place& place : usual) {
        if (place.prefix() != chosen.prefix()) match.others.push_back(place.prefix());
    }
    return match;
}

bool names_type(const Layout& layout, const std::string& model_type) {
    const auto& types = layout.model_types;
    return std::find(types.begin(), types.end(), model_type) != types.end();
}

// Those whose names stand where they usually do, where there are any; those that the file has
// whole; a single layer only where nothing else fits;
// those that leave nothing over; those whose own marks are there before those without marks.
void keep_best(std::vector<LayoutMatch>& matches) {
    const auto keep_where = [&](auto good) {
        if (std::none_of(matches.begin(), matches.end(), good)) return;
        matches.erase(std::remove_if(matches.begin(), matches.end(),
                                     [&](const LayoutMatch& match) { return !good(match); }),
                      matches.end());
    };
    keep_where([](const LayoutMatch& match) { return !match.layout->layer.empty(); });
    keep_where([](const LayoutMatch& match) { return Place{match.prefix, ""}.is_usual(); });
    keep_where([](const LayoutMatch& match) { return match.missing.empty(); });
    keep_where([](const LayoutMatch& match) { return match.left_over.empty(); });
    keep_where([](const LayoutMatch& match) { return !match.layout->marks.empty(); });
}

std::string names_of(const std::vector<LayoutMatch>& matches) {
    std::string text;
    for (std::size_t i = 0; i < matches.size(); ++i) {
        if (i > 0) text += i + 1 == matches.size() ? " and " : ", ";
        text += matches[i].layout->name;
    }
    return text;
}

[[noreturn]] void fail_unknown(const io::Container& container, const NameSet& names,
                               const std::string& wanted) {
    if (!wanted.empty()) {
        fail(container.path, ": does not hold the arrays of ", find_layout(wanted).title,
             gap_text(container, names, find_layout(wanted)), unusual_contents(container),
             " (--layout)");
    }
    fail(container.path, ": has no W_Q, W_K and W_V, alone or as layers.N.W_Q, and no names of a ",
         "checkpoint that is known", nearest_text(container, names), unusual_contents(container));
}

// The hint that a family is given by --layout, where it would compute the whole file and all that
// config.json asks for.
std::string layout_hint(const io::Container& container, const LayoutMatch& match,
                        const std::string& words) {
    if (!match.missing_attention.empty())
        return "; " + match.layout->name + " does not fit: " + match.missing_attention.front() +
               " is missing";
    if (!match.left_over.empty())
        return "; " + match.layout->name + " does not fit: it does not know " +
               match.left_over.front().key;
    const ModelConfig config = read_model_config(container, *match.layout);
    const std::string asked = config.unknown_attention + config.unknown_block;
    if (!asked.empty())
        return "; " + match.layout->name + " does not fit: config.json asks for " + asked;
    return "; " + words + " --layout " + match.layout->name;
}

// With the help of config.json, where it names a family.
LayoutMatch choose(std::vector<LayoutMatch> matches, const io::Container& container,
                   const NameSet& names, const std::string& model_type) {
    const auto is_named = [&](const LayoutMatch& match) {
        return names_type(*match.layout, model_type);
    };
    const auto named = std::find_if(matches.begin(), matches.end(), is_named);
    if (named != matches.end()) return *named;
    keep_best(matches);
    const std::string fits = names_of(matches);
    if (!model_type.empty()) {
        const auto known =
            std::find_if(layouts().begin(), layouts().end(),
                         [&](const Layout& layout) { return names_type(layout, model_type); });
        if (known == layouts().end()) {
            fail(container.path, ": config.json says model_type \"", model_type,
                 "\", which is not known; the names are those of ", fits,
                 layout_hint(container, matches.front(), "if it is computed alike, give"));
        }
        fail(container.path, ": config.json says model_type \"", model_type,
             "\", the arrays are those of ", fits, "; of ", known->name,
             gap_text(container, names, *known),
             layout_hint(container, matches.front(), "correct it or give"));
    }
    if (matches.size() > 1) {
        fail(container.path, ": the names fit ", fits,
             ", which differ in how they compute; choose with --layout, or put the model's "
             "config.json beside the file");
    }
    return matches.front();
}

}  // namespace

LayoutMatch match_layout(const io::Container& container, const std::string& model_type,
                         const std::string& wanted) {
    const NameSet names = names_in(container);
    if (wanted == "native" || (wanted.empty() && has_native_weights(container))) {
        if (!has_native_weights(container)) fail_unknown(container, names, wanted);
        return match_native(container);
    }
    if (!wanted.empty()) find_layout(wanted);
    std::vector<LayoutMatch> matches;
    for (const Layout& layout : layouts()) {
        if (layout.in_layer.empty() || (!wanted.empty() && layout.name != wanted)) continue;
        if (auto match = match_one(container, names, layout)) matches.push_back(std::move(*match));
    }
    if (matches.empty()) fail_unknown(container, names, wanted);
    if (!wanted.empty()) return matches.front();
    return choose(std::move(matches), container, names, model_type);
}

}  // namespace attn::model
