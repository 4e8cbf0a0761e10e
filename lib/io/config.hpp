// Reads config.json as model hubs write it: settings and lists of names, whatever else stands
// there.
#pragma once

#include <string>

#include "io/container.hpp"
#include "io/file_bytes.hpp"

namespace attn::io {

// Adds what a JSON object holds to the settings and texts of the container. Keys inside objects are
// joined by "/" ("rope_scaling/factor"); numbers, truth values and texts become settings, arrays of
// texts one list of texts; null, other arrays, and NaN and Infinity as Python writes them become
// other settings. `path` is what messages call it. Throws Error, with the line, for broken JSON,
// and for anything but an object, keys that stand twice and nesting deeper than 64.
void parse_config(const FileBytes& file, const std::string& path, Container& container);

// The same for a file, which is then one of the container's files.
void read_config(const std::string& path, Container& container);

}  // namespace attn::io
