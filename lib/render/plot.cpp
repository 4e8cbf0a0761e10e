#include "render/plot.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/divide_up.hpp"
#include "core/word_list.hpp"
#include "render/cell_layout.hpp"
#include "render/ink.hpp"
#include "render/palette.hpp"
#include "render/plot_axis.hpp"
#include "render/plot_labels.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kPlotMargin = 14;
constexpr std::size_t kPlotGap = 16;
constexpr std::size_t kPlotText = 13;
constexpr std::size_t kSmallText = 10;  // beside points
constexpr std::size_t kPlotAxisText = 15;
constexpr std::size_t kPlotTitleText = 19;
constexpr std::size_t kTick = 4;
constexpr std::size_t kMostColumns = 4;
constexpr std::size_t kMostNames = 24;  // of lines in the legend
constexpr double kDot = 2.5;
constexpr double kMark = 5;
constexpr double kLeader = 0.7;  // pixels of a line from a point to its label
constexpr Color kGrid{228, 228, 228};

// One line of the legend: a stroke, a dashed one or a mark, and a text.
struct Entry {
    enum class Kind { line, threshold, mark } kind;
    std::string name;
    Color color;
    double width = 1;
    MarkShape shape = MarkShape::disc;
    bool dashed = false;
    bool marked = false;  // of a line
};

struct PlotPlan {
    std::size_t columns = 1, rows = 1;
    std::size_t width = 0, height = 0;  // of a panel
    std::size_t left = 0, top = 0;      // of the first
    std::size_t panel_title = 0;
    ColorScale x, y;
    std::vector<Tick> x_ticks, y_ticks;
    std::vector<Entry> legend;
    std::size_t legend_x = 0;

    std::size_t panel_x(std::size_t index) const {
        return left + index % columns * (width + kPlotGap);
    }
    std::size_t panel_y(std::size_t index) const {
        return top + index / columns * (panel_title + height + kPlotGap) + panel_title;
    }
    // Where a value lies in the panel at (left, top).
    Point place(std::size_t index, double x_value, double y_value) const {
        return {
            static_cast<double>(panel_x(index)) + x.position(x_value) * static_cast<double>(width),
            static_cast<double>(panel_y(index)) +
                (1 - y.position(y_value)) * static_cast<double>(height)};
    }
    bool shows(double value) const { return value >= y.low && value <= y.high; }
};

ColorScale y_range(const Plot& plot) {
    if (plot.y_ends) return {ScaleKind::linear, plot.y_ends->first, plot.y_ends->second};
    std::vector<double> values;
    for (const PlotPanel& panel : plot.panels)
        for (const PlotLine& line : panel.lines)
            values.insert(values.end(), line.values.begin(), line.values.end());
    const ColorScale own = plot_range(values, plot.y_kind);
    // A threshold that is far away would leave the lines no room.
    const bool log = own.kind == ScaleKind::log;
    const double span = log ? own.high / own.low : own.high - own.low;
    for (const PlotPanel& panel : plot.panels) {
        for (const PlotThreshold& threshold : panel.thresholds) {
            const double value = threshold.value;
            const bool near = log ? value > own.low / span && value < own.high * span
                                  : value > own.low - span && value < own.high + span;
            if (near) values.push_back(value);
        }
    }
    return plot_range(values, plot.y_kind);
}

bool same_entry(const Entry& a, const Entry& b) {
    return a.kind == b.kind && a.name == b.name && a.color == b.color && a.shape == b.shape;
}

void add_entry(std::vector<Entry>& entries, Entry entry) {
    if (entry.name.empty()) return;
    const auto same = [&](const Entry& other) { return same_entry(entry, other); };
    if (std::none_of(entries.begin(), entries.end(), same)) entries.push_back(std::move(entry));
}

// Where there are many lines, only some of them, with the last one: their colours are in order.
std::vector<Entry> thinned(const std::vector<Entry>& lines) {
    if (lines.size() <= kMostNames) return lines;
    const std::size_t step = divide_up(lines.size(), kMostNames);
    std::vector<Entry> some;
    for (std::size_t i = 0; i < lines.size(); i += step) some.push_back(lines[i]);
    if ((lines.size() - 1) % step != 0) some.push_back(lines.back());
    return some;
}

