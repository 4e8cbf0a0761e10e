// Labels that stand beside stored attention in the same file, so that nobody has to name them.
#pragma once

#include "io/inputs.hpp"
#include "source/source_selection.hpp"

namespace attn::source {

// Gives attention that others saved the texts that its own file holds: to the queries, and to the
// keys, the only list of as many texts as there are positions (or the only such lists, one a
// sequence); square attention has one for both. Those that share more of the attention's path
// ("examples/3/attn", "examples/3/words") come first, equal ones count once. Where several fit,
// none is taken. `warn` is told which were taken, or could have been. Labels that the request names
// win; a folder that `run` wrote knows its own. T is float or double.
template <class T>
void add_labels_beside(io::Inputs& inputs, const SourceRequest& request,
                       StoredAttention<T>& attention, const Warn& warn);

}  // namespace attn::source
