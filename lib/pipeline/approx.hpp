// approx: what a published cheaper attention would do to these heads, and what it would save.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "core/warn.hpp"
#include "io/output_guard.hpp"
#include "results/approx_report.hpp"
#include "results/heatmap_options.hpp"
#include "results/implied_arrays.hpp"
#include "source/computed_request.hpp"
#include "source/source_selection.hpp"
#include "source/upstream.hpp"

namespace attn::pipeline {

// Which error --max-error looks at.
enum class ApproxTarget { context, weights, output, mass };

struct ApproxRequest {
    // Either attention that is computed, with `layers`, `heads` and `sequences` of `from`, …
    source::ComputedRequest input;
    // … or stored attention, where `from.source` names some; `input.attention` says who may attend.
    // Where that is a run that saved q, k and v, attention is computed from those.
    source::SourceRequest from;
    std::string value;  // of stored attention: [(batch,) heads or kv_heads, keys, d_value]

    std::string methods;          // empty: the usual ones, or none where only needs are asked for
    std::vector<double> budgets;  // shares of the top of each method's budget
    std::optional<std::uint64_t> seed;         // of random methods; default 0
    std::optional<std::size_t> seeds;          // random methods run so often; default 1
    std::optional<std::size_t> element_bytes;  // default 4
    std::optional<std::size_t> top_keys;       // default 8
    // Measures that are printed; nothing: all of them are, or they are written.
    std::optional<std::vector<std::string>> shown;
    bool per_head = false;

    std::string linformer_e, linformer_f;      // matrices for linformer:projection=file
    std::string head_budgets;                  // needs.json of --needs: heads run with their own
    std::optional<source::Upstream> upstream;  // for prune-heads:by=grad

    bool needs = false;                  // what does each head need
    std::optional<double> target_error;  // … for an error of at most this; default 0.05

    std::vector<std::size_t> growth;  // lengths to tell costs of layers for

    bool time = false;                  // run what has a fast path for real
    std::optional<std::size_t> repeat;  // the fastest of so many runs counts; default 5

    std::optional<ApproxTarget> target;
    std::optional<double> max_error;

    std::string output;  // folder; empty: nothing is written
    bool pictures = true;
    results::HeatmapOptions heatmaps;            // of single heads: colours and sizes
    std::optional<results::ImpliedChoice> save;  // arrays of the methods, into the folder
    std::string command;                         // the line, for pictures
    io::OutputPolicy policy;
    Communicator ranks = {};  // that measure together; times are those of this one alone
};

struct ApproxResult {
    results::ApproxReport report;
    std::vector<std::string> files;  // that were written, manifest.json among them
    std::vector<std::string>
        above;  // "local:window=4, layer 1: context_error 0.3": above max_error
};

// Throws Error for anything wrong with the input, methods that do not apply, or the disk; then
// nothing is there. `warn` is told what is allowed but probably not meant.
ApproxResult approximate(const ApproxRequest& request, const Progress& progress, const Warn& warn);

// "context" and so on, in the order of ApproxTarget.
const std::vector<std::string>& approx_targets();

}  // namespace attn::pipeline
