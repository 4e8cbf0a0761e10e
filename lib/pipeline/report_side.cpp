#include "pipeline/report_side.hpp"

#include <algorithm>

#include "attention/query_offset.hpp"
#include "attention/restricts.hpp"
#include "core/index_list.hpp"
#include "source/computed_source.hpp"
#include "source/labels_beside.hpp"
#include "source/pattern_tokens.hpp"
#include "source/stored_mask.hpp"

namespace attn::pipeline {
namespace {

std::vector<std::size_t> numbers_at(const std::vector<std::size_t>& numbers, const Chosen& places) {
    if (!places) return numbers;
    std::vector<std::size_t> chosen;
    for (const std::size_t place : *places) chosen.push_back(numbers[place]);
    return chosen;
}

// All where none were asked for.
Chosen sorted_places(Chosen chosen, std::size_t count, const std::string& flag,
                     const std::string& what) {
    if (!chosen) return chosen;
    require_indices_below(*chosen, count, flag, what);
    std::sort(chosen->begin(), chosen->end());
    return chosen;
}

}  // namespace

template <class T>
double ReportSide<T>::allowed_cells() const {
    const source::Outline& all = outline();
    double cells = 0;
    for (const std::size_t layer : layers) {
        MaskOptions<T> options;
        options.structure = all.structure_of(layer);
        const Mask<T> allowed(options, all.keys);
        for (const std::size_t sequence : sequences) {
            for (std::size_t query = 0; query < all.queries; ++query) {
                const KeyRange keys = allowed.allowed(sequence, query);
                if (!keys.empty())
                    cells += static_cast<double>(keys.size()) * static_cast<double>(heads.size());
            }
        }
    }
    return cells;
}

template <class T>
std::vector<std::ptrdiff_t> ReportSide<T>::offsets() const {
    std::vector<std::ptrdiff_t> chosen;
    for (const std::size_t sequence : sequences)
        chosen.push_back(offset_of(stats.offsets, sequence));
    return chosen;
}

template <class T>
ReportSide<T> open_report_side(const ReportRequest& request, const source::SourceRequest& from,
                               io::Inputs& inputs, const Warn& warn, const std::string& axes_flag) {
    ReportSide<T> side;
    side.from = from;
    source::ArraySource array(from.source, from.axes);
    array.axes_flag = axes_flag;
    side.attention = std::make_unique<source::StoredAttention<T>>(
        source::open_stored_attention<T>(inputs, array, warn));
    source::StoredAttention<T>& attention = *side.attention;
    source::select_layers(attention, from);
    side.share = source::choose_share(attention, from);
    source::load_scores(inputs, from.source, attention);
    source::add_labels_beside(inputs, from, attention, warn);
    side.labels = source::choose_labels(attention, from);
    const Shape& shape = attention.shape();
    MaskOptions<T> mask =
        source::load_stored_mask(request.computed.attention, attention, inputs, warn);
    attention.structure = mask.structure;
    source::warn_of_causal_leak(attention, from.source, warn);
    CheckRequest checks;
    checks.from = from;
    checks.attention = request.computed.attention;
    side.checked = checked_attention(checks, attention, std::move(mask));
    source::PatternTokens tokens = source::choose_pattern_tokens(attention, from, warn);
    side.stats.offsets = std::move(tokens.offsets);
    side.stats.tokens = std::move(tokens.keys);
    if (!request.grid.empty()) side.stats.grid = analysis::parse_grid(request.grid, shape[3]);
    side.knows_who_may_attend = restricts(attention.structure) || attention.run;
    side.source = std::make_unique<source::StoredSource<T>>(attention);
    side.layers = side.outline().layers;
    side.heads = numbers_at(side.outline().heads, side.share.heads);
    side.sequences = numbers_at(count_up(shape[0]), side.share.sequences);
    return side;
}

template <class T>
ReportSide<T> compute_report_side(const ReportRequest& request, io::Inputs& inputs,
                                  const Warn& warn) {
    ReportSide<T> side;
    side.from = request.from;
    auto source = std::make_unique<source::ComputedSource<T>>(request.computed, inputs, warn);
    const source::ComputedInputs<T>& loaded = source->inputs();
    const source::Outline& outline = source->outline();
    side.share = {sorted_places(request.from.layers, outline.layers.size(), "--layer", "layer"),
                  sorted_places(request.from.sequences, outline.sequences, "--seq", "sequence"),
                  sorted_places(request.from.heads, outline.heads.size(), "--head", "head")};
    side.labels = {loaded.tokens, loaded.key_tokens};
    side.stats.offsets = outline.structure.offsets;
    const bool same_tokens = outline.queries == outline.keys && loaded.tokens == loaded.key_tokens;
    if (same_tokens && start_at_first_key(side.stats.offsets)) side.stats.tokens = loaded.tokens;
    if (!request.grid.empty()) side.stats.grid = analysis::parse_grid(request.grid, outline.keys);
    side.stats.scores = true;
    side.is_crossed = !loaded.context.empty();
    side.knows_who_may_attend = true;
    side.kv_order = loaded.options.kv_order;
    side.layers = numbers_at(outline.layers, side.share.layers);
    side.heads = numbers_at(outline.heads, side.share.heads);
    side.sequences = numbers_at(count_up(outline.sequences), side.share.sequences);
    side.checked.shape = {outline.sequences, outline.heads.size(), outline.queries, outline.keys};
    side.checked.heads = outline.heads;
    side.checked.has_sinks = outline.has_sinks || !loaded.sinks.empty();
    side.checked.has_windows = !outline.window_left.empty();
    side.checked.known_mask = true;
    side.checked.mask = loaded.options.mask;
    side.source = std::move(source);
    return side;
}

template struct ReportSide<float>;
template struct ReportSide<double>;
template ReportSide<float> open_report_side(const ReportRequest&, const source::SourceRequest&,
                                            io::Inputs&, const Warn&, const std::string&);
template ReportSide<double> open_report_side(const ReportRequest&, const source::SourceRequest&,
                                             io::Inputs&, const Warn&, const std::string&);
template ReportSide<float> compute_report_side(const ReportRequest&, io::Inputs&, const Warn&);
template ReportSide<double> compute_report_side(const ReportRequest&, io::Inputs&, const Warn&);

}  // namespace attn::pipeline