// Names at the same height share an entry: they share their line in the panels, too.
std::vector<Entry> threshold_entries(const Plot& plot, const PlotPlan& plan) {
    struct Height {
        double value;
        std::vector<std::string> names;
        std::string number;
    };
    std::vector<Height> heights;
    for (const PlotPanel& panel : plot.panels) {
        for (const PlotThreshold& threshold : panel.thresholds) {
            if (!plan.shows(threshold.value)) continue;
            const auto same = [&](const Height& one) { return one.value == threshold.value; };
            auto height = std::find_if(heights.begin(), heights.end(), same);
            if (height == heights.end())
                height = heights.insert(height, {threshold.value, {}, threshold.number});
            std::vector<std::string>& names = height->names;
            if (std::find(names.begin(), names.end(), threshold.name) == names.end())
                names.push_back(threshold.name);
        }
    }
    std::vector<Entry> entries;
    for (const Height& height : heights) {
        const std::string number = height.number.empty() ? "" : " " + height.number;
        add_entry(entries, {Entry::Kind::threshold, joined(height.names) + number, kVermilion});
    }
    return entries;
}

std::vector<Entry> legend_of(const Plot& plot, const PlotPlan& plan) {
    std::vector<Entry> lines, others = threshold_entries(plot, plan);
    for (const PlotPanel& panel : plot.panels) {
        for (const PlotLine& line : panel.lines)
            add_entry(lines, {Entry::Kind::line, line.name, line.color, line.width, line.shape,
                              line.dashed, line.marked});
        for (const PlotMark& mark : panel.marks)
            add_entry(others, {Entry::Kind::mark, mark.name, mark.color, 1, mark.shape});
    }
    std::vector<Entry> all = plot.all_names ? lines : thinned(lines);
    all.insert(all.end(), others.begin(), others.end());
    return all;
}

PlotPlan make_plot_plan(const Plot& plot, const Font& font) {
    PlotPlan plan;
    const std::size_t panels = plot.panels.size();
    plan.columns =
        plot.columns > 0 ? plot.columns : std::min(lay_out_sheet(panels).across, kMostColumns);
    plan.rows = divide_up(panels, plan.columns);
    plan.width = panels == 1 ? 560 : 300;
    plan.height = panels == 1 ? 300 : 170;
    if (plot.panel_width > 0) plan.width = plot.panel_width;
    if (plot.panel_height > 0) plan.height = plot.panel_height;
    const bool titles = std::any_of(plot.panels.begin(), plot.panels.end(),
                                    [](const PlotPanel& panel) { return !panel.title.empty(); });
    plan.panel_title = titles ? kPlotText + 5 : 0;
    std::vector<double> all_x = plot.x;
    for (const PlotPanel& panel : plot.panels)
        for (const PlotLine& line : panel.lines)
            all_x.insert(all_x.end(), line.x.begin(), line.x.end());
    plan.x = plot_range(all_x, plot.x_kind);
    plan.y = y_range(plot);
    plan.x_ticks = ticks_at(plot.x, plan.x, plan.width, font, kPlotText);
    plan.y_ticks = ticks(plan.y, panels == 1 ? 6 : 4);
    std::size_t widest = 0;
    for (const Tick& tick : plan.y_ticks)
        widest = std::max(widest, font.width(tick.text, kPlotText));
    plan.left = kPlotMargin + kPlotAxisText + 6 + widest + kTick + 4;
    plan.top = kPlotMargin + (plot.title.empty() ? 0 : kPlotTitleText + 6) +
               (plot.note.empty() ? 0 : kPlotText + 6) + 4;
    plan.legend = legend_of(plot, plan);
    plan.legend_x = plan.panel_x(plan.columns - 1) + plan.width + kPlotGap + 4;
    return plan;
}

