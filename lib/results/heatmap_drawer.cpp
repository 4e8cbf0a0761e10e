#include "results/heatmap_drawer.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <tuple>

#include "core/divide_up.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/parallel.hpp"
#include "core/phase_clock.hpp"
#include "core/printable.hpp"
#include "core/version.hpp"
#include "core/word_list.hpp"
#include "io/sequence_labels.hpp"
#include "render/clean_tokens.hpp"
#include "render/label_font.hpp"
#include "render/png.hpp"
#include "render/terminal.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {
namespace {

// The most cells whose pictures are drawn later, beside other work.
constexpr std::size_t kMostWaiting = std::size_t{32} << 20;

analysis::CellWindow window_of(const HeatmapOptions& options, const LayerShape& shape) {
    analysis::CellWindow window{0, shape.queries, 0, shape.keys};
    if (!options.queries.empty()) {
        const IndexRange range = parse_index_range(options.queries, shape.queries, "--queries");
        window.first_query = range.begin;
        window.queries = range.end - range.begin;
    }
    if (!options.keys.empty()) {
        const IndexRange range = parse_index_range(options.keys, shape.keys, "--keys");
        window.first_key = range.begin;
        window.keys = range.end - range.begin;
    }
    return window;
}

// How many cells of the grid become one so that the grid is no finer than the layout.
std::size_t pool_factor(const analysis::CellGrid& grid, const render::CellLayout& layout) {
    return std::max<std::size_t>(1, divide_up(layout.pool, grid.pool));
}

void save(const analysis::CellGrid& grid, ByteWriter& to) {
    for (const std::size_t extent : {grid.rows, grid.columns, grid.pool}) to.put(extent);
    to.put(grid.values);
    to.put(grid.counts);
}

analysis::CellGrid restore_grid(ByteReader& from) {
    analysis::CellGrid grid;
    for (std::size_t* extent : {&grid.rows, &grid.columns, &grid.pool}) from.take(*extent);
    from.take(grid.values);
    from.take(grid.counts);
    return grid;
}

// One pixel a cell, without the detour over a figure where pixels are asked for.
std::string encode_plain(render::Image cells, const render::Font& font, const render::Print& print,
                         const render::PictureFacts& facts) {
    if (print.format == render::PictureFormat::png)
        return render::encode_png(cells, {static_cast<double>(print.dots_per_inch), facts});
    render::Figure figure{cells.width(), cells.height(), {}};
    figure.place({std::move(cells), 0, 0, 1, 1});
    return render::encode(figure, font, print, facts);
}

// Cells that numbers fit into, of matrices that stay pictures with them.
std::optional<std::size_t> cell_side(const HeatmapOptions& options,
                                     const analysis::CellWindow& window) {
    if (options.plain) return 1;
    constexpr std::size_t kMostNumbered = 64;
    constexpr std::size_t kNumbered = 32;
    const bool is_small = std::max(window.queries, window.keys) <= kMostNumbered;
    if (options.numbers && is_small && !options.cell && !options.max_size) return kNumbered;
    return options.cell;
}

}  // namespace

bool operator<(const HeadName& a, const HeadName& b) {
    return std::tie(a.layer, a.sequence, a.head) < std::tie(b.layer, b.sequence, b.head);
}

HeatmapDrawer::HeatmapDrawer(HeatmapOptions options, PictureChoice choice, PictureLabels labels,
                             PictureWriter write, const Warn& warn)
    : options_(std::move(options)),
      choice_(std::move(choice)),
      labels_(std::move(labels)),
      write_(std::move(write)),
      warn_(write_ ? warn : nullptr),
      font_(render::Font::embedded()),
      pictures_(kMostWaiting) {
    std::vector<std::vector<std::string>> texts;
    for (auto* const lists : {&labels_.queries, &labels_.keys}) {
        for (std::vector<std::string>& tokens : *lists) {
            if (options_.clean_tokens) tokens = render::clean_tokens(tokens);
            texts.push_back(tokens);
        }
    }
    if (options_.clean_tokens && texts.empty())
        fail("--clean-tokens: has no effect, there are no tokens; give --tokens");
    if (options_.plain) texts.clear();
    const bool shapes = options_.print.format != render::PictureFormat::pdf;
    const render::LabelFont chosen =
        render::choose_label_font(options_.fonts, render::usual_system_fonts(), texts, shapes);
    font_ = chosen.font;
    if (!warn_) return;
    for (const std::string& warning : chosen.warnings) warn_(warning);
}

