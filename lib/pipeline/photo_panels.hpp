// Maps of patches over the photograph that they are, on one page.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/patch_grid.hpp"
#include "render/image.hpp"
#include "results/heatmap_options.hpp"

namespace attn::pipeline {

// Panels of a page, row by row.
struct PhotoPanels {
    std::vector<std::vector<float>> cells;  // of each panel, [rows, columns] of the grid
    std::vector<std::string> titles;        // likewise
    std::vector<std::size_t> queries;       // the token whose map it is
    std::vector<std::string> rows;          // what stands left of each row; empty: nothing
    std::size_t columns = 1;
};

struct PhotoText {
    std::string title;
    std::string note;                             // below; empty: none
    std::string value_name = "attention weight";  // beside the colours
    std::string description;  // what the maps are, for the facts inside of the file
};

// A photograph and the name of its file.
class Photo {
  public:
    // Reads PNG or JPEG. Throws Error for anything else.
    explicit Photo(const std::string& file);

    const render::Image& image() const { return image_; }
    const std::string& file() const { return file_; }

  private:
    std::string file_;
    render::Image image_;
};

// The page in the format of the options; a frame around the patch that each panel is of. The title
// of the options wins.
std::string draw_panels(const PhotoPanels& panels, const analysis::PatchGrid& grid,
                        const Photo& photo, const results::HeatmapOptions& options,
                        const PhotoText& text);

}  // namespace attn::pipeline
