// Lines and marks of plots, drawn with the shapes that a figure has.
#pragma once

#include "render/figure.hpp"

namespace attn::render {

// A straight line, `width` pixels thick, with ends that go a little beyond it so that the next one
// of a curve meets it without a gap.
void add_line(Figure& figure, Point from, Point to, double width, Color color);

// The same in dashes.
void add_dashed_line(Figure& figure, Point from, Point to, double width, Color color);

enum class MarkShape { disc, diamond, triangle, square };

// A filled mark with a light edge, which is seen on lines of its own colour; `radius` in pixels.
void add_mark(Figure& figure, Point centre, double radius, MarkShape shape, Color color);

}  // namespace attn::render
