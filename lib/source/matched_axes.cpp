#include "source/matched_axes.hpp"

#include <vector>

namespace attn::source {
namespace {

// What arrays with so many axes may be, the usual first.
std::vector<Axes> readings_of(std::size_t rank) {
    constexpr Axis kLayers = Axis::layers, kBatch = Axis::batch, kHeads = Axis::heads;
    std::vector<Axes> readings;
    switch (rank) {
        case 2:
            readings = {{}};
            break;
        case 3:
            readings = {{kHeads}, {kBatch}, {kLayers}};
            break;
        case 4:
            readings = {{kLayers, kHeads}, {kBatch, kHeads}, {kLayers, kBatch}, {kBatch, kLayers}};
            break;
        case 5:
            readings = {{kLayers, kBatch, kHeads}, {kBatch, kLayers, kHeads}};
            break;
        default:
            break;
    }
    for (Axes& axes : readings) axes.insert(axes.end(), {Axis::queries, Axis::keys});
    return readings;
}

std::size_t rank_of(const StoredParts& parts) {
    return parts.shape().size() + (parts.stacked ? 1 : 0);
}

bool is_comparable(const Shape& a, const Shape& b) {
    return a[1] == b[1] && a[3] == b[3] && a[4] == b[4];
}

}  // namespace

std::string matched_axes(const StoredParts& parts, const Shape& extents) {
    const Shape usual = extents_under(parts, choose_reading(parts, "", "--axes", nullptr));
    if (usual == extents) return "";
    std::string comparable;
    for (const Axes& axes : readings_of(rank_of(parts))) {
        if (parts.named_layers && axes.front() != Axis::layers) continue;
        std::string names = names_of(axes);
        const Shape found = extents_under(parts, choose_reading(parts, names, "--axes", nullptr));
        if (found == extents) return names;
        const bool may_be_it = extents[2] == 1 || place_of(axes, Axis::heads);
        if (comparable.empty() && may_be_it && is_comparable(found, extents)) comparable = names;
    }
    return is_comparable(usual, extents) ? "" : comparable;
}

std::string likely_axes(const StoredParts& parts, const Shape& extents) {
    for (const Axes& axes : readings_of(rank_of(parts))) {
        if (place_of(axes, Axis::batch).has_value() == (extents[1] > 1)) return names_of(axes);
    }
    return "batch,heads,q,k";
}

}  // namespace attn::source
