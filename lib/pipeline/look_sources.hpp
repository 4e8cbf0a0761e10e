// What there is to look at behind a name on the command line.
#pragma once

#include <string>
#include <vector>

namespace attn::pipeline {

// What a folder stands for: itself where it is a run folder, a checkpoint, or .npy files side by
// side; else what of these is in it and in its folders, by name, so that of files of several kinds
// none is left out. Any other name stands for itself. Throws Error for a folder that holds none of
// them.
std::vector<std::string> sources_in(const std::string& source);

}  // namespace attn::pipeline