void HeatmapDrawer::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    layers_.push_back(shape.layer);
    window_ = window_of(options_, shape);
    single_ = render::lay_out_cells(window_.queries, window_.keys, cell_side(options_, window_),
                                    options_.max_size);
    sheet_ = render::lay_out_panel(window_.queries, window_.keys,
                                   render::lay_out_sheet(choice_.heads.size()), options_.cell,
                                   options_.max_size);
}

analysis::CellPooling HeatmapDrawer::start_head() const {
    return analysis::CellPooling(shape_, window_, single_.pool, options_.pool);
}

void HeatmapDrawer::add_head(const HeadName& name, analysis::CellGrid cells) {
    const InPhase phase(Phase::draw);
    const SharedGrid grid = std::make_shared<const analysis::CellGrid>(std::move(cells));
    const render::ColorScale range = range_of(*grid);
    if (choice_.single && !options_.shared_scale) {
        const std::size_t bytes = grid->values.size() * sizeof grid->values.front() +
                                  grid->counts.size() * sizeof grid->counts.front();
        pictures_.add(bytes, picture_of(name, grid,
                                        render::limited(range, options_.vmin, options_.vmax,
                                                        {range_cells(*grid)})));
    }

    SheetCells small{analysis::pool_again(*grid, pool_factor(*grid, sheet_), options_.pool), range};
    const std::lock_guard<std::mutex> lock(mutex_);
    for_sheets_[name] = std::move(small);
    if (choice_.single && options_.shared_scale) waiting_[name] = grid;
}

void HeatmapDrawer::save_head(const HeadName& name, ByteWriter& to) const {
    const SheetCells& cells = for_sheets_.at(name);
    save(cells.grid, to);
    to.put(cells.range);
    if (waiting_.count(name) > 0) save(*waiting_.at(name), to);
}

void HeatmapDrawer::restore_head(const HeadName& name, ByteReader& from) {
    SheetCells& cells = for_sheets_[name];
    cells.grid = restore_grid(from);
    from.take(cells.range);
    if (choice_.single && options_.shared_scale)
        waiting_[name] = std::make_shared<const analysis::CellGrid>(restore_grid(from));
}

void HeatmapDrawer::finish(bool with_sheets) {
    const InPhase phase(Phase::draw);
    if (with_sheets) draw_sheets();
    pictures_.finish();
    std::string warning = left_out_.warning();
    // Where a single picture has no room, a sheet has none either: that goes without saying.
    if (warning.empty()) warning = left_out_of_sheets_.warning(choice_.alone ? "" : "sheets ");
    if (warn_ && !warning.empty() && !has_warned_) warn_(warning);
    has_warned_ = !warning.empty();
}

void HeatmapDrawer::draw_sheets() const {
    if (options_.shared_scale) draw_waiting();
    // Sheets of all layers together: one alone would leave the other threads idle.
    const std::size_t sequences = choice_.sequences.size();
    const std::size_t sheets = choice_.sheets ? layers_.size() * sequences : 0;
    const std::size_t overviews = choice_.overview && layers_.size() > 1 ? sequences : 0;
    parallel_for(sheets + overviews, [&](std::size_t i) {
        const std::size_t sequence = choice_.sequences[i % sequences];
        // The overviews are the largest pictures and come first.
        if (i < overviews) return draw_overview(sequence);
        draw_layer(layers_[(i - overviews) / sequences], sequence);
    });
}

void HeatmapDrawer::draw_waiting() const {
    std::vector<HeadName> names;
    for (const auto& [name, grid] : waiting_) names.push_back(name);
    if (names.empty()) return;
    const render::ColorScale scale = joint_scale(names);
    parallel_for(names.size(),
                 [&](std::size_t i) { picture_of(names[i], waiting_.at(names[i]), scale)(); });
}

// Only the first column of cells can hold key 0, and only in a window that starts there.
bool HeatmapDrawer::leaves_out_first(const analysis::CellGrid& grid) const {
    return options_.drop_first && window_.first_key == 0 && grid.columns > 1;
}

MatrixView<const float> HeatmapDrawer::range_cells(const analysis::CellGrid& grid) const {
    const MatrixView<const float> cells = grid.cells();
    if (!leaves_out_first(grid)) return cells;
    return {cells.data + 1, cells.rows, cells.columns - 1, cells.stride};
}

render::ColorScale HeatmapDrawer::range_of(const analysis::CellGrid& grid) const {
    render::ColorScale range = render::scale_of(range_cells(grid), options_.scale);
    // Weights are compared with nothing: their colours start at zero.
    if (range.kind != render::ScaleKind::log) range.low = std::min(range.low, 0.0);
    return range;
}

