// The pictures of approx: errors against costs, what heads need, how far they look and of what rank
// they are.
#pragma once

#include <string>

#include "io/output_folder.hpp"
#include "results/approx_report.hpp"

namespace attn::results {

struct ApproxPictureText {
    std::string source;   // where the attention came from
    std::string target;   // which error is drawn: context, weights, output, mass
    std::string command;  // that draws the same again
};

// pareto.png (error against FLOPs) and pareto-bytes.png (against bytes read), a line a method over
// its budgets, where methods were measured and costs are known; growth.png where
// the report holds growth; needs.png, spans.png and spectrum.png of the first sequence where it
// holds needs.
void write_approx_pictures(const ApproxReport& report, const ApproxPictureText& text,
                           io::OutputFolder& folder);

}  // namespace attn::results
