#include "pipeline/approx_rows.hpp"

#include <cmath>
#include <cstdio>

#include "core/error.hpp"

namespace attn::pipeline {
namespace {

using analysis::ApproxMeasures;

// What the sink has measured of one method, in a row of the report.
template <class T>
void fill_row(const analysis::ApproxSink<T>& sink, std::size_t method, results::ApproxRow& row) {
    for (const analysis::LayerApproximation& layer : sink.layers())
        if (layer.method == method) row.layers.push_back(layer);
    std::vector<const analysis::ErrorSums*> sums;
    std::vector<const ApproxMeasures*> measures;
    for (const analysis::HeadApproximation& head : sink.heads()) {
        if (head.method != method) continue;
        row.heads.push_back(head);
        const auto place = static_cast<std::size_t>(&head - sink.heads().data());
        if (!sink.singular_values()[place].empty())
            row.singular_values.push_back(sink.singular_values()[place]);
        sums.push_back(&head.sums);
        measures.push_back(&head.measures);
    }
    std::size_t worst = 0, least = 0;
    row.run = analysis::pooled_measures(sums, measures, worst, least);
    if (row.layers.size() != 1) return;
    row.run.output_error = row.layers[0].measures.output_error;
    row.run.mean_error = row.layers[0].measures.mean_error;
}

}  // namespace

template <class T>
void fill_rows(const analysis::ApproxSink<T>& sink, const ChosenMethods& chosen,
               std::vector<results::ApproxRow>& rows) {
    std::size_t next = 0;
    for (results::ApproxRow& row : rows) {
        if (!row.skipped.empty()) continue;
        const ChosenMethods::Runs runs = chosen.runs()[next++];
        std::vector<results::ApproxRow> all(runs.count, row);
        for (std::size_t i = 0; i < runs.count; ++i) fill_row(sink, runs.first + i, all[i]);
        row = results::mean_of_runs(all);
    }
}

double error_of(const ApproxMeasures& measures, ApproxTarget target) {
    switch (target) {
        case ApproxTarget::context:
            return measures.context_error;
        case ApproxTarget::weights:
            return measures.weights_error;
        case ApproxTarget::output:
            return measures.output_error;
        case ApproxTarget::mass:
            break;
    }
    return measures.lost_mass;
}

void compare_with_limit(const ApproxRequest& request, ApproxTarget target, ApproxResult& result) {
    if (!request.max_error) return;
    const std::string& name = approx_targets()[static_cast<std::size_t>(target)];
    for (const results::ApproxRow& row : result.report.methods) {
        for (const analysis::LayerApproximation& layer : row.layers) {
            const double error = error_of(layer.measures, target);
            if (std::isnan(error))
                fail("--max-error: ", row.spec, " has no error of --target ", name, " here");
            if (error <= *request.max_error) continue;
            char number[32];
            std::snprintf(number, sizeof number, "%.4g", error);
            result.above.push_back(row.spec + ", layer " + std::to_string(layer.layer) +
                                   ": error of " + name + " is " + number);
        }
    }
}

template void fill_rows(const analysis::ApproxSink<float>&, const ChosenMethods&,
                        std::vector<results::ApproxRow>&);
template void fill_rows(const analysis::ApproxSink<double>&, const ChosenMethods&,
                        std::vector<results::ApproxRow>&);

}  // namespace attn::pipeline