render::ColorScale HeatmapDrawer::joint_scale(const std::vector<HeadName>& heads) const {
    render::ColorScale joint = for_sheets_.at(heads.front()).range;
    std::vector<MatrixView<const float>> parts;
    for (const HeadName& name : heads) {
        const SheetCells& head = for_sheets_.at(name);
        joint.low = std::min(joint.low, head.range.low);
        joint.high = std::max(joint.high, head.range.high);
        parts.push_back(range_cells(head.grid));
    }
    return render::limited(joint, options_.vmin, options_.vmax, parts);
}

render::HeatmapStyle HeatmapDrawer::style(const render::ColorScale& scale,
                                          render::CellLayout layout, std::size_t pool) const {
    render::HeatmapStyle style;
    style.colors = &render::color_map(options_.colormap);
    style.scale = scale;
    layout.pool = pool;
    style.layout = layout;
    style.font = &font_;
    style.numbers = options_.numbers;
    if (choice_.words)
        style.value_name = choice_.words->value;
    else if (scale.low < 0 && !options_.vmin)
        style.value_name = "value";  // no weights, whatever else they are
    return style;
}

std::string HeatmapDrawer::title_of(const HeadName& name) const {
    const std::string sequence =
        choice_.batch > 1 ? "sequence " + std::to_string(name.sequence) + ", " : "";
    if (choice_.words) return sequence + choice_.words->title;
    return sequence + "layer " + std::to_string(name.layer) + ", head " +
           std::to_string(choice_.head_numbers[name.head]);
}

std::string HeatmapDrawer::note(std::size_t pool) const {
    std::string about = choice_.words ? choice_.words->note : "";
    if (pool == 1) return about;
    const std::string side = std::to_string(pool);
    return about + (about.empty() ? "" : "; ") + "each cell is the " +
           (options_.pool == analysis::PoolKind::max ? "max" : "mean") + " of " + side + " × " +
           side;
}

render::HeatmapPanel HeatmapDrawer::panel(const HeadName& name, const analysis::CellGrid& grid,
                                          std::string title) const {
    render::HeatmapPanel panel;
    panel.cells = grid.cells();
    panel.first_query = window_.first_query;
    panel.queries = window_.queries;
    panel.first_key = window_.first_key;
    panel.keys = window_.keys;
    panel.query_labels = io::labels_of(labels_.queries, name.sequence);
    panel.key_labels = io::labels_of(labels_.keys, name.sequence);
    panel.title = std::move(title);
    if (leaves_out_first(grid)) {
        panel.left_out = grid.pool == 1 ? "key 0" : "keys 0 to " + std::to_string(grid.pool - 1);
    }
    return panel;
}

// A title of the user's stands in front; what the picture is becomes the small line below it.
void HeatmapDrawer::put_title(std::string& title, std::string& note) const {
    if (!options_.title) return;
    if (!choice_.alone && !options_.title->empty())
        note = note.empty() ? title : title + "; " + note;
    title = *options_.title;
}

render::PictureFacts HeatmapDrawer::facts(const std::string& title, const std::string& what,
                                          const render::ColorScale& scale) const {
    std::array<char, 128> range{};
    std::snprintf(range.data(), range.size(), "%.4g to %.4g (%s)", scale.low, scale.high,
                  render::name_of(scale.kind));
    const std::string axes = choice_.words
                                 ? what + ": targets down, input tokens across"
                                 : "Attention weights of " + what + ": queries down, keys across";
    const std::string description =
        axes + ", colours " + options_.colormap + " from " + range.data();
    return {{"Title", title.empty() ? what : title},
            {"Description", description},
            {"Source", printable(options_.origin.source)},
            {"Command", printable(options_.origin.command)},
            {"Software", std::string("attn-inspect ") + version()}};
}

