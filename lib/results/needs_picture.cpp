#include "results/needs_picture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "render/color_bar.hpp"
#include "render/heatmap.hpp"
#include "render/ink.hpp"

namespace attn::results {
namespace {

using analysis::HeadNeeds;
using analysis::NeedsOfHead;

constexpr std::size_t kNeedsCell = 26;
constexpr std::size_t kNeedsMargin = 14;
constexpr std::size_t kNeedsText = 12;
constexpr std::size_t kNeedsTitle = 18;
constexpr std::size_t kNeedsGap = 26;

// The keys of a head are as many as its longest distance says, but for those that nobody sees.
struct NeedsKind {
    const char* title;
    HeadNeeds::Count HeadNeeds::*value;
    double (*top)(const HeadNeeds&);
};

const std::vector<NeedsKind>& needs_kinds() {
    static const std::vector<NeedsKind> all{
        {"window beside 4 sinks", &HeadNeeds::local_sinks4,
         [](const HeadNeeds& needs) { return static_cast<double>(needs.mass.size()); }},
        {"keys a row", &HeadNeeds::topk,
         [](const HeadNeeds& needs) { return static_cast<double>(needs.mass.size()); }},
        {"rank of the weights", &HeadNeeds::rank,
         [](const HeadNeeds& needs) { return static_cast<double>(needs.singular_values.size()); }},
        {"bits of q, k and v", &HeadNeeds::bits, [](const HeadNeeds&) { return 8.0; }},
    };
    return all;
}

// The heads of the first sequence in a grid.
struct NeedsGrid {
    std::vector<std::size_t> layers, heads;
    std::vector<const NeedsOfHead*> cells;  // [layers, heads]; null: not there

