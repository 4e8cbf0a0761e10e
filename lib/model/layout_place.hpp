// Where in a file the layers of a family may stand: behind which prefix, of the family or of what
// wraps it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "io/container.hpp"
#include "model/layout.hpp"

namespace attn::model {

// Where the layers of a family may begin in a file: `outer` is what stands in front of the
// family's own names, "net." in front of "bert.encoder.layer.0.".
struct Place {
    std::string outer;
    std::string base;  // one of the family's, or empty

    std::string prefix() const { return outer + base; }
    // Nothing, or what training tools put there.
    bool is_usual() const;
};

// All names of a file, those of arrays that cannot be read among them.
std::set<std::string> names_in(const io::Container& container);

// Every place with the names of at least one layer, the usual ones first.
std::vector<Place> places_of_layers(const std::set<std::string>& names, const Layout& layout);

}  // namespace attn::model
