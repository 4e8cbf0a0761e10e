#include "pipeline/photo_panels.hpp"

#include <algorithm>

#include "core/printable.hpp"
#include "core/version.hpp"
#include "io/file_bytes.hpp"
#include "render/label_font.hpp"
#include "render/photo.hpp"
#include "render/photo_sheet.hpp"
#include "render/picture_format.hpp"

namespace attn::pipeline {
namespace {

// Pixels of a panel's longest side: one alone is large, many fit on a page.
constexpr std::size_t kOnePanel = 640;
constexpr std::size_t kPage = 1800;

render::HeatmapStyle style_of(const results::HeatmapOptions& options, const render::Font& font,
                              const PhotoPanels& panels, const analysis::PatchGrid& grid) {
    render::HeatmapStyle style;
    style.colors = &render::color_map(options.colormap);
    style.font = &font;
    float high = 0, low = 0;
    for (const auto& cells : panels.cells) {
        for (const float value : cells) {
            high = std::max(high, value);
            low = std::min(low, value);
        }
    }
    const float ends[] = {low, high};
    std::vector<MatrixView<const float>> parts;
    for (const auto& cells : panels.cells)
        parts.emplace_back(cells.data(), grid.rows(), grid.columns());
    style.scale = render::limited(render::scale_of({ends, 1, 2}, options.scale), options.vmin,
                                  options.vmax, parts);
    const std::size_t longest = std::max(grid.rows(), grid.columns());
    const std::size_t panel = panels.cells.size() == 1
                                  ? kOnePanel
                                  : std::clamp<std::size_t>(kPage / panels.columns, 96, 320);
    style.layout = {options.cell.value_or(std::max<std::size_t>(1, panel / longest)), 1};
    return style;
}

}  // namespace

Photo::Photo(const std::string& file)
    : file_(file), image_(render::decode_photo(io::map_file(file).bytes, file)) {}

std::string draw_panels(const PhotoPanels& panels, const analysis::PatchGrid& grid,
                        const Photo& photo, const results::HeatmapOptions& options,
                        const PhotoText& text) {
    const render::Font font = render::choose_label_font(options.fonts, {}, {}).font;
    render::HeatmapStyle style = style_of(options, font, panels, grid);
    style.value_name = text.value_name;
    render::PhotoSheet sheet;
    sheet.title = options.title.value_or(text.title);
    sheet.note = text.note;
    sheet.columns = panels.columns;
    sheet.row_titles = panels.rows;
    sheet.photo = &photo.image();
    for (std::size_t i = 0; i < panels.cells.size(); ++i) {
        render::PhotoPanel panel;
        panel.title = panels.titles[i];
        panel.cells = {panels.cells[i].data(), grid.rows(), grid.columns()};
        if (panels.queries[i] >= grid.extra()) {
            const std::size_t patch = panels.queries[i] - grid.extra();
            panel.target = {patch / grid.columns(), patch % grid.columns()};
        }
        sheet.panels.push_back(panel);
    }
    const render::PictureFacts facts{
        {"Title", sheet.title},
        {"Description", text.description + " over " + printable(photo.file())},
        {"Source", printable(options.origin.source)},
        {"Command", printable(options.origin.command)},
        {"Software", std::string("attn-inspect ") + version()}};
    return render::encode(render::make_photo_sheet(sheet, style), font, options.print, facts);
}

}  // namespace attn::pipeline
