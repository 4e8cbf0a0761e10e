#include "model/layout_match.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "core/error.hpp"

namespace attn::model {
namespace {

// What programs put in front of a model's names: DataParallel, torch.compile, PEFT, trainers.
const std::vector<std::string> kWrappers{"module.",   "_orig_mod.", "base_model.model.",
                                         "backbone.", "network.",   "language_model."};

bool starts_with(const std::string& text, const std::string& prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

bool ends_with(const std::string& text, const std::string& suffix) {
    return text.size() >= suffix.size() &&
           text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

std::string unwrapped(std::string key) {
    for (bool again = true; again;) {
        again = false;
        for (const std::string& wrapper : kWrappers) {
            if (!starts_with(key, wrapper)) continue;
            key.erase(0, wrapper.size());
            again = true;
        }
    }
    return key;
}

// Names without wrappers, and the keys that they have in the file.
using Names = std::map<std::string, std::string>;

// A name inside a layer: "h.3.ln_1.weight" -> 3, "ln_1.weight".
struct InLayer {
    std::size_t layer;
    std::string name;
};

std::optional<InLayer> split_name(const std::string& name, const std::string& before) {
    const std::size_t hole = before.find("{}");
    if (!starts_with(name, before.substr(0, hole))) return std::nullopt;
    InLayer result{0, ""};
    const char* end = name.data() + name.size();
    const auto [stop, problem] = std::from_chars(name.data() + hole, end, result.layer);
    if (problem != std::errc()) return std::nullopt;
    result.name = name.substr(static_cast<std::size_t>(stop - name.data()));
    const std::string after = before.substr(hole + 2);
    if (!starts_with(result.name, after)) return std::nullopt;
    result.name.erase(0, after.size());
    return result;
}

// Reads a file as one family under one prefix.
class Reading {
  public:
    Reading(const io::Container& container, const Names& names, const Layout& layout,
            const std::string& prefix)
        : container_(container), names_(names), layout_(layout), prefix_(prefix) {
        if (layout.layer.empty()) {
            for (const auto& [name, key] : names) {
                if (starts_with(name, prefix)) keys_[0][name.substr(prefix.size())] = key;
            }
            return;
        }
        for (const auto& [name, key] : names) {
            if (const auto found = split_name(name, prefix + layout.layer))
                keys_[found->layer][found->name] = key;
        }
    }

    bool fits() const {
        if (keys_.empty()) return false;
        const auto& first = keys_.begin()->second;
        const auto in_first = [&](const std::string& name) { return first.count(name) != 0; };
        return has_attention(first) &&
               std::all_of(layout_.marks.begin(), layout_.marks.end(), in_first) &&
               std::none_of(layout_.foreign.begin(), layout_.foreign.end(), in_first);
    }

    LayoutMatch match() const {
        LayoutMatch match;
        match.layout = &layout_;
        std::set<std::string> used;
        for (const auto& [layer, keys] : keys_) {
            if (layer != match.layers.size())
                fail(container_.path, ": layer ", match.layers.size(), " is missing");
            refuse_unknown_parts(layer, keys);
            match.layers.push_back(
                take(layout_.in_layer, keys, "layer " + std::to_string(layer) + ": ", match, used));
        }
        std::map<std::string, std::string> of_model;
        for (const TensorName& tensor : layout_.in_model) {
            const bool fixed = tensor.theirs[0] == '/';
            const std::string name = fixed ? tensor.theirs.substr(1) : prefix_ + tensor.theirs;
            const auto found = names_.find(name);
            if (found != names_.end()) of_model[tensor.theirs] = found->second;
        }
        match.model = take(layout_.in_model, of_model, "", match, used);
        for (const auto& [name, key] : names_) {
            if (used.count(key) == 0 && !is_ignored(name)) match.unused.push_back(key);
        }
        return match;
    }

  private:
    using Keys = std::map<std::string, std::string>;  // name inside of a layer -> key

    // W_Q, W_K and W_V, or W_QKV in the order that the family has: Conv1D is wider than high.
    bool has_attention(const Keys& keys) const {
        std::set<std::string> have;
        for (const TensorName& tensor : layout_.in_layer) {
            const auto found = keys.find(tensor.theirs);
            if (found == keys.end()) continue;
            have.insert(tensor.ours);
            const Shape& shape = container_.arrays.at(found->second).shape;
            if (tensor.ours == "W_QKV" &&
                (shape.size() != 2 ||
                 (shape[1] > shape[0]) != (layout_.order == MatrixOrder::in_out)))
                return false;
        }
        return have.count("W_QKV") != 0 ||
               (have.count("W_Q") != 0 && have.count("W_K") != 0 && have.count("W_V") != 0);
    }

    void refuse_unknown_parts(std::size_t layer, const Keys& keys) const {
        for (const auto& [name, what] : layout_.refused) {
            const auto found = keys.find(name);
            if (found == keys.end()) continue;
            fail(container_.path, ":", found->second, ": is ", what, " of layer ", layer,
                 ", which is not computed for ", layout_.title);
        }
    }

    NamedArrays take(const std::vector<TensorName>& wanted, const Keys& keys,
                     const std::string& where, LayoutMatch& match,
                     std::set<std::string>& used) const {
        NamedArrays arrays;
        for (const TensorName& tensor : wanted) {
            const auto found = keys.find(tensor.theirs);
            if (found != keys.end()) {
                arrays.emplace(tensor.ours, container_.arrays.at(found->second));
                used.insert(found->second);
            }
        }
        for (const TensorName& tensor : wanted) {
            if (!tensor.optional && arrays.count(tensor.ours) == 0)
                match.missing.push_back(where + tensor.theirs);
        }
        return arrays;
    }

    bool is_ignored(const std::string& name) const {
        return std::any_of(layout_.ignored.begin(), layout_.ignored.end(),
                           [&](const std::string& end) { return ends_with(name, end); });
    }

    const io::Container& container_;
    const Names& names_;
    const Layout& layout_;
    std::string prefix_;
    std::map<std::size_t, Keys> keys_;
};

// What may stand in front of the names of a family: one of its bases, nothing, either behind
// "model." as trainers put it; for a single layer whatever stands there.
std::vector<std::string> prefixes(const Layout& layout, const Names& names) {
    if (layout.layer.empty()) {
        std::set<std::string> found;
        for (const auto& [name, key] : names) {
            for (const std::string end : {"in_proj_weight", "q_proj_weight"}) {
                if (ends_with(name, end)) found.insert(name.substr(0, name.size() - end.size()));
            }
        }
        if (found.size() != 1) return {};
        return {*found.begin()};
    }
    std::vector<std::string> list;
    for (const char* outer : {"", "model."}) {
        for (const std::string& base : layout.bases) list.push_back(outer + base);
        list.push_back(outer);
    }
    return list;
}

std::optional<LayoutMatch> match_one(const io::Container& container, const Names& names,
                                     const Layout& layout) {
    for (const std::string& prefix : prefixes(layout, names)) {
        const Reading reading(container, names, layout, prefix);
        if (reading.fits()) return reading.match();
    }
    return std::nullopt;
}

bool names_type(const Layout& layout, const std::string& model_type) {
    const auto& types = layout.model_types;
    return std::find(types.begin(), types.end(), model_type) != types.end();
}

// Those that the file has whole, where there are any; a single layer only where nothing else fits;
// those whose own marks are there before those without marks.
void keep_best(std::vector<LayoutMatch>& matches) {
    const auto keep_where = [&](auto good) {
        if (std::none_of(matches.begin(), matches.end(), good)) return;
        matches.erase(std::remove_if(matches.begin(), matches.end(),
                                     [&](const LayoutMatch& match) { return !good(match); }),
                      matches.end());
    };
    keep_where([](const LayoutMatch& match) { return !match.layout->layer.empty(); });
    keep_where([](const LayoutMatch& match) { return match.missing.empty(); });
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

[[noreturn]] void fail_unknown(const io::Container& container, const std::string& wanted) {
    const std::string first = container.arrays.empty()
                                  ? ""
                                  : " (its first array is " + container.arrays.begin()->first + ")";
    if (!wanted.empty()) {
        fail(container.path, ": does not hold the arrays of ", find_layout(wanted).title, first,
             " (--layout)");
    }
    fail(container.path,
         ": has no W_Q, W_K and W_V, alone or as layers.N.W_Q, and no names of a "
         "checkpoint that is known",
         first);
}

// With the help of config.json, where it names a family.
LayoutMatch choose(std::vector<LayoutMatch> matches, const io::Container& container,
                   const std::string& model_type) {
    const auto is_named = [&](const LayoutMatch& match) {
        return names_type(*match.layout, model_type);
    };
    const auto named = std::find_if(matches.begin(), matches.end(), is_named);
    if (named != matches.end()) return *named;
    const std::string fits = names_of(matches);
    if (!model_type.empty()) {
        const bool known =
            std::any_of(layouts().begin(), layouts().end(),
                        [&](const Layout& layout) { return names_type(layout, model_type); });
        fail(container.path, ": config.json says model_type \"", model_type, "\", ",
             known ? "the arrays are those of " : "which is not known; the names are those of ",
             fits, known ? "; correct it or give" : "; if it is computed alike, give", " --layout ",
             matches.front().layout->name);
    }
    if (matches.size() > 1) {
        fail(container.path, ": the names fit ", fits,
             ", which differ in how they compute; choose with --layout, or put the model's "
             "config.json beside the file");
    }
    return matches.front();
}

}  // namespace

LayoutMatch match_layout(const io::Container& container, const ModelConfig& config,
                         const std::string& wanted) {
    if (wanted == "native" || (wanted.empty() && has_native_weights(container))) {
        if (!has_native_weights(container)) fail_unknown(container, wanted);
        return match_native(container);
    }
    Names names;
    for (const auto& [key, array] : container.arrays) names[unwrapped(key)] = key;
    std::vector<LayoutMatch> matches;
    for (const Layout& layout : layouts()) {
        if (layout.in_layer.empty() || (!wanted.empty() && layout.name != wanted)) continue;
        if (auto match = match_one(container, names, layout)) matches.push_back(std::move(*match));
    }
    if (!wanted.empty()) find_layout(wanted);
    if (matches.empty()) fail_unknown(container, wanted);
    keep_best(matches);
    if (!wanted.empty()) return matches.front();
    return choose(std::move(matches), container, config.model_type);
}

}  // namespace attn::model
