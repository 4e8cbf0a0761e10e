#include "results/left_out_numbers.hpp"

#include <algorithm>

#include "core/word_list.hpp"
#include "render/cell_numbers.hpp"

namespace attn::results {

void LeftOutNumbers::look_at(MatrixView<const float> cells, const render::HeatmapStyle& look) {
    if (!look.numbers || render::cell_number_size(cells, look) > 0) return;
    const std::size_t side = render::cell_side_for_numbers(cells, look);
    const std::lock_guard<std::mutex> lock(mutex_);
    rows_ = cells.rows;
    columns_ = cells.columns;
    pixels_ = look.layout.pixels;
    side_ = std::max(side_, side);
}

std::string LeftOutNumbers::warning(const std::string& pictures) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (side_ == 0) return "";
    return "--annotate: " + pictures + "drawn without numbers, which do not fit into the " +
           std::to_string(rows_) + " x " + std::to_string(columns_) + " cells of " +
           counted(pixels_, "pixel") + "; choose --cell " + std::to_string(side_) +
           ", or a part of the matrix with --queries A:B --keys A:B";
}

}  // namespace attn::results