void add_frame_and_ticks(Figure& figure, const PlotPlan& plan, std::size_t index, bool lowest) {
    const std::size_t left = plan.panel_x(index), top = plan.panel_y(index);
    const std::size_t bottom = top + plan.height;
    for (const Tick& tick : plan.y_ticks) {
        const auto y =
            static_cast<std::size_t>(std::lround(plan.place(index, plan.x.low, tick.value).y));
        if (y > top && y < bottom) figure.fill(left, y, plan.width, 1, kGrid);
        if (index % plan.columns != 0) continue;
        figure.fill(left - 1 - kTick, y, kTick, 1, kInk);
        figure.write({tick.text, kPlotText, static_cast<double>(left - kTick - 4),
                      static_cast<double>(y) - kPlotText / 2.0, kInk, TextAnchor::end});
    }
    for (const Tick& tick : plan.x_ticks) {
        const auto x =
            static_cast<std::size_t>(std::lround(plan.place(index, tick.value, plan.y.low).x));
        if (x > left && x < left + plan.width) figure.fill(x, top, 1, plan.height, kGrid);
        figure.fill(x, bottom + 1, 1, kTick, kInk);
        if (lowest)
            figure.write({tick.text, kPlotText, static_cast<double>(x),
                          static_cast<double>(bottom + kTick + 3), kInk, TextAnchor::middle});
    }
    figure.frame(left, top, plan.width, plan.height);
}

bool is_drawn(const PlotPlan& plan, double value) {
    return std::isfinite(value) && (plan.y.kind != ScaleKind::log || value > 0);
}

void add_curve(Figure& figure, const Plot& plot, const PlotPlan& plan, std::size_t index,
               const PlotLine& line) {
    const std::vector<double>& x = line.x.empty() ? plot.x : line.x;
    assert(line.values.size() == x.size());
    const auto exists = [&](std::size_t i) {
        return i < line.values.size() && is_drawn(plan, line.values[i]);
    };
    for (std::size_t i = 0; i < line.values.size(); ++i) {
        if (!exists(i)) continue;
        const Point here = plan.place(index, x[i], line.values[i]);
        if (exists(i + 1)) {
            const Point next = plan.place(index, x[i + 1], line.values[i + 1]);
            if (line.dashed)
                add_dashed_line(figure, here, next, line.width, line.color);
            else
                add_line(figure, here, next, line.width, line.color);
        }
        const bool alone = !exists(i + 1) && (i == 0 || !exists(i - 1));
        if (!line.marked && !alone) continue;
        const double radius = line.marked ? kDot + 1 : kDot;
        add_mark(figure, here, radius, line.shape, line.color);
    }
}

// The labels of all lines, behind which nothing more is drawn.
void add_labels(Figure& figure, const Plot& plot, const PlotPlan& plan, std::size_t index,
                const Font& font) {
    const PlotPanel& panel = plot.panels[index];
    std::vector<PointLabel> labels;
    LabelObstacles obstacles;
    for (const PlotLine& line : panel.lines) {
        const std::vector<double>& x = line.x.empty() ? plot.x : line.x;
        std::optional<Point> before;
        for (std::size_t i = 0; i < line.values.size(); ++i) {
            const std::optional<Point> from = before;
            before.reset();
            if (!is_drawn(plan, line.values[i])) continue;
            const Point here = plan.place(index, x[i], line.values[i]);
            before = here;
            if (from) add_stroke(obstacles.strokes, *from, here);
            if (line.marked) obstacles.points.push_back(box_around(here, kDot + 1));
            if (i < line.labels.size() && !line.labels[i].empty())
                labels.push_back({here, line.labels[i], line.color,
                                  static_cast<double>(font.width(line.labels[i], kSmallText))});
        }
    }
    if (labels.empty()) return;
    for (const PlotMark& mark : panel.marks)
        if (std::isfinite(mark.y))
            obstacles.points.push_back(box_around(plan.place(index, mark.x, mark.y), kMark));
    const auto left = static_cast<double>(plan.panel_x(index));
    const auto top = static_cast<double>(plan.panel_y(index));
    const LabelBox frame{left, top, left + static_cast<double>(plan.width),
                         top + static_cast<double>(plan.height)};
    const auto boxes = place_labels(labels, kSmallText + 1.0, frame, obstacles);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (!boxes[i]) continue;
        if (const auto end = leader_end(labels[i], *boxes[i]))
            add_line(figure, labels[i].point, *end, kLeader, labels[i].color);
        figure.write({labels[i].text, kSmallText, boxes[i]->left, boxes[i]->top, labels[i].color});
    }
}

