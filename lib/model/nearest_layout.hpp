// What is said of a file that is not a checkpoint as we know them: which family it comes nearest
// to, and what keeps it from being one.
#pragma once

#include <set>
#include <string>

#include "io/container.hpp"
#include "model/layout.hpp"

namespace attn::model {

// ": lacks self_attn.o_proj.weight; has self_attn.sinks besides", of the first layer. Says that
// there is no layer where no name fits.
std::string gap_text(const io::Container& container, const std::set<std::string>& names,
                     const Layout& layout);

// "; nearest is llama (8 of the 9 arrays of a layer): lacks …", or what was looked for, where no
// family has half of its names in the file.
std::string nearest_text(const io::Container& container, const std::set<std::string>& names);

}  // namespace attn::model
