#include "results/training_pictures.hpp"

#include <algorithm>
#include <cmath>

#include "core/version.hpp"
#include "render/heatmap.hpp"
#include "render/palette.hpp"
#include "render/picture_format.hpp"
#include "render/plot.hpp"
#include "render/plot_axis.hpp"

namespace attn::results {
namespace {

using analysis::AlarmRule;
using analysis::AlarmVerdict;
using analysis::HeadSeries;
using analysis::LayerSeries;
using analysis::StepHead;
using analysis::StepLayer;
using analysis::TrainingSeries;

constexpr render::Color kMeanLine{150, 150, 150};

struct DrawnMeasure {
    std::string name;
    double StepHead::*of_head;           // null: of layers only
    double StepLayer::*of_layer;         // null: the mean of the heads
    bool is_share;                       // 0 … 1
    bool log;                            // where it reaches over a decade
    std::vector<AlarmRule::Kind> rules;  // whose thresholds and marks belong here
};

const std::vector<DrawnMeasure>& drawn_measures() {
    using Kind = AlarmRule::Kind;
    static const std::vector<DrawnMeasure> all{
        {"entropy_normalised",
         &StepHead::entropy_normalised,
         &StepLayer::entropy_normalised,
         true,
         false,
         {Kind::entropy_collapse, Kind::entropy_drop, Kind::collapsed_head, Kind::uniform_head,
          Kind::nonfinite}},
        {"max_abs_score",
         &StepHead::max_abs_score,
         nullptr,
         false,
         true,
         {Kind::logit_growth, Kind::logit_explosion}},
        {"score_range", &StepHead::score_range, nullptr, false, true, {}},
        {"sink", &StepHead::sink, nullptr, true, false, {Kind::sink_formed}},
        {"induction", &StepHead::induction, nullptr, true, false, {Kind::induction_phase_change}},
        {"saturation",
         &StepHead::saturation,
         &StepLayer::saturation,
         true,
         false,
         {Kind::saturated_layer, Kind::saturated_head}},
        {"effective_keys", &StepHead::effective_keys, &StepLayer::effective_keys, false, false, {}},
        {"change", nullptr, &StepLayer::change, false, true, {Kind::stalled_layer}},
    };
    return all;
}

bool is_drawable(const TrainingSeries& series, const DrawnMeasure& measure) {
    return measure.of_head != nullptr ? analysis::exists(series.heads, measure.of_head)
                                      : analysis::exists(series.layers, measure.of_layer);
}

template <class Series, class Values>
std::vector<double> values_of(const Series& series, double Values::*value) {
    std::vector<double> values;
    for (const Values& step : series.steps) values.push_back(step.*value);
    return values;
}

std::vector<double> mean_of_lines(const std::vector<render::PlotLine>& lines, std::size_t steps) {
    std::vector<double> means;
    for (std::size_t step = 0; step < steps; ++step) {
        double sum = 0, count = 0;
        for (const render::PlotLine& line : lines)
            if (std::isfinite(line.values[step])) sum += line.values[step], count += 1;
        means.push_back(sum / count);
    }
    return means;
}

render::MarkShape shape_of(AlarmVerdict verdict) {
    return verdict == AlarmVerdict::alarm     ? render::MarkShape::diamond
           : verdict == AlarmVerdict::warning ? render::MarkShape::triangle
                                              : render::MarkShape::disc;
}

render::Color color_of(AlarmVerdict verdict) {
    return verdict == AlarmVerdict::alarm     ? render::kVermilion
           : verdict == AlarmVerdict::warning ? render::Color{200, 130, 0}
                                              : render::Color{0, 128, 92};
}

class Drawing {
  public:
    Drawing(const TrainingReport& report, const std::vector<AlarmRule>& rules,
            const TrainingPictureText& text)
        : report_(report), series_(report.series), rules_(rules), text_(text) {}

