// What a query of a vision transformer looks at, drawn over the photograph it was given.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/patch_grid.hpp"
#include "pipeline/draw.hpp"

namespace attn::pipeline {

// One query whose row is drawn.
struct PhotoTarget {
    std::string name;  // "class token", "patch 3,4", "query 7"
    std::size_t query = 0;
};

// "cls", "R,C" (a patch), "N" (a query), several with semicolons between them. Throws Error that
// names
// --targets for anything else and for what is not on the grid.
std::vector<PhotoTarget> parse_targets(const std::string& text, const analysis::PatchGrid& grid);

// The picture of request.photo over request.from: a panel for each head (or their mean), a row for
// each layer and target. Throws Error when the keys are not the patches of the grid.
std::string draw_over_photo(const DrawRequest& request, const Warn& warn);

// A folder of such pictures at request.output: for each sequence layerNN/heads.png of each layer
// and, where there are several, layers.png. Returns their paths. Throws Error as above, and as
// io::OutputFolder does.
std::vector<std::string> draw_photo_folder(const DrawRequest& request, const Warn& warn);

}  // namespace attn::pipeline
