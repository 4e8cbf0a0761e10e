#include "results/approx_pictures.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>

#include "core/divide_up.hpp"
#include "core/version.hpp"
#include "core/word_list.hpp"
#include "render/palette.hpp"
#include "render/picture_format.hpp"
#include "render/plot.hpp"
#include "results/needs_picture.hpp"

namespace attn::results {
namespace {

using analysis::ApproxMeasures;
using analysis::NeedsOfHead;

constexpr render::Color kCostsMore{175, 175, 175};
constexpr std::size_t kMostPoints = 512;  // of a line

double drawn_error(const ApproxMeasures& measures, const std::string& target) {
    if (target == "mass") return measures.lost_mass;
    if (target == "weights") return measures.weights_error;
    return target == "output" ? measures.output_error : measures.context_error;
}

// One budget of one method.
struct ParetoPoint {
    double cost, error;
    std::string label;
};

struct ParetoLine {
    std::string name, group;
    bool oracle = false;
    std::vector<ParetoPoint> points;  // cheapest first
};

// What is written beside a point: the budget's value, or which method it is.
std::string budget_label(const ApproxRow& row) {
    const std::size_t equals = row.budget.find('=');
    if (equals == std::string::npos) return row.method;
    // Where there are two options, the first says enough.
    return row.budget.substr(equals + 1, row.budget.find(' ', equals) - equals - 1);
}

// The method with all options but its budgets: what one line joins.
std::string line_name(const ApproxRow& row) {
    std::string name = row.spec;
    for (const std::string& budget : split_at(row.budget, ' ')) {
        const std::size_t equals = budget.find('=');
        if (equals == std::string::npos) continue;
        const std::size_t place = name.find(":" + budget.substr(0, equals + 1));
        if (place != std::string::npos) name.erase(place, name.find(':', place + 1) - place);
    }
    return name;
}

using Cost = double ApproxMeasures::*;

// In the order of the report.
std::vector<ParetoLine> pareto_lines(const ApproxReport& report, Cost cost,
                                     const std::string& target) {
    std::vector<ParetoLine> lines;
    for (const ApproxRow& row : report.methods) {
        const double error = drawn_error(row.run, target), price = row.run.*cost;
        if (row.method == "exact" || !row.skipped.empty() || !std::isfinite(error)) continue;
        if (!(price > 0)) continue;
        const std::string name = line_name(row);
        const auto same = [&](const ParetoLine& line) { return line.name == name; };
        auto line = std::find_if(lines.begin(), lines.end(), same);
        if (line == lines.end()) line = lines.insert(line, {name, row.group, row.oracle, {}});
        line->points.push_back({price, error, budget_label(row)});
    }
    for (ParetoLine& line : lines) {
        std::stable_sort(line.points.begin(), line.points.end(),
                         [](const auto& a, const auto& b) { return a.cost < b.cost; });
    }
    return lines;
}

// How far the points reach.
struct ParetoEnds {
    double least_error = 1, cheapest = 1, dearest = 1;

    explicit ParetoEnds(const std::vector<ParetoLine>& lines) {
        constexpr double kNoError = 1e-9;  // rounding
        for (const ParetoLine& line : lines) {
            for (const ParetoPoint& point : line.points) {
                if (point.error > kNoError) least_error = std::min(least_error, point.error);
                cheapest = std::min(cheapest, point.cost);
                dearest = std::max(dearest, point.cost);
            }
        }
    }
    // Where errors of 0 are drawn, which no log axis has.
    double bottom() const { return least_error / 3; }