    render::Figure plot(const DrawnMeasure& measure) const {
        render::Plot plot;
        plot.title = measure.name;
        plot.note = text_.source;
        plot.x_name = "step";
        plot.y_name = measure.name;
        for (const std::int64_t step : series_.steps) plot.x.push_back(static_cast<double>(step));
        // Steps that double are as many on the left as on the right.
        if (plot.x.front() > 0 && plot.x.back() > 100 * plot.x.front())
            plot.x_kind = render::ScaleKind::log;
        if (measure.log) plot.y_kind = render::ScaleKind::log;
        if (measure.is_share) plot.y_ends = {{-0.02, 1.02}};
        if (measure.of_head == nullptr) {
            plot.panels.push_back(layers_panel(measure));
        } else {
            for (const LayerSeries& layer : series_.layers)
                if (!layer.sequence) plot.panels.push_back(layer_panel(measure, layer));
        }
        return render::make_plot(plot, render::Font::embedded());
    }

    render::Figure strip(const DrawnMeasure& measure) const {
        // Nothing changed before the first step.
        const std::size_t first = measure.of_layer == &StepLayer::change ? 1 : 0;
        std::vector<float> cells;
        render::HeatmapPanel panel;
        const auto add_row = [&](const std::string& name, const std::vector<double>& values) {
            panel.query_labels.push_back(name);
            for (std::size_t step = first; step < values.size(); ++step)
                cells.push_back(static_cast<float>(values[step]));
        };
        if (measure.of_head == nullptr) {
            for (const LayerSeries& layer : series_.layers)
                if (!layer.sequence)
                    add_row(std::to_string(layer.layer), values_of(layer, measure.of_layer));
        } else {
            for (const HeadSeries& head : series_.heads)
                if (!head.sequence)
                    add_row(std::to_string(head.layer) + "." + std::to_string(head.head),
                            values_of(head, measure.of_head));
        }
        for (std::size_t step = first; step < series_.steps.size(); ++step)
            panel.key_labels.push_back(std::to_string(series_.steps[step]));
        panel.queries = panel.query_labels.size();
        panel.keys = panel.key_labels.size();
        panel.cells = {cells.data(), panel.queries, panel.keys};
        panel.query_title = measure.of_head == nullptr ? "layer" : "layer.head";
        panel.key_title = "step";
        panel.title = measure.name;
        panel.note = text_.source;
        return render::make_heatmap(panel, strip_style(measure, panel.cells));
    }

  private:
    render::HeatmapStyle strip_style(const DrawnMeasure& measure,
                                     MatrixView<const float> cells) const {
        render::HeatmapStyle style;
        constexpr std::size_t kMostPixels = 700;
        style.layout = render::lay_out_cells(cells.rows, cells.columns, std::nullopt, kMostPixels);
        style.value_name = measure.name;
        if (measure.is_share) return style;  // 0 … 1
        std::vector<double> values(cells.data, cells.data + cells.rows * cells.columns);
        const bool wide = measure.log && render::plot_range(values, render::ScaleKind::log).kind ==
                                             render::ScaleKind::log;
        style.scale =
            render::scale_of(cells, wide ? render::ScaleKind::log : render::ScaleKind::linear);
        return style;
    }

    render::PlotPanel layer_panel(const DrawnMeasure& measure, const LayerSeries& layer) const {
        render::PlotPanel panel;
        panel.title = "layer " + std::to_string(layer.layer);
        std::vector<const HeadSeries*> heads;
        for (const HeadSeries& head : series_.heads)
            if (!head.sequence && head.layer == layer.layer) heads.push_back(&head);
        const std::vector<render::Color> colors = render::line_colors(heads.size());
        for (std::size_t i = 0; i < heads.size(); ++i)
            panel.lines.push_back({"head " + std::to_string(heads[i]->head),
                                   values_of(*heads[i], measure.of_head), colors[i]});
        // Behind the heads, which are thinner.
        if (heads.size() > 1)
            panel.lines.insert(panel.lines.begin(),
                               {"mean of the heads",
                                mean_of_lines(panel.lines, series_.steps.size()), kMeanLine, 5});
        add_rules(panel, measure, layer.layer);
        return panel;
    }

    render::PlotPanel layers_panel(const DrawnMeasure& measure) const {
        render::PlotPanel panel;
        std::vector<const LayerSeries*> layers;
        for (const LayerSeries& layer : series_.layers)
            if (!layer.sequence) layers.push_back(&layer);
        const std::vector<render::Color> colors = render::line_colors(layers.size());
        for (std::size_t i = 0; i < layers.size(); ++i)
            panel.lines.push_back({"layer " + std::to_string(layers[i]->layer),
                                   values_of(*layers[i], measure.of_layer), colors[i]});
        add_rules(panel, measure, std::nullopt);
        return panel;
    }

