#include "pipeline/report_side.hpp"

#include <algorithm>

#include "core/index_list.hpp"
#include "results/manifest.hpp"
#include "source/labels_beside.hpp"
#include "source/mask_options.hpp"
#include "source/pattern_tokens.hpp"

namespace attn::pipeline {
namespace {

bool says_who_may_attend(const MaskStructure& structure) {
    return structure.causal || structure.window_left || structure.window_right ||
           !structure.key_lengths.empty();
}

std::vector<std::size_t> numbers_at(const std::vector<std::size_t>& numbers, const Chosen& places) {
    if (!places) return numbers;
    std::vector<std::size_t> chosen;
    for (const std::size_t place : *places) chosen.push_back(numbers[place]);
    return chosen;
}

}  // namespace

template <class T>
double ReportSide<T>::allowed_cells() const {
    const source::Outline& all = outline();
    double cells = 0;
    for (const std::size_t layer : layers) {
        MaskOptions<T> options;
        options.structure = all.structure;
        const auto window = all.window_left.find(layer);
        if (window != all.window_left.end()) options.structure.window_left = window->second;
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
        chosen.push_back(stats.offsets.size() == 1 ? stats.offsets.front()
                                                   : stats.offsets[sequence]);
    return chosen;
}

template <class T>
ReportSide<T> open_report_side(const ReportRequest& request, const source::SourceRequest& from,
                               io::Inputs& inputs, const Warn& warn) {
    ReportSide<T> side;
    side.from = from;
    side.attention = std::make_unique<source::StoredAttention<T>>(
        source::open_stored_attention<T>(inputs, {from.source, from.axes}, warn));
    source::StoredAttention<T>& attention = *side.attention;
    source::select_layers(attention, from);
    source::warn_of_causal_leak(attention, from.source, warn);
    side.share = source::choose_share(attention, from);
    source::load_scores(inputs, from.source, attention);
    source::add_labels_beside(inputs, from, attention, warn);
    side.labels = source::choose_labels(attention, from);
    const Shape& shape = attention.shape();
    MaskOptions<T> mask =
        source::load_mask_options<T>(request.attention, {shape[0], shape[1], shape[2], shape[3]},
                                     attention.structure, inputs, warn);
    // A window of the command line is meant for all layers.
    if (!request.attention.window.empty()) {
        for (source::StoredLayer<T>& layer : attention.layers) layer.window_left = std::nullopt;
    }
    attention.structure = mask.structure;
    CheckRequest checks;
    checks.from = from;
    checks.attention = request.attention;
    side.checked = checked_attention(checks, attention, std::move(mask));
    source::PatternTokens tokens = source::choose_pattern_tokens(attention, from, warn);
    side.stats.offsets = std::move(tokens.offsets);
    side.stats.tokens = std::move(tokens.keys);
    if (!request.grid.empty()) side.stats.grid = analysis::parse_grid(request.grid, shape[3]);
    side.knows_who_may_attend =
        says_who_may_attend(attention.structure) || results::is_run_folder(from.source);
    side.source = std::make_unique<source::StoredSource<T>>(attention);
    side.layers = side.outline().layers;
    side.heads = numbers_at(side.outline().heads, side.share.heads);
    side.sequences = numbers_at(count_up(shape[0]), side.share.sequences);
    return side;
}

template struct ReportSide<float>;
template struct ReportSide<double>;
template ReportSide<float> open_report_side(const ReportRequest&, const source::SourceRequest&,
                                            io::Inputs&, const Warn&);
template ReportSide<double> open_report_side(const ReportRequest&, const source::SourceRequest&,
                                             io::Inputs&, const Warn&);

}  // namespace attn::pipeline