// Everything about the picture that is known before it is drawn, so that it can be drawn while the
// next layer streams by.
std::function<void()> HeatmapDrawer::picture_of(const HeadName& name, const SharedGrid& grid,
                                                const render::ColorScale& scale) const {
    const render::HeatmapStyle look = style(scale, single_, grid->pool);
    const std::string what = title_of(name);
    render::HeatmapPanel picture = panel(name, *grid, what);
    picture.note = note(grid->pool);
    put_title(picture.title, picture.note);
    left_out_.look_at(picture.cells, look);
    render::PictureFacts about = facts(picture.title, what, scale);
    if (!choice_.words)
        about.insert(about.begin() + 3,
                     {{"Layer", std::to_string(name.layer)},
                      {"Head", std::to_string(choice_.head_numbers[name.head])}});
    if (choice_.batch > 1)
        about.insert(about.end() - 2, {"Sequence", std::to_string(name.sequence)});
    const SequenceName sequence{name.sequence, choice_.batch};
    const std::string file =
        choice_.words
            ? named_picture(choice_.words->file, sequence, format())
            : head_picture(name.layer, choice_.head_numbers[name.head], sequence, format());
    return [this, grid, look, picture = std::move(picture), about = std::move(about), file] {
        write_(file, options_.plain ? encode_plain(render::color_cells(picture.cells, look), font_,
                                                   options_.print, about)
                                    : render::encode(render::make_heatmap(picture, look), font_,
                                                     options_.print, about));
    };
}

void HeatmapDrawer::draw_layer(std::size_t layer, std::size_t sequence) const {
    render::Sheet sheet;
    sheet.title = choice_.words ? choice_.words->title : "layer " + std::to_string(layer);
    if (choice_.batch > 1)
        sheet.title = "sequence " + std::to_string(sequence) + ", " + sheet.title;
    sheet.columns = render::lay_out_sheet(choice_.heads.size()).across;
    std::vector<HeadName> heads;
    for (std::size_t head : choice_.heads) heads.push_back({layer, sequence, head});
    const SequenceName of{sequence, choice_.batch};
    draw_sheet(std::move(sheet), heads, sheet_,
               choice_.words ? named_picture(choice_.words->file, of, format())
                             : heads_picture(layer, of, format()));
}

void HeatmapDrawer::draw_overview(std::size_t sequence) const {
    render::Sheet sheet;
    sheet.title = "every layer and head";
    if (choice_.batch > 1)
        sheet.title = "sequence " + std::to_string(sequence) + ", " + sheet.title;
    sheet.columns = choice_.heads.size();
    std::vector<HeadName> heads;
    for (std::size_t layer : layers_) {
        sheet.row_titles.push_back("layer " + std::to_string(layer));
        for (std::size_t head : choice_.heads) heads.push_back({layer, sequence, head});
    }
    for (std::size_t head : choice_.heads)
        sheet.column_titles.push_back("head " + std::to_string(choice_.head_numbers[head]));
    const render::CellLayout layout =
        render::lay_out_panel(window_.queries, window_.keys, {sheet.columns, layers_.size()},
                              options_.cell, options_.max_size);
    draw_sheet(std::move(sheet), heads, layout,
               layers_picture({sequence, choice_.batch}, format()));
}

std::string HeatmapDrawer::text(std::size_t columns, bool color) const {
    std::string text;
    for (const auto& [name, cells] : for_sheets_) {
        const render::HeatmapStyle look = style(joint_scale({name}), {}, cells.grid.pool);
        text +=
            render::draw_terminal(panel(name, cells.grid, title_of(name)), look, columns, color);
    }
    return text;
}

void HeatmapDrawer::draw_sheet(render::Sheet sheet, const std::vector<HeadName>& heads,
                               render::CellLayout layout, const std::string& file) const {
    std::vector<analysis::CellGrid> grids;
    grids.reserve(heads.size());  // the panels show them in place
    for (const HeadName& name : heads) {
        const analysis::CellGrid& grid = for_sheets_.at(name).grid;
        grids.push_back(analysis::pool_again(grid, pool_factor(grid, layout), options_.pool));
        const std::string head = "head " + std::to_string(choice_.head_numbers[name.head]);
        sheet.panels.push_back(panel(name, grids.back(), sheet.column_titles.empty() ? head : ""));
    }
    sheet.note = note(grids.front().pool);
    std::vector<HeadName> compared = heads;
    if (options_.shared_scale) {
        compared.clear();
        for (const auto& [name, cells] : for_sheets_) compared.push_back(name);
    }
    const render::ColorScale scale = joint_scale(compared);
    const render::HeatmapStyle look = style(scale, layout, grids.front().pool);
    for (const render::HeatmapPanel& one : sheet.panels)
        left_out_of_sheets_.look_at(one.cells, look);
    const std::string what = sheet.title;
    put_title(sheet.title, sheet.note);
    render::PictureFacts about = facts(sheet.title, what, scale);
    if (sheet.row_titles.empty() && !choice_.words)
        about.insert(about.begin() + 3, {"Layer", std::to_string(heads.front().layer)});
    write_(file, render::encode(render::make_sheet(sheet, look), font_, options_.print, about));
}

}  // namespace attn::results