    // Where the measure of an alarm stands at its step: that of its head, layer or model.
    double height_of(const DrawnMeasure& measure, const analysis::Alarm& alarm) const {
        const std::size_t step = place_of_step(alarm.step);
        if (alarm.head && measure.of_head != nullptr) {
            for (const HeadSeries& head : series_.heads)
                if (!head.sequence && head.layer == *alarm.layer && head.head == *alarm.head)
                    return head.steps[step].*measure.of_head;
        }
        if (alarm.layer && measure.of_layer != nullptr) {
            for (const LayerSeries& layer : series_.layers)
                if (!layer.sequence && layer.layer == *alarm.layer)
                    return layer.steps[step].*measure.of_layer;
        }
        return series_.model[step].induction_max;
    }

    // An alarm of the model belongs to the layer whose head it is about.
    bool belongs_to(const DrawnMeasure& measure, const analysis::Alarm& alarm,
                    std::size_t layer) const {
        if (alarm.layer) return *alarm.layer == layer;
        const std::size_t step = place_of_step(alarm.step);
        const double height = height_of(measure, alarm);
        return std::any_of(series_.heads.begin(), series_.heads.end(), [&](const HeadSeries& head) {
            return !head.sequence && head.layer == layer &&
                   head.steps[step].*measure.of_head == height;
        });
    }

    std::size_t place_of_step(std::int64_t step) const {
        return static_cast<std::size_t>(
            std::find(series_.steps.begin(), series_.steps.end(), step) - series_.steps.begin());
    }

    void add_rules(render::PlotPanel& panel, const DrawnMeasure& measure,
                   std::optional<std::size_t> layer) const {
        for (const AlarmRule& rule : rules_) {
            if (std::find(measure.rules.begin(), measure.rules.end(), rule.kind) ==
                measure.rules.end())
                continue;
            // These compare steps; no height says where they begin.
            const bool has_height = rule.has_threshold &&
                                    rule.kind != AlarmRule::Kind::entropy_drop &&
                                    rule.kind != AlarmRule::Kind::induction_phase_change;
            if (has_height)
                panel.thresholds.push_back(
                    {rule.name, rule.threshold, render::plot_number(rule.threshold)});
            for (const analysis::Alarm& alarm : report_.alarms) {
                if (alarm.name != rule.name) continue;
                if (layer && !belongs_to(measure, alarm, *layer)) continue;
                panel.marks.push_back({analysis::name_of(alarm.verdict),
                                       static_cast<double>(alarm.step), height_of(measure, alarm),
                                       shape_of(alarm.verdict), color_of(alarm.verdict)});
            }
        }
    }

    const TrainingReport& report_;
    const TrainingSeries& series_;
    const std::vector<AlarmRule>& rules_;
    const TrainingPictureText& text_;
};

}  // namespace

const std::vector<std::string>& training_plot_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const DrawnMeasure& measure : drawn_measures()) all.push_back(measure.name);
        return all;
    }();
    return names;
}

void write_training_pictures(const TrainingReport& report, const std::vector<AlarmRule>& rules,
                             const std::vector<std::string>& names, const TrainingPictureText& text,
                             io::OutputFolder& folder) {
    const Drawing drawing(report, rules, text);
    for (const DrawnMeasure& measure : drawn_measures()) {
        if (std::find(names.begin(), names.end(), measure.name) == names.end()) continue;
        if (!is_drawable(report.series, measure)) continue;
        const auto write = [&](const std::string& name, const render::Figure& figure) {
            const render::PictureFacts facts{
                {"Title", name},
                {"Source", text.source},
                {"Command", text.command},
                {"Software", std::string("attn-inspect ") + version()}};
            folder.write(name + ".png",
                         render::encode(figure, render::Font::embedded(), {}, facts));
        };
        write(measure.name, drawing.plot(measure));
        write("strip-" + measure.name, drawing.strip(measure));
    }
}

}  // namespace attn::results
