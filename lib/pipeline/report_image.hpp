// The photograph under the patches of the page of `report`.
#pragma once

#include <string>

#include "analysis/patch_grid.hpp"
#include "results/report_meta.hpp"

namespace attn::pipeline {

struct EmbeddedImage {
    std::string bytes;  // of the file, as the page carries them
    results::ReportImage facts;
};

// Throws Error that names --image for what is no PNG or JPEG file, for one of more than 4 MB, and
// for fewer pixels than patches.
EmbeddedImage load_report_image(const std::string& path, const analysis::PatchGrid& grid);

}  // namespace attn::pipeline
