// One of the sources of a report, opened: what streams, who may attend, and what everything is
// called.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analysis/stats_sink.hpp"
#include "io/inputs.hpp"
#include "pipeline/check_judge.hpp"
#include "pipeline/report.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {

template <class T>
struct ReportSide {
    source::SourceRequest from;
    std::unique_ptr<source::StoredAttention<T>> attention;  // null: it is computed
    std::unique_ptr<source::Source<T>> source;
    Share share;
    CheckedAttention<T> checked;
    source::AxisLabels labels;
    analysis::StatsOptions stats;
    bool knows_who_may_attend = false;
    bool is_crossed = false;  // keys are of another sequence, as is known where it is computed
    KvOrder kv_order = KvOrder::repeat;
    // What is in the page, by number.
    std::vector<std::size_t> layers;
    std::vector<std::size_t> heads;
    std::vector<std::size_t> sequences;

    const source::Outline& outline() const { return source->outline(); }
    std::size_t matrices() const { return layers.size() * heads.size() * sequences.size(); }
    // Cells that may be attended, in all matrices.
    double allowed_cells() const;
    std::vector<std::ptrdiff_t> offsets() const;
};

// `from` is SOURCE or what --against names; messages about its axes name `axes_flag`. Throws Error
// as open_stored_attention does, and for layers, heads, tokens and masks that do not fit.
template <class T>
ReportSide<T> open_report_side(const ReportRequest& request, const source::SourceRequest& from,
                               io::Inputs& inputs, const Warn& warn,
                               const std::string& axes_flag = "--axes");

// What the request's inputs give. `inputs` must outlive it. Throws Error as ComputedSource does,
// and for layers, heads and sequences that are not there.
template <class T>
ReportSide<T> compute_report_side(const ReportRequest& request, io::Inputs& inputs,
                                  const Warn& warn);

}  // namespace attn::pipeline
