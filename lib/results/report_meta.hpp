// What the page that `report` writes says about itself: sizes, names, statistics and verdicts, as
// JSON. All indices are places among those in the page; people see the numbers in the lists.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/head_stats.hpp"
#include "results/check_report.hpp"
#include "results/report_chunks.hpp"

namespace attn::results {

struct ReportOrigin {
    std::string name;    // of the file, without its folder
    std::string digest;  // "xxh3:…", or empty
};

// A line of `check`, with numbers as people call them.
struct ReportVerdict {
    std::string source;  // "a" or "b"
    CheckLine line;
};

// How A and B differ in each head, by slot.
struct ReportDifference {
    std::vector<double> max_abs;
    std::vector<double> mean_js;  // nats
    double scale = 0;             // the largest of all
};

// Queries and keys of each head in one plane.
struct ReportEmbedding {
    struct Head {
        double variance = 0;     // share of it that the plane shows
        double correlation = 0;  // of distance and score
    };
    std::size_t step = 1;  // every step-th is shown
    std::vector<std::size_t> queries;
    std::vector<std::size_t> keys;
    std::string caption;
    std::vector<std::optional<Head>> heads;  // by slot
};

struct ReportGrid {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t prefix = 0;
};

struct ReportImage {
    std::string type;  // "image/png"
    std::size_t width = 0;
    std::size_t height = 0;
};

// What the page starts with.
struct ReportStart {
    std::string map = "viridis";
    std::string scale = "sqrt";
    bool drop_first = false;
};

struct ReportFacts {
    std::string title;
    std::string command;
    std::vector<ReportOrigin> sources;  // one or two
    std::vector<std::size_t> layers;
    std::vector<std::size_t> heads;
    std::vector<std::size_t> sequences;
    bool batch = false;
    std::size_t queries = 0;
    std::size_t keys = 0;
    std::vector<std::ptrdiff_t> offsets;  // of each of the sequences
    std::vector<std::vector<std::string>> tokens;
    std::vector<std::vector<std::string>> key_tokens;
    ReportPacking packing;
    bool narrowed = false;                                // from float64
    std::vector<std::vector<analysis::HeadStats>> stats;  // of A and B, by slot
    std::vector<ReportVerdict> checks;
    ReportStart start;
    std::vector<std::size_t> rollout_layers;  // places; empty: there is none
    std::optional<ReportDifference> difference;
    std::optional<ReportEmbedding> embedding;
    std::optional<ReportGrid> grid;
    std::optional<ReportImage> image;

    // The place of a head of the page among all.
    std::size_t slot(std::size_t sequence, std::size_t layer, std::size_t head) const {
        return (sequence * layers.size() + layer) * heads.size() + head;
    }
};

// `elements`: names of chunks and the numbers of their elements.
std::string report_meta(const ReportFacts& facts,
                        const std::vector<std::pair<std::string, std::size_t>>& elements);

}  // namespace attn::results
