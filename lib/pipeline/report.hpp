// report: one HTML page to explore attention, which any browser opens from disk.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/progress.hpp"
#include "core/warn.hpp"
#include "io/output_guard.hpp"
#include "pipeline/report_plan.hpp"
#include "results/report_meta.hpp"
#include "source/computed_request.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {

struct ReportRequest {
    source::SourceRequest from;
    // What attention is computed from where no source is named. Beside a source its query and key
    // are what the scores were made of, and of its attention only who may attend counts.
    source::ComputedRequest computed;
    std::string against;  // a second source; empty: none
    std::string against_axes;
    std::string grid;   // "14x14+1": keys are patches of a picture
    std::string image;  // that picture, PNG or JPEG

    ReportValues values = ReportValues::automatic;
    double budget = 24e6;  // bytes of the page
    std::size_t top = 4;   // exact entries a row beside compact values
    results::ReportStart start;
    std::string title;  // empty: the name of the source
    bool checks = true;
    bool rollout = true;

    std::string output;  // FILE.html, or "-" for standard output
    io::OutputPolicy policy;
    std::string command;  // that makes the page again, for people

    bool is_computed() const { return from.source.empty(); }
};

struct ReportResult {
    std::size_t layers = 0;
    std::size_t heads = 0;
    std::size_t sequences = 1;
    std::size_t queries = 0;
    std::size_t keys = 0;
    results::ReportPacking packing;
    std::size_t bytes = 0;  // of the page
};

// Throws Error for a source that cannot be read or has no weights, for a budget that no page of it
// keeps, and for an output that cannot be written; then nothing is there. `warn` is told how the
// source was read where it could be read otherwise, and what is left out.
ReportResult report(const ReportRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
