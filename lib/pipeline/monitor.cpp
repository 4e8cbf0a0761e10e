#include "pipeline/monitor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/measurable.hpp"
#include "core/error.hpp"
#include "io/json_text.hpp"
#include "io/output_folder.hpp"
#include "io/same_files.hpp"
#include "pipeline/monitor_steps.hpp"
#include "results/manifest.hpp"
#include "results/training_pictures.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {
namespace {

std::vector<analysis::AlarmRule> chosen_rules(const MonitorRequest& request) {
    analysis::require_alarm_names(request.only, "--only");
    analysis::require_alarm_names(request.skip, "--skip");
    const auto lists = [](const std::vector<std::string>& names, const analysis::AlarmRule& rule) {
        return std::find(names.begin(), names.end(), rule.name) != names.end();
    };
    std::vector<analysis::AlarmRule> rules;
    for (const analysis::AlarmRule& rule : request.rules) {
        if (!request.only.empty() && !lists(request.only, rule)) continue;
        if (!lists(request.skip, rule)) rules.push_back(rule);
    }
    for (const std::string& name : request.changed) {
        if (std::any_of(rules.begin(), rules.end(),
                        [&](const auto& rule) { return rule.name == name; }))
            continue;
        fail("--alarm ", name, ": has no effect, ", request.only.empty() ? "--skip" : "--only",
             " leaves it out");
    }
    return rules;
}

// What was asked for by name is there, or refused by name. After the `first` step only what no
// later step can bring is refused.
void require_asked_for(const MonitorRequest& request, const std::vector<analysis::AlarmRule>& rules,
                       const analysis::TrainingSeries& series, bool first) {
    for (const std::string& name : request.plots.value_or(std::vector<std::string>{})) {
        const std::string why = analysis::why_not_measured(series, name, !first);
        if (!why.empty()) fail("--plots ", name, ": there is nothing to draw; it ", why);
    }
    const auto judge = [&](const std::string& flag, const std::string& name) {
        const auto rule = std::find_if(rules.begin(), rules.end(),
                                       [&](const auto& one) { return one.name == name; });
        if (rule == rules.end()) return;
        // Gradients come behind all steps, where they were asked for.
        const bool no_gradients = rule->reads.of_gradients != nullptr && !request.upstream;
        const std::string why = analysis::why_never_raised(series, *rule, !first || no_gradients);
        if (!why.empty()) fail(flag, " ", name, ": can never be raised here; it ", why);
    };
    for (const std::string& name : request.only) judge("--only", name);
    for (const std::string& name : request.changed) judge("--alarm", name);
}

std::vector<std::string> files_of(const MonitorRequest& request,
                                  const std::vector<source::TrainingStep>& steps) {
    io::Inputs inputs;
    for (const source::TrainingStep& step : steps) inputs.also_reads(step.source);
    const source::ComputedRequest& input = request.input;
    for (const std::string* file :
         {&request.from.tokens, &request.from.key_tokens, &input.embeddings, &input.hidden_states,
          &input.token_ids, &input.token_type_ids, &input.context, &input.tokens, &input.key_tokens,
          &input.attention.mask, &input.attention.bias, &input.attention.sink,
          &input.attention.positions, &input.attention.relative_bias, &input.attention.past_key,
          &input.attention.past_value})
        inputs.also_reads(*file);
    if (request.upstream) inputs.also_reads(request.upstream->array);
    return inputs.paths();
}

std::string described(const MonitorRequest& request) {
    std::string text;
    for (const auto* names : {&request.sources, &request.checkpoints})
        for (const std::string& name : *names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::vector<std::string> write_all(const MonitorRequest& request,
                                   const results::TrainingReport& report,
                                   const std::vector<analysis::AlarmRule>& rules,
                                   io::OutputFolder& folder) {
    folder.write("monitor.json", results::training_json(report, request.strict));
    folder.write("heads.csv", results::heads_csv(report.series));
    folder.write("layers.csv", results::layers_csv(report.series));
    results::write_training_pictures(report, rules,
                                     request.plots.value_or(results::training_plot_names()),
                                     {described(request), request.command}, folder);
    results::RunManifest manifest;
    manifest.command = "monitor";
    manifest.options.emplace_back("source", io::json_value(described(request)));
    manifest.options.emplace_back("steps", io::json_value(report.series.steps));
    manifest.options.emplace_back("strict", request.strict ? "true" : "false");
    for (const analysis::LayerSeries& layer : report.series.layers)
        if (!layer.sequence) manifest.layers.push_back(layer.layer);
    manifest.files = folder.files();
    folder.commit(results::write_manifest(manifest));
    return folder.paths();
}

}  // namespace

MonitorResult monitor(const MonitorRequest& request, const Progress& progress, const Warn& warn) {
    const std::vector<analysis::AlarmRule> rules = chosen_rules(request);
    const bool computed = !request.checkpoints.empty();
    if (request.upstream && !computed)
        fail(
            "--grad: needs projections and values, which saved attention has not; only with "
            "--checkpoints");
    if (request.upstream && request.from.sequences)
        fail("--seq and --grad exclude each other: gradients of layers are of all sequences");
    const std::vector<source::TrainingStep> steps =
        computed ? checkpoint_steps(request) : stored_steps(request);
    const std::vector<std::string> files = files_of(request, steps);
    io::require_same_files(request.ranks, files);
    std::optional<io::OutputFolder> folder;
    if (!request.output.empty())
        folder.emplace(request.output, io::OutputGuard("monitor", request.policy, files),
                       "a folder", request.ranks);
    const bool wide_input = request.input.precision == source::Precision::f64;
    const DType type =
        computed ? (wide_input ? DType::float64 : DType::float32) : type_of_steps(request, steps);
    const AfterFirst after_first = [&](const analysis::TrainingSeries& series) {
        require_asked_for(request, rules, series, true);
    };
    MonitorResult result;
    result.report.series = source::with_type(type, [&](auto number) {
        using T = decltype(number);
        return computed ? measure_checkpoints<T>(request, steps, after_first, progress, warn)
                        : measure_stored<T>(request, steps, after_first, progress, warn);
    });
    require_asked_for(request, rules, result.report.series, false);
    result.report.alarms = analysis::find_alarms(result.report.series, rules);
    if (folder && request.ranks.is_root())
        result.files = write_all(request, result.report, rules, *folder);
    return result;
}

}  // namespace attn::pipeline
