// From packed numbers and facts to the page: in which order its parts stand, so that a browser
// shows the overview and the first head while the rest still comes in.
#pragma once

#include <string>

#include "render/page.hpp"
#include "results/report_chunks.hpp"
#include "results/report_meta.hpp"

namespace attn::pipeline {

// `chunks` must outlive the page.
render::Page report_page(const results::ReportFacts& facts, const results::ReportChunks& chunks);

// A command line as the page shows it: no folders of this machine, only names that were given from
// where the user stood.
std::string without_absolute_folders(const std::string& command);

}  // namespace attn::pipeline
