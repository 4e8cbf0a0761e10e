// Plots: lines over a common horizontal axis, in one panel or several, with thresholds, marks and a
// legend. They are figures, so that PNG, SVG and PDF come with them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "render/color_scale.hpp"
#include "render/figure.hpp"
#include "render/font.hpp"
#include "render/stroke.hpp"

namespace attn::render {

// Values over the x of the plot, one for each; NaN and infinities leave a gap. A value between two
// gaps is drawn as a dot.
struct PlotLine {
    std::string name;  // in the legend, where lines of one name and colour stand once; empty: not
    std::vector<double> values;
    Color color;
    double width = 1.6;
    std::vector<double> x =
        {};  // of its values, in the order of the line; empty: those of the plot
    bool dashed = false;
    bool marked = false;                   // a mark at each value
    std::vector<std::string> labels = {};  // near its values, none over another
    MarkShape shape = MarkShape::disc;     // of these marks
};

// A dashed line at one height. Several at one height have one line in the legend.
struct PlotThreshold {
    std::string name;  // in the legend
    double value = 0;
    std::string number = {};  // behind the names there; empty: none
};

// Something that happened at one place.
struct PlotMark {
    std::string name;  // in the legend
    double x = 0;
    double y = 0;
    MarkShape shape = MarkShape::disc;
    Color color;
};

struct PlotPanel {
    std::string title;
    std::vector<PlotLine> lines;  // a later one hides an earlier one
    std::vector<PlotThreshold> thresholds;
    std::vector<PlotMark> marks;
};

struct Plot {
    std::string title;
    std::string note;  // a small line below the title
    std::string x_name;
    std::string y_name;
    std::vector<double> x;  // ascending; ticks stand at these
    ScaleKind x_kind = ScaleKind::linear;
    ScaleKind y_kind = ScaleKind::linear;             // log only where values reach over a decade
    std::optional<std::pair<double, double>> y_ends;  // else as far as lines and thresholds reach
    std::vector<PlotPanel> panels;                    // all on the same axes
    std::size_t columns = 0;                          // panels in a row; 0: as looks well
    std::size_t panel_width = 0, panel_height = 0;    // 0: as looks well
    bool all_names = false;  // in the legend, however many; else some of them, evenly
};

Figure make_plot(const Plot& plot, const Font& font);

}  // namespace attn::render
