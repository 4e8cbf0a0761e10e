// Pictures of attention that was saved earlier, by us or by others.
#pragma once

#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "io/output_guard.hpp"
#include "results/heatmap_options.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {

// Attention over a photograph; see photo_overlay.hpp.
struct PhotoRequest {
    std::string image;            // PNG or JPEG; empty: no photograph
    std::string grid;             // "14x14+1": how the keys lie on it
    std::string targets = "cls";  // queries to draw
    bool mean_heads = false;      // one map of all heads
};

struct DrawRequest {
    source::SourceRequest from;
    // A folder, one file that ends in .png, .svg or .pdf, or "-" for one on standard output.
    std::string output;
    io::OutputPolicy policy;
    bool sheet = false;  // only sheets; into a file: all heads on one picture
    results::HeatmapOptions heatmaps;
    PhotoRequest photo;
    Communicator ranks = {};  // that draw it together
};

// Whether the output is one picture and not a folder of them.
bool is_one_picture(const std::string& output);

// Writes the pictures and returns their paths, none for standard output. `warn` is told how the
// source was read where it could be read otherwise. Throws Error; then nothing is written.
std::vector<std::string> draw(const DrawRequest& request, const Progress& progress,
                              const Warn& warn = nullptr);

// The first chosen head as text, at most `columns` characters wide; see render/terminal.hpp.
std::string draw_in_terminal(const DrawRequest& request, std::size_t columns, bool color,
                             const Warn& warn = nullptr);

}  // namespace attn::pipeline
