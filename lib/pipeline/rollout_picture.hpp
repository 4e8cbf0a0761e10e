// The picture of a rollout: targets down, what they are made of across.
#pragma once

#include <cstddef>
#include <vector>

#include "core/matrix.hpp"
#include "results/heatmap_drawer.hpp"

namespace attn::pipeline {

struct RolloutPictureFacts {
    results::PictureWords words;
    results::PictureLabels labels;       // of the rows and columns that are drawn
    std::vector<std::size_t> sequences;  // that are drawn
    std::size_t batch = 1;               // that there are
    // What heads that are kept apart are called: a sheet of them; empty: one picture.
    std::vector<std::size_t> heads;
    std::size_t rows = 0;
    std::size_t columns = 0;
    // For each row the key behind which nothing can be; empty: nothing is masked.
    std::vector<std::size_t> ends;
};

class RolloutPicture {
  public:
    // `write` takes the files. Throws Error as HeatmapDrawer does.
    RolloutPicture(RolloutPictureFacts facts, const results::HeatmapOptions& options,
                   results::PictureWriter write, const Warn& warn);

    // [rows, columns] of one head by its place. T is float or double.
    template <class T>
    void add(std::size_t sequence, std::size_t head, const Matrix<T>& values);

    // When all were added.
    void finish() { drawer_.finish(); }

  private:
    RolloutPictureFacts facts_;
    LayerShape shape_;
    results::HeatmapDrawer drawer_;
};

// The labels of these lines among all; where there are no labels and not all lines are drawn, their
// numbers.
std::vector<std::vector<std::string>> labels_of_lines(
    const std::vector<std::vector<std::string>>& all, const std::vector<std::size_t>& lines,
    std::size_t count);

}  // namespace attn::pipeline
