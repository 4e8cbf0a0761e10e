// Commands that look at one source after another.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "console.hpp"
#include "core/communicator.hpp"

namespace attn::app {

// Calls `look` with each source and returns the worst exit code. Where there are several, one that
// is wrong does not keep the others from being looked at: it is a line on standard error. Throws
// Error for standard input that is asked for twice. `ranks`: those that look at it together.
int for_each_source(const std::vector<std::string>& sources, Console& console,
                    const std::function<int(const std::string&)>& look,
                    const Communicator& ranks = {});

}  // namespace attn::app
