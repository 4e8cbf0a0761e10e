#include "model/nearest_layout.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/affix.hpp"
#include "core/word_list.hpp"
#include "model/dotted_name.hpp"
#include "model/layout_reading.hpp"

namespace attn::model {
namespace {

using NameSet = std::set<std::string>;
using Gap = LayoutReading::Gap;

struct Nearness {
    const Layout* layout = nullptr;
    std::string prefix;
    Gap gap;

    std::size_t wanted() const { return gap.present + gap.missing.size(); }
    double share() const {
        return wanted() == 0 ? 0 : static_cast<double>(gap.present) / static_cast<double>(wanted());
    }
    bool is_nearer_than(const Nearness& other) const {
        if (share() != other.share()) return share() > other.share();
        return gap.besides.size() < other.gap.besides.size();
    }
};

constexpr std::size_t kFew = 4;  // names in a message

// How near the best place in the file comes to a family; nothing where no layer of it is there.
std::optional<Nearness> nearness(const io::Container& container, const NameSet& names,
                                 const Layout& layout) {
    std::optional<Nearness> best;
    for (const Place& place : places_of_layers(names, layout)) {
        const LayoutReading reading(container, names, layout, place);
        const Nearness found{&layout, place.prefix(), reading.gap()};
        if (found.gap.present > 0 && (!best || found.is_nearer_than(*best))) best = found;
    }
    return best;
}

std::string describe_gap(const Gap& gap) {
    std::string text;
    if (!gap.missing.empty()) text += "lacks " + listed(gap.missing, kFew);
    if (!gap.besides.empty())
        text +=
            std::string(text.empty() ? "" : "; ") + "has " + listed(gap.besides, kFew) + " besides";
    return text.empty() ? "its matrices have other shapes" : text;
}

// Modules of torch that stand in the file more than once; one alone would have been taken.
std::string several_attentions(const NameSet& names) {
    std::vector<std::string> found;
    for (const std::string& name : names) {
        if (ends_with(name, "in_proj_weight")) found.push_back(name);
    }
    if (found.size() < 2) return "";
    return "; it holds " + std::to_string(found.size()) + " of torch.nn.MultiheadAttention (" +
           listed(found, kFew) + "): save one of them to a file of its own";
}

}  // namespace

std::string gap_text(const io::Container& container, const NameSet& names, const Layout& layout) {
    const auto found = nearness(container, names, layout);
    if (found) return ": " + describe_gap(found->gap);
    if (layout.layer.empty()) return "";
    return ": no name begins with " + (layout.bases.empty() ? "" : layout.bases.front()) +
           layout.layer.substr(0, layout.layer.find("{}")) + "0";
}

std::string nearest_text(const io::Container& container, const NameSet& names) {
    std::optional<Nearness> best;
    std::size_t families = 0;
    for (const Layout& layout : layouts()) {
        if (layout.layer.empty()) continue;
        ++families;
        const auto found = nearness(container, names, layout);
        if (found && (!best || found->is_nearer_than(*best))) best = found;
    }
    constexpr double kMostOfIt = 0.5;
    if (best && best->share() >= kMostOfIt) {
        return "; nearest is " + best->layout->name + " (" + std::to_string(best->gap.present) +
               " of the " + counted(best->wanted(), "array") + " of a layer" +
               (best->prefix.empty() ? "" : ", behind " + best->prefix) + "): it " +
               describe_gap(best->gap);
    }
    std::string several = several_attentions(names);
    if (!several.empty()) return several;
    return "; looked for the layers of " + std::to_string(families) +
           " families (--layout lists them)" +
           (names.empty() ? "" : "; its first array is " + *names.begin());
}

}  // namespace attn::model
