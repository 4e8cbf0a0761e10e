// What is written along the axes of a heatmap: which positions get a label and what it says.
#pragma once

#include <string>
#include <vector>

#include "render/cell_layout.hpp"
#include "render/figure.hpp"
#include "render/font.hpp"

namespace attn::render {

struct AxisLabel {
    std::size_t center = 0;  // pixels from the start of the axis
    std::string text;
};

struct Axis {
    std::vector<AxisLabel> labels;
    bool tokens = false;     // tokens, which stand upright on the key axis; otherwise indices
    std::size_t widest = 0;  // pixels of the longest text
    std::size_t step = 1;    // positions from one label to the next
};

// The part of an axis that is drawn.
struct AxisExtent {
    std::size_t first = 0;  // position of the first token
    std::size_t count = 0;  // positions
};

// Labels for the positions of `extent`: tokens where there are some, else indices; every one, or
// every 2nd, 5th, 10th … so that texts of `size` pixels do not touch. `across`: indices stand side
// by side (key axis), not one above the other.
Axis make_axis(const std::vector<std::string>& tokens, const AxisExtent& extent,
               const CellLayout& layout, const Font& font, std::size_t size, bool across,
               std::size_t least_step = 1);

// Both axes of a matrix, labelled at the same step, which is the larger one of the two; an axis
// that would be left with less than two labels keeps its own.
struct AxisPair {
    Axis queries;
    Axis keys;
};
AxisPair make_axes(const std::vector<std::string>& query_tokens, const AxisExtent& queries,
                   const std::vector<std::string>& key_tokens, const AxisExtent& keys,
                   const CellLayout& layout, const Font& font, std::size_t size);

// Pixels between an axis and its labels, tick included.
inline constexpr std::size_t kAxisGap = 8;

// Pixels that the labels take below the matrix.
std::size_t key_label_height(const Axis& axis, std::size_t size);

// Writes the labels to the left of a matrix whose top left corner is at (left, top).
void add_query_labels(Figure& figure, const Axis& axis, std::size_t size, std::size_t left,
                      std::size_t top);

// Writes the labels below a matrix whose bottom left corner is at (left, bottom).
void add_key_labels(Figure& figure, const Axis& axis, std::size_t size, std::size_t left,
                    std::size_t bottom);

// How a token is shown: white space becomes visible, an empty token is "".
std::string visible_token(const std::string& token);

}  // namespace attn::render
