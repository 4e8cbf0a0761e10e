#include "results/training_report.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "io/json_text.hpp"
#include "results/number_or_null.hpp"

namespace attn::results {
namespace {

using Json = nlohmann::ordered_json;
using analysis::StepMeasure;
using analysis::TrainingSeries;

template <class Series, class Values>
void add_measures(Json& entry, const std::vector<Series>& all, const Series& one,
                  const std::vector<StepMeasure<Values>>& measures) {
    for (const StepMeasure<Values>& measure : measures) {
        if (!measure.always && !analysis::exists(all, measure.value)) continue;
        Json values = Json::array();
        for (const Values& step : one.steps) values.push_back(number_or_null(step.*measure.value));
        entry[measure.name] = std::move(values);
    }
}

using Numbers = std::vector<std::pair<std::string, double>>;

// The numbers of one step; none without gradients.
Numbers gradient_numbers(const analysis::HeadSeries& head, std::size_t step) {
    Numbers numbers;
    if (head.gradients.empty()) return numbers;
    for (const analysis::GradientMeasure& measure : analysis::gradient_measures())
        numbers.emplace_back(measure.name, head.gradients[step].*measure.value);
    return numbers;
}

Numbers gradient_numbers(const analysis::LayerSeries& layer, std::size_t step) {
    if (layer.gradients.empty()) return {};
    return analysis::named_numbers(layer.gradients[step]);
}

double number_named(const Numbers& numbers, const std::string& name) {
    for (const auto& [known, value] : numbers)
        if (known == name) return value;
    return analysis::StepHead::kNone;
}

// Series of what the first step has.
template <class Series>
void add_gradients(Json& entry, const Series& one) {
    if (one.gradients.empty()) return;
    std::vector<Numbers> steps;
    for (std::size_t step = 0; step < one.gradients.size(); ++step)
        steps.push_back(gradient_numbers(one, step));
    for (const auto& first : steps.front()) {
        Json values = Json::array();
        for (const Numbers& step : steps)
            values.push_back(number_or_null(number_named(step, first.first)));
        entry["grad"][first.first] = std::move(values);
    }
}

Json model_gradients_json(const std::vector<analysis::ModelGradientStats>& steps) {
    Json json = Json::object();
    for (const auto& [name, value] :
         {std::pair("depth_gain", &analysis::ModelGradientStats::depth_gain),
          std::pair("rate", &analysis::ModelGradientStats::rate),
          std::pair("global_norm", &analysis::ModelGradientStats::global_norm)}) {
        json[name] = Json::array();
        for (const analysis::ModelGradientStats& step : steps)
            json[name].push_back(number_or_null(step.*value));
    }
    json["verdict"] = Json::array();
    for (const analysis::ModelGradientStats& step : steps) json["verdict"].push_back(step.verdict);
    return json;
}

Json model_json(const TrainingSeries& series) {
    Json json = Json::object();
    for (const auto& measure : analysis::model_measures()) {
        if (!measure.always && !analysis::exists(series.model, measure.value)) continue;
        Json values = Json::array();
        for (const analysis::StepModel& step : series.model)
            values.push_back(number_or_null(step.*measure.value));
        json[measure.name] = std::move(values);
    }
    if (analysis::exists(series.model, &analysis::StepModel::max_abs_score)) {
        const std::optional<double> step = analysis::forecast_logits(series);
        json["logit_forecast"] = step ? Json(*step) : Json();
    }
    if (!series.gradients.empty()) json["grad"] = model_gradients_json(series.gradients);
    return json;
}

template <class Number>
Json optional_json(const std::optional<Number>& value) {
    return value ? Json(*value) : Json();
}

Json to_json(const analysis::Alarm& alarm) {
    Json json{{"name", alarm.name},
              {"verdict", analysis::name_of(alarm.verdict)},
              {"step", alarm.step},
              {"since", alarm.since},
              {"until", optional_json(alarm.until)}};
    json["layer"] = optional_json(alarm.layer);
    json["head"] = optional_json(alarm.head);
    json["value"] = number_or_null(alarm.value);
    json["threshold"] = optional_json(alarm.threshold);
    json["message"] = alarm.message;
    return json;
}

// The shortest text that reads back as the same number, as JSON writes it.
std::string cell(double value) {
    return std::isfinite(value) ? io::json_value(value) : "";
}

template <class Series, class Values>
std::string table_of(const TrainingSeries& series, const std::vector<Series>& all,
                     const std::vector<StepMeasure<Values>>& measures, const std::string& names,
                     std::string (*place)(const Series&)) {
    const bool sequences = std::any_of(all.begin(), all.end(),
                                       [](const Series& one) { return one.sequence.has_value(); });
    std::string csv = "step," + std::string(sequences ? "seq," : "") + names;
    std::vector<StepMeasure<Values>> columns;
    for (const StepMeasure<Values>& measure : measures) {
        if (!measure.always && !analysis::exists(all, measure.value)) continue;
        columns.push_back(measure);
        csv += "," + std::string(measure.name);
    }
    const Numbers gradients = gradient_numbers(all.front(), 0);
    for (const auto& named : gradients) csv += ",grad." + named.first;
    csv += "\n";
    for (std::size_t step = 0; step < series.steps.size(); ++step) {
        for (const Series& one : all) {
            csv += std::to_string(series.steps[step]) + ",";
            if (sequences) csv += (one.sequence ? std::to_string(*one.sequence) : "") + ",";
            csv += place(one);
            for (const StepMeasure<Values>& measure : columns)
                csv += "," + cell(one.steps[step].*measure.value);
            const Numbers numbers = gradient_numbers(one, step);
            for (const auto& named : gradients)
                csv += "," + cell(number_named(numbers, named.first));
            csv += "\n";
        }
    }
    return csv;
}

}  // namespace

std::size_t TrainingReport::count(analysis::AlarmVerdict verdict) const {
    return static_cast<std::size_t>(
        std::count_if(alarms.begin(), alarms.end(),
                      [&](const analysis::Alarm& alarm) { return alarm.verdict == verdict; }));
}

bool TrainingReport::passed(bool strict) const {
    return count(analysis::AlarmVerdict::alarm) == 0 &&
           (!strict || count(analysis::AlarmVerdict::warning) == 0);
}

std::string training_json(const TrainingReport& report, bool strict) {
    const TrainingSeries& series = report.series;
    Json json;
    json["steps"] = series.steps;
    json["heads"] = Json::array();
    for (const analysis::HeadSeries& head : series.heads) {
        Json entry{{"layer", head.layer}};
        if (head.sequence) entry["seq"] = *head.sequence;
        entry["head"] = head.head;
        add_measures(entry, series.heads, head, analysis::head_measures());
        add_gradients(entry, head);
        json["heads"].push_back(std::move(entry));
    }
    json["layers"] = Json::array();
    for (const analysis::LayerSeries& layer : series.layers) {
        Json entry{{"layer", layer.layer}};
        if (layer.sequence) entry["seq"] = *layer.sequence;
        add_measures(entry, series.layers, layer, analysis::layer_measures());
        add_gradients(entry, layer);
        json["layers"].push_back(std::move(entry));
    }
    json["model"] = model_json(series);
    json["alarms"] = Json::array();
    for (const analysis::Alarm& alarm : report.alarms) json["alarms"].push_back(to_json(alarm));
    json["passed"] = report.passed(strict);
    return io::json_document(json);
}

std::string heads_csv(const TrainingSeries& series) {
    return table_of<analysis::HeadSeries>(series, series.heads, analysis::head_measures(),
                                          "layer,head", [](const analysis::HeadSeries& one) {
                                              return std::to_string(one.layer) + "," +
                                                     std::to_string(one.head);
                                          });
}

std::string layers_csv(const TrainingSeries& series) {
    return table_of<analysis::LayerSeries>(
        series, series.layers, analysis::layer_measures(), "layer",
        [](const analysis::LayerSeries& one) { return std::to_string(one.layer); });
}

}  // namespace attn::results