    std::vector<double> ticks() const {
        std::vector<double> ticks;
        for (double power = 1e-6; power < 1e6; power *= 10) {
            for (const double step : {1.0, 2.0, 5.0}) {
                if (step * power >= 0.7 * cheapest && step * power <= 1.5 * dearest)
                    ticks.push_back(step * power);
            }
        }
        return ticks;
    }
};

bool costs_more(const ParetoLine& line) {
    return line.points.front().cost > 1;  // and so do all others
}

// `greyed`: how many lines before it are grey, too; their marks tell them apart.
render::PlotLine drawn_line(const ParetoLine& line, double bottom, render::Color color,
                            std::size_t greyed) {
    using render::MarkShape;
    constexpr MarkShape kShapes[] = {MarkShape::disc, MarkShape::triangle, MarkShape::square,
                                     MarkShape::diamond};
    render::PlotLine drawn{line.name, {}, color};
    if (costs_more(line)) {
        drawn.color = kCostsMore;
        drawn.name += " (costs more)";
        drawn.shape = kShapes[greyed % std::size(kShapes)];
    }
    drawn.dashed = line.oracle;
    drawn.marked = true;
    for (const ParetoPoint& point : line.points) {
        drawn.x.push_back(point.cost);
        drawn.values.push_back(std::max(point.error, bottom));
        drawn.labels.push_back(point.label);
    }
    return drawn;
}

// Whether all of them cost what exact attention does: in a panel of their own they would stand on
// one vertical line, over each other.
bool costs_as_exact(const std::vector<const ParetoLine*>& lines) {
    return std::all_of(lines.begin(), lines.end(), [](const ParetoLine* line) {
        return line->points.front().cost == 1 && line->points.back().cost == 1;
    });
}

// Few methods share one panel; of many every group has its own, but for `left_out` groups, whose
// names are added there.
std::vector<render::PlotPanel> pareto_panels(const std::vector<ParetoLine>& lines, double bottom,
                                             std::vector<std::string>& left_out) {
    constexpr std::size_t kFew = 6;
    const bool split = lines.size() > kFew;
    std::vector<std::string> groups;
    for (const ParetoLine& line : lines) {
        const std::string group = split ? line.group : "";
        if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
    }
    std::vector<render::PlotPanel> panels;
    for (const std::string& group : groups) {
        render::PlotPanel panel;
        panel.title = group;
        std::vector<const ParetoLine*> members;
        for (const ParetoLine& line : lines)
            if (!split || line.group == group) members.push_back(&line);
        if (split && members.size() > 1 && groups.size() > 1 && costs_as_exact(members)) {
            left_out.push_back(group);
            continue;
        }
        const std::vector<render::Color> colors = render::distinct_colors(members.size());
        std::size_t greyed = 0;
        for (std::size_t i = 0; i < members.size(); ++i) {
            panel.lines.push_back(drawn_line(*members[i], bottom, colors[i], greyed));
            greyed += costs_more(*members[i]) ? 1 : 0;
            if (split) panel.lines.back().name = group + ": " + panel.lines.back().name;
        }
        panel.marks.push_back(
            {"exact (error 0)", 1, bottom, render::MarkShape::diamond, render::kVermilion});
        panels.push_back(std::move(panel));
    }
    return panels;
}

render::Figure draw_pareto(const ApproxReport& report, const ApproxPictureText& text, Cost cost,
                           const std::string& cost_name) {
    const std::vector<ParetoLine> lines = pareto_lines(report, cost, text.target);
    const ParetoEnds ends(lines);
    render::Plot plot;
    plot.y_name = text.target == "mass" ? "lost mass" : text.target + " error";
    plot.title = plot.y_name + " against " + cost_name;
    plot.note = text.source + " · numbers: budgets · dashed: chosen by the exact weights";
    plot.x_name = cost_name + " / those of exact attention";
    plot.x_kind = plot.y_kind = render::ScaleKind::log;
    plot.x = ends.ticks();
    std::vector<std::string> left_out;
    plot.panels = pareto_panels(lines, ends.bottom(), left_out);
    if (!left_out.empty())
        plot.note += " · not shown, as they cost the same as exact attention: " + joined(left_out);
    plot.all_names = true;
    if (plot.panels.size() > 1) {
        plot.columns = 2;
        plot.panel_width = 440;
        plot.panel_height = 250;
    }
    return render::make_plot(plot, render::Font::embedded());
}

// Heads of the first sequence that is there, layer by layer.
std::vector<std::vector<const NeedsOfHead*>> by_layers(const std::vector<NeedsOfHead>& needs) {
    std::vector<std::vector<const NeedsOfHead*>> layers;
    for (const NeedsOfHead& head : needs) {
        if (head.sequence != needs.front().sequence) continue;
        if (layers.empty() || layers.back().front()->layer != head.layer) layers.emplace_back();
        layers.back().push_back(&head);
    }
    return layers;
}

// At most so many of the places 0 … count - 1, the last among them.
std::vector<std::size_t> some_places(std::size_t count) {
    const std::size_t step = std::max<std::size_t>(1, divide_up(count, kMostPoints));
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i + 1 < count; i += step) places.push_back(i);
    if (count > 0) places.push_back(count - 1);
    return places;
}

render::PlotLine cumulative_line(const std::vector<double>& mass, std::string name,
                                 render::Color color) {
    double all = 0, sum = 0;
    for (const double value : mass) all += value;
    std::vector<double> shares;
    for (const double value : mass) shares.push_back((sum += value) / all);
    render::PlotLine line{std::move(name), {}, color};
    for (const std::size_t i : some_places(mass.size())) {
        line.x.push_back(static_cast<double>(i + 1));
        line.values.push_back(shares[i]);
    }
    return line;
}

// 1, 2, 5, 10, … up to `last`.
std::vector<double> round_ticks(double last) {
    std::vector<double> ticks;
    for (double power = 1; power <= last; power *= 10) {
        for (const double step : {1.0, 2.0, 5.0})
            if (step * power <= last) ticks.push_back(step * power);
    }
    return ticks.empty() ? std::vector<double>{1} : ticks;
}

template <class Draw>
render::Figure draw_layers(const std::vector<NeedsOfHead>& needs, render::Plot plot,
                           const Draw& draw) {
    double longest = 1;
    for (const auto& heads : by_layers(needs)) {
        render::PlotPanel panel;
        panel.title = "layer " + std::to_string(heads.front()->layer);
        const std::vector<render::Color> colors = render::line_colors(heads.size());
        for (std::size_t i = 0; i < heads.size(); ++i) draw(panel, *heads[i], colors[i]);
        for (const render::PlotLine& line : panel.lines)
            if (!line.x.empty()) longest = std::max(longest, line.x.back());
        plot.panels.push_back(std::move(panel));
    }
    plot.x = round_ticks(longest);
    plot.x_kind = render::ScaleKind::log;
    return render::make_plot(plot, render::Font::embedded());
}

render::Figure draw_spans(const std::vector<NeedsOfHead>& needs, const std::string& source) {
    render::Plot plot;
    plot.title = "attention mass within a window";
    plot.note = source + " · dashed: without key 0";
    plot.x_name = "window (keys, the query's own position included)";
    plot.y_name = "share of the mass";
    plot.y_ends = {{-0.02, 1.02}};
    return draw_layers(
        needs, plot, [](render::PlotPanel& panel, const NeedsOfHead& head, render::Color color) {
            render::PlotLine without = cumulative_line(head.needs.mass_without_first, "", color);
            without.dashed = true;
            without.width = 1;
            // A head whose rows see nothing has nothing to draw.
            if (!without.values.empty()) panel.lines.push_back(std::move(without));
            panel.thresholds = {{"95 and 99 %", 0.95}, {"95 and 99 %", 0.99}};
            if (head.needs.mass.empty()) return;
            panel.lines.push_back(
                cumulative_line(head.needs.mass, "head " + std::to_string(head.head), color));
        });
}

render::Figure draw_spectrum(const std::vector<NeedsOfHead>& needs, const std::string& source) {
    render::Plot plot;
    plot.title = "singular values of the weights";
    plot.note = source + " · marks: the rank that is needed";
    plot.x_name = "rank";
    plot.y_name = "singular value / the largest";
    plot.y_kind = render::ScaleKind::log;
    return draw_layers(
        needs, plot, [](render::PlotPanel& panel, const NeedsOfHead& head, render::Color color) {
            const std::vector<double>& values = head.needs.singular_values;
            if (values.empty() || values[0] == 0) return;
            render::PlotLine line{"head " + std::to_string(head.head), {}, color};
            constexpr double kNothing = 1e-9;  // of the largest: rounding
            for (const std::size_t i : some_places(values.size())) {
                line.x.push_back(static_cast<double>(i + 1));
                line.values.push_back(std::max(values[i] / values[0], kNothing));
            }
            if (head.needs.rank)
                panel.marks.push_back({"", static_cast<double>(*head.needs.rank),
                                       std::max(values[*head.needs.rank - 1] / values[0], kNothing),
                                       render::MarkShape::diamond, color});
            panel.lines.push_back(std::move(line));
        });
}

// FLOPs as a line that follows the formula, with a dot at each length that was asked for.
void add_growth_lines(render::PlotPanel& panel, const analysis::LayerGrowth& growth,
                      const analysis::GrowthRow& row, render::Color color) {
    const auto number_of = [](std::size_t n) { return static_cast<double>(n); };
    char slope[24] = "";
    if (std::isfinite(row.exponent)) std::snprintf(slope, sizeof slope, ", n^%.2f", row.exponent);
    render::PlotLine line{row.layer + slope, row.curve, color};
    std::transform(growth.curve_lengths.begin(), growth.curve_lengths.end(),
                   std::back_inserter(line.x), number_of);
    panel.lines.push_back(std::move(line));
    for (std::size_t i = 0; i < row.costs.size(); ++i) {
        render::PlotLine dot{"", {static_cast<double>(row.costs[i].flops)}, color};
        dot.x = {number_of(growth.lengths[i])};
        dot.marked = true;
        if (row.is_recurrent && i + 1 == row.costs.size()) dot.labels = {row.layer};
        panel.lines.push_back(std::move(dot));
    }
}

render::PlotPanel flops_panel(const analysis::LayerGrowth& growth,
                              const std::vector<render::Color>& colors) {
    render::PlotPanel panel;
    // Recurrent layers first: what stands beside them hides them, not the other way round.
    for (const bool recurrent : {true, false}) {
        for (std::size_t i = 0; i < growth.rows.size(); ++i) {
            if (growth.rows[i].is_recurrent == recurrent)
                add_growth_lines(panel, growth, growth.rows[i], colors[i]);
        }
    }
    const auto crossing = growth.crossings.layer;
    if (crossing >= growth.lengths.front() && crossing <= growth.lengths.back()) {
        const analysis::GrowthRow& lstm = growth.rows.back();
        const double a_token = static_cast<double>(lstm.costs.front().flops) /
                               static_cast<double>(growth.lengths.front());
        panel.marks.push_back({"attention = LSTM at n=" + std::to_string(crossing),
                               static_cast<double>(crossing),
                               a_token * static_cast<double>(crossing), render::MarkShape::diamond,
                               render::kVermilion});
    }
    return panel;
}

render::PlotPanel times_panel(const analysis::LayerGrowth& growth,
                              const std::vector<render::Color>& colors) {
    render::PlotPanel panel;
    for (std::size_t i = 0; i < growth.rows.size(); ++i) {
        const analysis::GrowthRow& row = growth.rows[i];
        if (std::none_of(row.times.begin(), row.times.end(),
                         [](double time) { return std::isfinite(time); }))
            continue;
        char slope[32] = "";
        if (std::isfinite(row.time_exponent))
            std::snprintf(slope, sizeof slope, ", n^%.2f", row.time_exponent);
        render::PlotLine line{row.layer + slope, row.times, colors[i]};
        line.marked = true;
        if (row.is_recurrent) {
            line.labels.resize(row.times.size());
            line.labels.back() = row.layer;
        }
        panel.lines.push_back(std::move(line));
    }
    return panel;
}

render::Figure draw_growth(const analysis::LayerGrowth& growth, const std::string& source,
                           bool times) {
    constexpr render::Color kRecurrent{150, 150, 150};
    render::Plot plot;
    plot.title =
        times ? "time of a layer against its length" : "FLOPs of a layer against its length";
    plot.note = source + " · projections included · grey: recurrent layers of the same width";
    plot.x_name = "tokens";
    plot.y_name = times ? "seconds" : "FLOPs";
    plot.x_kind = plot.y_kind = render::ScaleKind::log;
    for (const std::size_t n : growth.lengths) plot.x.push_back(static_cast<double>(n));
    std::vector<render::Color> colors = render::line_colors(growth.rows.size() - 3);
    colors.resize(growth.rows.size(), kRecurrent);
    plot.panels = {times ? times_panel(growth, colors) : flops_panel(growth, colors)};
    return render::make_plot(plot, render::Font::embedded());
}

bool any_time(const analysis::LayerGrowth& growth) {
    return std::isfinite(growth.rows.front().times.front());
}

bool any_spectrum(const std::vector<NeedsOfHead>& needs) {
    return std::any_of(needs.begin(), needs.end(), [](const NeedsOfHead& head) {
        return !head.needs.singular_values.empty() && head.needs.singular_values[0] > 0;
    });
}

}  // namespace

