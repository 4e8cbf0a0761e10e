#include "pipeline/rollout_picture.hpp"

#include <algorithm>

#include "core/index_list.hpp"

namespace attn::pipeline {
namespace {

results::PictureChoice choice_of(const RolloutPictureFacts& facts) {
    const bool apart = !facts.heads.empty();
    results::PictureChoice choice;
    choice.heads = count_up(std::max<std::size_t>(facts.heads.size(), 1));
    choice.head_numbers = apart ? facts.heads : std::vector<std::size_t>{0};
    choice.sequences = facts.sequences;
    choice.batch = facts.batch;
    choice.single = !apart;
    choice.sheets = apart;
    choice.overview = false;
    choice.words = facts.words;
    return choice;
}

LayerShape shape_of(const RolloutPictureFacts& facts) {
    LayerShape shape;
    shape.sequences = facts.batch;
    shape.heads = std::max<std::size_t>(facts.heads.size(), 1);
    shape.queries = facts.rows;
    shape.keys = facts.columns;
    shape.block_rows = facts.rows;
    return shape;
}

}  // namespace

RolloutPicture::RolloutPicture(RolloutPictureFacts facts, const results::HeatmapOptions& options,
                               results::PictureWriter write, const Warn& warn)
    : facts_(std::move(facts)),
      shape_(shape_of(facts_)),
      drawer_(options, choice_of(facts_), facts_.labels, std::move(write), warn) {
    drawer_.begin_layer(shape_);
}

template <class T>
void RolloutPicture::add(std::size_t sequence, std::size_t head, const Matrix<T>& values) {
    std::vector<KeyRange> allowed(values.rows, KeyRange{0, values.columns});
    for (std::size_t row = 0; row < facts_.ends.size(); ++row) allowed[row].end = facts_.ends[row];
    Tile<T> tile;
    tile.layer = shape_.layer;
    tile.sequence = sequence;
    tile.head = head;
    tile.active = {0, values.columns};
    tile.allowed = allowed;
    tile.weights = values.view();
    analysis::CellPooling cells = drawer_.start_head();
    cells.add(tile);
    drawer_.add_head({shape_.layer, sequence, head}, cells.finish());
}

template void RolloutPicture::add(std::size_t, std::size_t, const Matrix<float>&);
template void RolloutPicture::add(std::size_t, std::size_t, const Matrix<double>&);

std::vector<std::vector<std::string>> labels_of_lines(
    const std::vector<std::vector<std::string>>& all, const std::vector<std::size_t>& lines,
    std::size_t count) {
    if (lines.size() == count) return all;
    std::vector<std::vector<std::string>> chosen;
    for (const std::vector<std::string>& list : all) {
        chosen.emplace_back();
        for (const std::size_t line : lines) chosen.back().push_back(list[line]);
    }
    if (!chosen.empty()) return chosen;
    chosen.emplace_back();
    for (const std::size_t line : lines) chosen.back().push_back(std::to_string(line));
    return chosen;
}

}  // namespace attn::pipeline