    explicit NeedsGrid(const std::vector<NeedsOfHead>& needs) {
        const auto place = [](std::vector<std::size_t>& names, std::size_t name) {
            const auto found = std::find(names.begin(), names.end(), name);
            if (found == names.end()) return names.push_back(name), names.size() - 1;
            return static_cast<std::size_t>(found - names.begin());
        };
        std::vector<const NeedsOfHead*> first;
        for (const NeedsOfHead& head : needs) {
            if (head.sequence != needs.front().sequence) continue;
            first.push_back(&head);
            place(layers, head.layer);
            place(heads, head.head);
        }
        cells.assign(layers.size() * heads.size(), nullptr);
        for (const NeedsOfHead* head : first)
            cells[place(layers, head->layer) * heads.size() + place(heads, head->head)] = head;
    }
};

std::vector<float> shares_of(const NeedsGrid& grid, const NeedsKind& kind) {
    std::vector<float> shares;
    for (const NeedsOfHead* head : grid.cells) {
        const bool known = head && (head->needs.*kind.value) && kind.top(head->needs) > 0;
        shares.push_back(known
                             ? static_cast<float>(static_cast<double>(*(head->needs.*kind.value)) /
                                                  kind.top(head->needs))
                             : -std::numeric_limits<float>::infinity());
    }
    return shares;
}

void add_letters(render::Figure& figure, std::size_t x, std::size_t y, const NeedsGrid& grid,
                 const std::vector<float>& shares) {
    const std::size_t middle = kNeedsCell / 2, above = (kNeedsCell - kNeedsText) / 2;
    for (std::size_t i = 0; i < grid.cells.size(); ++i) {
        if (!grid.cells[i]) continue;
        const std::size_t row = i / grid.heads.size(), column = i % grid.heads.size();
        const bool dark = std::isfinite(shares[i]) && shares[i] < 0.55F;
        figure.write({verdict_letter(grid.cells[i]->needs.verdict), kNeedsText,
                      static_cast<double>(x + column * kNeedsCell + middle),
                      static_cast<double>(y + row * kNeedsCell + above),
                      dark ? render::kPaper : render::kInk, render::TextAnchor::middle});
    }
}

// One map at (x, y), with the names of its rows and columns.
void add_map(render::Figure& figure, std::size_t x, std::size_t y, const NeedsGrid& grid,
             const NeedsKind& kind, const render::HeatmapStyle& style) {
    const std::vector<float> shares = shares_of(grid, kind);
    const double left = static_cast<double>(x), top = static_cast<double>(y);
    figure.write({kind.title, kNeedsText + 1, left, top - kNeedsText - 7, render::kInk});
    render::add_cells(figure, x, y, {shares.data(), grid.layers.size(), grid.heads.size()}, style);
    add_letters(figure, x, y, grid, shares);
    const auto middle = [](std::size_t i) {
        const std::size_t half = kNeedsCell / 2;
        return static_cast<double>(i * kNeedsCell + half);
    };
    for (std::size_t row = 0; row < grid.layers.size(); ++row)
        figure.write({std::to_string(grid.layers[row]), kNeedsText, left - 5,
                      top + middle(row) - kNeedsText / 2.0, render::kInk, render::TextAnchor::end});
    const std::size_t bottom = y + grid.layers.size() * kNeedsCell + 4;
    for (std::size_t column = 0; column < grid.heads.size(); ++column)
        figure.write({std::to_string(grid.heads[column]), kNeedsText, left + middle(column),
                      static_cast<double>(bottom), render::kInk, render::TextAnchor::middle});
}

}  // namespace

std::string verdict_letter(const std::string& verdict) {
    if (verdict == "sink+local") return "K";
    if (verdict == "short") return "Q";
    if (verdict.empty() || verdict == "full") return "";
    return std::string(1, static_cast<char>(verdict.front() - 'a' + 'A'));
}

render::Figure draw_needs(const std::vector<NeedsOfHead>& needs, const std::string& source) {
    const NeedsGrid grid(needs);
    render::HeatmapStyle style;
    style.layout.pixels = kNeedsCell;
    style.value_name = "share of the whole budget";
    const std::size_t map_width = std::max<std::size_t>(grid.heads.size() * kNeedsCell, 150);
    const std::size_t map_height = grid.layers.size() * kNeedsCell;
    const std::size_t left = kNeedsMargin + 46,
                      top = kNeedsMargin + kNeedsTitle + 6 + 2 * (kNeedsText + 5) + kNeedsText + 16;
    const std::size_t row_height = map_height + kNeedsText + kNeedsGap + kNeedsText + 12;
    render::Figure figure;
    std::vector<NeedsKind> kinds;
    for (const NeedsKind& kind : needs_kinds()) {
        const auto has_some = [&](const NeedsOfHead* head) {
            return head && (head->needs.*kind.value).has_value();
        };
        if (std::any_of(grid.cells.begin(), grid.cells.end(), has_some)) kinds.push_back(kind);
    }
    for (std::size_t i = 0; i < kinds.size(); ++i)
        add_map(figure, left + i % 2 * (map_width + kNeedsGap + 22), top + i / 2 * row_height, grid,
                kinds[i], style);
    const std::size_t right = left + 2 * map_width + kNeedsGap + 22;
    render::ColorBar bar;
    bar.height = std::max<std::size_t>(120, map_height);
    render::add_color_bar(figure, style, bar, right + kNeedsGap, top);
    const std::vector<std::string> notes{source,
                                         "P prune, L local, K sink+local, S sparse, Q short q and "
                                         "k, F few keys; grey: none reaches"};
    const auto x = static_cast<double>(kNeedsMargin);
    const std::string title = "what heads need: layers down, heads across";
    figure.write({title, kNeedsTitle, x, kNeedsMargin, render::kInk});
    std::size_t widest = render::Font::embedded().width(title, kNeedsTitle);
    for (std::size_t i = 0; i < notes.size(); ++i) {
        figure.write({notes[i], kNeedsText, x,
                      static_cast<double>(kNeedsMargin + kNeedsTitle + 6 + i * (kNeedsText + 5)),
                      render::kFaintInk});
        widest = std::max(widest, render::Font::embedded().width(notes[i], kNeedsText));
    }
    figure.width = kNeedsMargin + std::max(right + kNeedsGap + render::color_bar_width(style, bar),
                                           kNeedsMargin + widest);
    figure.height = kNeedsMargin + std::max(top + (kinds.size() + 1) / 2 * row_height - kNeedsGap,
                                            top + render::color_bar_bottom(bar));
    return figure;
}

}  // namespace attn::results
