// The flags that say which stored attention a command looks at.
#pragma once

#include <CLI/CLI.hpp>

#include "pipeline/source_selection.hpp"

namespace attn::app {

// SOURCE and --axes, --layer, --head, --seq, --precision.
void add_source_flags(CLI::App& command, pipeline::SourceRequest& request);

// --axes, or --axes-b; `what` is whose axes they are.
CLI::Option* add_axes_flag(CLI::App& command, const std::string& flag, std::string& axes,
                           const std::string& what);

// --precision, of the numbers in stored arrays.
void add_precision_flag(CLI::App& command, std::optional<DType>& precision);

// --tokens, --key-tokens.
void add_token_flags(CLI::App& command, pipeline::SourceRequest& request);

}  // namespace attn::app
