// Three panels of one head: exact weights, those that a method implies, and their difference.
#pragma once

#include <string>

#include "analysis/implied_sink.hpp"
#include "render/figure.hpp"
#include "results/heatmap_options.hpp"

namespace attn::results {

struct TriptychText {
    std::string title;  // "layer 0, head 3: local:window=8"
    std::string note;
};

// Masked cells have their own colour in all panels, and keys that the method does not keep one in
// the second. Only the colours, limits (of the weights) and sizes among the
// options count.
render::Figure draw_triptych(const analysis::ImpliedHead& head, const TriptychText& text,
                             const HeatmapOptions& options = {});

// "layer00/head03-local:window=8.png", in a batch "layer00/seq01-head03-local:window=8.png"; masks
// that are joined have + between them.
std::string triptych_file(const analysis::ImpliedHead& head, const std::string& spec, bool batch);

}  // namespace attn::results