void write_approx_pictures(const ApproxReport& report, const ApproxPictureText& text,
                           io::OutputFolder& folder) {
    const auto write = [&](const std::string& name, const render::Figure& figure) {
        const render::PictureFacts facts{{"Title", name},
                                         {"Source", text.source},
                                         {"Command", text.command},
                                         {"Software", std::string("attn-inspect ") + version()}};
        folder.write(name + ".png", render::encode(figure, render::Font::embedded(), {}, facts));
    };
    const auto has_points = [&](Cost cost) {
        return report.costs && !pareto_lines(report, cost, text.target).empty();
    };
    if (has_points(&ApproxMeasures::flops_ratio))
        write("pareto", draw_pareto(report, text, &ApproxMeasures::flops_ratio, "FLOPs"));
    if (has_points(&ApproxMeasures::read_ratio))
        write("pareto-bytes", draw_pareto(report, text, &ApproxMeasures::read_ratio, "bytes read"));
    if (report.growth) write("growth", draw_growth(*report.growth, text.source, false));
    if (report.growth && any_time(*report.growth))
        write("growth-time", draw_growth(*report.growth, text.source, true));
    if (!report.needs || report.needs->empty()) return;
    write("needs", draw_needs(*report.needs, text.source));
    write("spans", draw_spans(*report.needs, text.source));
    if (any_spectrum(*report.needs)) write("spectrum", draw_spectrum(*report.needs, text.source));
}

}  // namespace attn::results