void add_panel(Figure& figure, const Plot& plot, const PlotPlan& plan, std::size_t index,
               const Font& font) {
    const PlotPanel& panel = plot.panels[index];
    const std::size_t left = plan.panel_x(index), top = plan.panel_y(index);
    add_frame_and_ticks(figure, plan, index, index + plan.columns >= plot.panels.size());
    for (const PlotLine& line : panel.lines) add_curve(figure, plot, plan, index, line);
    for (const PlotThreshold& threshold : panel.thresholds) {
        if (!plan.shows(threshold.value)) continue;
        add_dashed_line(figure, plan.place(index, plan.x.low, threshold.value),
                        plan.place(index, plan.x.high, threshold.value), 1.2, kVermilion);
    }
    for (const PlotMark& mark : panel.marks) {
        if (!std::isfinite(mark.y)) continue;
        add_mark(figure, plan.place(index, mark.x, mark.y), kMark, mark.shape, mark.color);
    }
    add_labels(figure, plot, plan, index, font);
    figure.write({panel.title, kPlotText, static_cast<double>(left),
                  static_cast<double>(top - plan.panel_title), kInk});
}

constexpr std::size_t kSample = 22;  // pixels of a line in the legend

void add_legend_entries(Figure& figure, const PlotPlan& plan) {
    std::size_t y = plan.panel_y(0);
    for (const Entry& entry : plan.legend) {
        const auto x = static_cast<double>(plan.legend_x);
        const double middle = static_cast<double>(y) + kPlotText / 2.0 + 1;
        if (entry.kind == Entry::Kind::line && entry.dashed)
            add_dashed_line(figure, {x, middle}, {x + kSample, middle}, entry.width, entry.color);
        else if (entry.kind == Entry::Kind::line)
            add_line(figure, {x, middle}, {x + kSample, middle}, entry.width, entry.color);
        else if (entry.kind == Entry::Kind::threshold)
            add_dashed_line(figure, {x, middle}, {x + kSample, middle}, 1.2, entry.color);
        else
            add_mark(figure, {x + kSample / 2.0, middle}, kMark, entry.shape, entry.color);
        if (entry.kind == Entry::Kind::line && entry.marked)
            add_mark(figure, {x + kSample / 2.0, middle}, kDot + 1, entry.shape, entry.color);
        figure.write({entry.name, kPlotText, x + kSample + 6, static_cast<double>(y), kInk});
        y += kPlotText + 5;
    }
}

}  // namespace

Figure make_plot(const Plot& plot, const Font& font) {
    assert(!plot.panels.empty() && !plot.x.empty());
    const PlotPlan plan = make_plot_plan(plot, font);
    const std::size_t last_row = (plan.rows - 1) * plan.columns;
    const std::size_t bottom = plan.panel_y(last_row) + plan.height;
    std::size_t names = 0;
    for (const Entry& entry : plan.legend)
        names = std::max(names, font.width(entry.name, kPlotText));
    const std::size_t beside = plan.legend.empty() ? 0 : kSample + 6 + names;
    const std::size_t title = plan.left + std::max(font.width(plot.title, kPlotTitleText),
                                                   font.width(plot.note, kPlotText));
    Figure figure;
    figure.width = std::max(plan.legend_x + beside, title) + kPlotMargin;
    figure.height = std::max(bottom + kTick + 3 + kPlotText + 6 + kPlotAxisText,
                             plan.panel_y(0) + plan.legend.size() * (kPlotText + 5)) +
                    kPlotMargin;
    for (std::size_t index = 0; index < plot.panels.size(); ++index)
        add_panel(figure, plot, plan, index, font);
    const auto left = static_cast<double>(plan.left);
    const std::size_t note = kPlotMargin + (plot.title.empty() ? 0 : kPlotTitleText + 6);
    figure.write({plot.title, kPlotTitleText, left, kPlotMargin, kInk});
    figure.write({plot.note, kPlotText, left, static_cast<double>(note), kFaintInk});
    const auto right = static_cast<double>(plan.panel_x(plan.columns - 1) + plan.width);
    figure.write({plot.x_name, kPlotAxisText, (left + right) / 2,
                  static_cast<double>(bottom + kTick + 3 + kPlotText + 6), kInk,
                  TextAnchor::middle});
    figure.write({plot.y_name, kPlotAxisText, kPlotMargin,
                  (static_cast<double>(plan.panel_y(0)) + static_cast<double>(bottom)) / 2, kInk,
                  TextAnchor::middle, TextDirection::up});
    add_legend_entries(figure, plan);
    return figure;
}

}  // namespace attn::render
