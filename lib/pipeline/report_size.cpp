#include "pipeline/report_size.hpp"

#include <algorithm>
#include <vector>

#include "core/error.hpp"
#include "core/human_size.hpp"
#include "core/word_list.hpp"
#include "render/page.hpp"

namespace attn::pipeline {
namespace {

using results::ReportFacts;

constexpr double kBytesOfHead = 1100;  // statistics and small map
constexpr std::size_t kMostPoints = 2048;

// Those of A.
std::size_t matrices_of_source(const ReportFacts& facts) {
    return facts.layers.size() * facts.heads.size() * facts.sequences.size();
}

double bytes_of_labels(const ReportFacts& facts) {
    double bytes = 0;
    for (const auto* lists : {&facts.tokens, &facts.key_tokens}) {
        for (const auto& list : *lists) {
            for (const std::string& label : list) bytes += static_cast<double>(label.size() + 4);
        }
    }
    return bytes;
}

double bytes_of_plane(const ReportFacts& facts) {
    const double points = static_cast<double>(std::min(facts.queries, kMostPoints) +
                                              std::min(facts.keys, kMostPoints));
    return 5.4 * points * static_cast<double>(matrices_of_source(facts));
}

// "choose some with --layer, --head (about 12 fit), or ": nothing where there is one matrix.
std::string selection(const ReportRequest& request, const ReportFacts& facts,
                      const ReportSize& size, const ReportRoom& room) {
    std::vector<std::string> flags;
    if (facts.layers.size() > 1) flags.emplace_back("--layer");
    if (facts.heads.size() > 1) flags.emplace_back("--head");
    if (facts.sequences.size() > 1) flags.emplace_back("--seq");
    if (flags.empty()) return "";
    // Differences and rollouts are matrices, too.
    const std::size_t fitting = room.matrices * matrices_of_source(facts) / size.matrices;
    const bool is_known = fitting > 0 && room.bytes > request.budget;
    return "choose some with " + joined(flags) +
           (is_known ? " (about " + std::to_string(fitting) + " fit), or " : ", or ");
}

}  // namespace

ReportSize estimate_report_size(const ReportFacts& facts, const ReportContents& contents) {
    ReportSize size;
    const std::size_t copies = contents.compared ? 3 : 1;
    size.matrices = matrices_of_source(facts) * copies;
    size.cells = contents.allowed_cells * static_cast<double>(copies);
    size.queries = facts.queries;
    size.keys = facts.keys;
    if (!facts.rollout_layers.empty()) {
        const std::size_t rollouts = facts.layers.size() * facts.sequences.size();
        size.matrices += rollouts;
        size.cells += static_cast<double>(rollouts) * contents.allowed_cells /
                      static_cast<double>(matrices_of_source(facts));
    }
    size.each = kBytesOfHead;
    size.other = bytes_of_page_code() + 16'000 + kBytesOfHead * static_cast<double>(size.matrices) +
                 bytes_of_labels(facts) + (contents.plane ? bytes_of_plane(facts) : 0) +
                 static_cast<double>(contents.image) * 4 / 3;
    return size;
}

double bytes_of_page_code() {
    return static_cast<double>(render::page_script().size() + render::page_style().size() +
                               render::page_skeleton().size());
}

void refuse_for_budget(const ReportRequest& request, const std::string& source,
                       const ReportFacts& facts, const ReportSize& size) {
    const std::string budget = human_size(static_cast<std::size_t>(request.budget));
    const ReportRoom room = report_room(size, request.values, request.budget, request.top);
    const std::size_t matrices = matrices_of_source(facts);
    const std::string larger =
        "a larger --budget" +
        (room.bytes > request.budget
             ? " (about " + human_size(static_cast<std::size_t>(room.bytes)) + ")"
             : "");
    if (request.budget < bytes_of_page_code())
        fail(source, ": a page of ", budget,
             " has no room for weights, the rest of it takes about ",
             human_size(static_cast<std::size_t>(size.other)), "; give ", larger,
             matrices > 1 ? ", less with --layer, --head or --seq" : "");
    const std::string choice = selection(request, facts, size, room);
    const std::string what = counted(matrices, "matrix") + " of " + std::to_string(facts.queries) +
                             " x " + std::to_string(facts.keys);
    if (request.values == ReportValues::exact)
        fail(source, ": ", what, " do not fit exactly into a page of ", budget, "; ", choice,
             "give --values auto or ", larger);
    const bool pools = std::max(facts.queries, facts.keys) > kShortestSide;
    fail(source, ": ", what, " do not fit into a page of ", budget,
         pools ? " even with sides of " + std::to_string(kShortestSide) + " cells; " : "; ", choice,
         "give ", larger);
}

}  // namespace attn::pipeline
