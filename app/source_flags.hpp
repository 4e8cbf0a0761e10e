// The flags that say which stored attention a command looks at.
#pragma once

#include "flags.hpp"

#include "source/computed_request.hpp"
#include "source/source_selection.hpp"

namespace attn::app {

// SOURCE, one or more of them, which go to `sources`, and --axes, --layer, --head, --seq,
// --precision.
void add_source_flags(Command& command, source::SourceRequest& request,
                      std::vector<std::string>& sources);

// --axes, or --axes-b; `what` is whose axes they are.
Flag add_axes_flag(Command& command, const std::string& flag, std::string& axes,
                   const std::string& what);

// --precision, of the numbers in stored arrays.
void add_precision_flag(Command& command, std::optional<DType>& precision);

// --precision of commands that read stored attention or compute it: for both.
void add_precision_flag(Command& command, std::optional<DType>& stored, source::Precision& computed,
                        const std::string& meaning);

// --tokens, --key-tokens.
void add_token_flags(Command& command, source::SourceRequest& request);

}  // namespace attn::app
