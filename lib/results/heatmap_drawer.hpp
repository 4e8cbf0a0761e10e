// Turns the cells of heads into pictures: one for each head, a sheet for each layer, an overview of
// all layers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "analysis/cell_pooling.hpp"
#include "attention/tile.hpp"
#include "core/byte_text.hpp"
#include "core/side_work.hpp"
#include "core/warn.hpp"
#include "render/heatmap.hpp"
#include "render/sheet.hpp"
#include "results/heatmap_options.hpp"
#include "results/left_out_numbers.hpp"

namespace attn::results {

// What pictures of something else than attention weights say and are called.
struct PictureWords {
    std::string title;  // instead of the layer
    std::string file;   // "rollout", without its ending
    std::string value;  // beside the colour bar
    std::string note;   // a small line below the title
};

// Which pictures are made.
struct PictureChoice {
    std::vector<std::size_t> heads;         // places among the heads of the source
    std::vector<std::size_t> head_numbers;  // what the head at each place is called
    std::vector<std::size_t> sequences;     // of the batch
    std::size_t batch = 1;  // sequences that there are; names carry the sequence above 1
    bool single = true;     // one picture a head
    bool sheets = true;     // one a layer, of its heads
    bool overview = true;   // one of all layers and heads, when there are several layers
    bool alone = false;     // one picture is all; its title need not tell which it is
    std::optional<PictureWords> words{};  // where they are not attention weights
};

// Token labels of queries and keys: one list a sequence, one list for all, or none.
struct PictureLabels {
    std::vector<std::vector<std::string>> queries;
    std::vector<std::vector<std::string>> keys;
};

// Takes a finished picture: its name in the output ("layer00/head03.png") and its bytes. Called
// from several threads.
using PictureWriter = std::function<void(const std::string& name, const std::string& bytes)>;

struct HeadName {
    std::size_t layer;
    std::size_t sequence;
    std::size_t head;
};
bool operator<(const HeadName& a, const HeadName& b);

class HeatmapDrawer {
  public:
    // `warn` is told which labels cannot be written well and, by finish(), where numbers do not fit
    // into their cells and were left out. Throws Error for fonts that are none, and
    // for labels to be cleaned where there are none.
    HeatmapDrawer(HeatmapOptions options, PictureChoice choice, PictureLabels labels,
                  PictureWriter write, const Warn& warn = nullptr);

    void begin_layer(const LayerShape& shape);

    // Where the cells of one head are gathered, by the size of picture that was asked for.
    analysis::CellPooling start_head() const;

    // Has the head drawn beside other work, or keeps it until the range of all is known. Threads
    // may call it at once.
    void add_head(const HeadName& name, analysis::CellGrid grid);

    // What sheets need of a head that was added, for another process; and there, where it was not
    // added and is not drawn alone.
    void save_head(const HeadName& name, ByteWriter& to) const;
    void restore_head(const HeadName& name, ByteReader& from);

    // Waits for the pictures of heads, and draws the sheets and what waited for the range of all;
    // `sheets`: false where another process does, or where more layers follow. The last call stands
    // after the last layer.
    void finish(bool sheets = true);

    // The heads as text for a terminal, at most `columns` characters wide; see render/terminal.hpp.
    std::string text(std::size_t columns, bool color) const;

  private:
    // A head as sheets and text show it: smaller than its own picture.
    struct SheetCells {
        analysis::CellGrid grid;
        render::ColorScale range;  // before anybody's limits
    };

    using SharedGrid = std::shared_ptr<const analysis::CellGrid>;

    // The cells that say how far the colours reach.
    MatrixView<const float> range_cells(const analysis::CellGrid& grid) const;
    bool leaves_out_first(const analysis::CellGrid& grid) const;
    render::ColorScale range_of(const analysis::CellGrid& grid) const;
    render::ColorScale joint_scale(const std::vector<HeadName>& heads) const;
    render::HeatmapStyle style(const render::ColorScale& scale, render::CellLayout layout,
                               std::size_t pool) const;
    render::HeatmapPanel panel(const HeadName& name, const analysis::CellGrid& grid,
                               std::string title) const;
    std::string title_of(const HeadName& name) const;
    void put_title(std::string& title, std::string& note) const;
    render::PictureFacts facts(const std::string& title, const std::string& what,
                               const render::ColorScale& scale) const;
    std::string format() const { return render::name_of(options_.print.format); }
    std::string note(std::size_t pool) const;
    std::function<void()> picture_of(const HeadName& name, const SharedGrid& grid,
                                     const render::ColorScale& scale) const;
    void draw_sheets() const;
    void draw_layer(std::size_t layer, std::size_t sequence) const;
    void draw_overview(std::size_t sequence) const;
    void draw_sheet(render::Sheet sheet, const std::vector<HeadName>& heads,
                    render::CellLayout layout, const std::string& file) const;
    void draw_waiting() const;

    HeatmapOptions options_;
    PictureChoice choice_;
    PictureLabels labels_;
    PictureWriter write_;
    Warn warn_;
    bool has_warned_ = false;
    render::Font font_;

    LayerShape shape_;
    analysis::CellWindow window_;
    render::CellLayout single_;  // of a head's own picture
    render::CellLayout sheet_;   // of a panel on the sheet of a layer
    std::vector<std::size_t> layers_;

    mutable LeftOutNumbers left_out_;
    mutable LeftOutNumbers left_out_of_sheets_;
    mutable std::mutex mutex_;
    std::map<HeadName, SheetCells> for_sheets_;
    std::map<HeadName, SharedGrid> waiting_;  // until the shared scale is known
    SideWork pictures_;                       // the last member: it reads the others
};

}  // namespace attn::results
