// Where attention comes from. Every command is a source, some sinks and a report; a command never
// loops over layers itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attention/mask.hpp"
#include "attention/share.hpp"
#include "attention/sink.hpp"
#include "core/progress.hpp"

namespace attn::source {

// What a source holds; known before the first tile.
struct Outline {
    std::vector<std::size_t> layers;  // what they are called
    std::vector<std::size_t> heads;   // what the head at each place is called
    std::size_t sequences = 1;
    std::size_t queries = 0;
    std::size_t keys = 0;
    MaskStructure structure;                           // which cells are masked
    std::map<std::size_t, std::size_t> window_left;    // of layers that differ from it
    std::vector<std::vector<std::string>> tokens;      // labels, where the source holds them: one
    std::vector<std::vector<std::string>> key_tokens;  // list a sequence, one for all, or none
    bool has_sinks = false;  // a sink takes a part of each row: sums below one are right

    // Which cells are masked in the layer that is called so: with its own window.
    MaskStructure structure_of(std::size_t layer) const {
        MaskStructure own = structure;
        const auto window = window_left.find(layer);
        if (window != window_left.end()) own.window_left = window->second;
        return own;
    }
};

// T is float or double.
template <class T>
class Source {
  public:
    virtual ~Source() = default;

    virtual const Outline& outline() const = 0;

    // Streams the tiles of the share to the sinks, layer by layer, with what the sinks need beside
    // them. `progress` is told of tiles. Throws what sinks throw, and Error for what the source
    // cannot give.
    virtual void stream(const Sinks<T>& sinks, const Share& share,
                        const Progress& progress) const = 0;
};

}  // namespace attn::source
